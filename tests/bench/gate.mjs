// What the DeleteGate of the embedded model saves in a browser: `./build.sh bench gate [--write]`. The model beside
// itself with the gate off, in turn in one page: reading held-out text, as scoring does, and writing on from its
// chapters. Prints a table of medians; --write also puts it into the model's card.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { FLAGS, chromiumPath } from "../e2e/support/chromium.mjs";
import { median, spread, table, writeTable } from "../tools/readme.mjs";
import { serve } from "../tools/serve.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FILES = join(ROOT, "target/bench");
const ROUNDS = 7;
/** Bytes of the held-out text that are read, and that are written after it, in a round. */
const READ = 2 ** 16;
const WRITTEN = 2 ** 13;

mkdirSync(FILES, { recursive: true });
const shipped = join(ROOT, "www/models/cpu1-rust-docs.pt");
execFileSync(process.env.PYTHON ?? "python3", [join(ROOT, "tests/reference/export.py"), shipped, join(FILES, "without_gate.pt"), "--without-gate"], { stdio: "inherit" });
const heldOut = readFileSync(join(ROOT, "tests/reference/data/heldout.txt")).subarray(0, READ).toString("latin1");

const server = await serve({ root: join(ROOT, "www"), also: { "/data/": FILES } });
const browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
try {
  const rows = [];
  for (const count of [1, 2].filter((threads) => threads <= cpus().length)) rows.push(...(await measure(count)));
  report(rows);
} finally {
  await browser.close();
  await server.close();
}

/** @typedef {{ what: string, threads: number, off: number[], on: number[], deleted: number }} Row rates in bytes a second */

/** @param {number} count of threads @returns {Promise<Row[]>} */
async function measure(count) {
  const page = await browser.newPage();
  try {
    await page.goto(`${server.origin}/bench.html`);
    return await page.evaluate(
      async ({ threads, text, rounds, written }) => {
        const address = new URL("cpu1.js", location.href).href;
        const { CPU1 } = /** @type {typeof import("../../www/cpu1.js")} */ (await import(address));
        const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
        const models = [await CPU1.load("/data/without_gate.pt", { threads, cache: false }), await CPU1.load("embedded", { threads, cache: false })];
        const read = models.map(() => /** @type {number[]} */ ([]));
        const wrote = models.map(() => /** @type {number[]} */ ([]));
        let [patches, deleted] = [0, 0];
        for (let round = -1; round < rounds; round += 1) {
          for (const [i, model] of models.entries()) {
            const began = performance.now();
            await model.score(bytes);
            const between = performance.now();
            let stats;
            for await (const chunk of model.generate(bytes.subarray(round * 200 + 200, round * 200 + 400), { maxBytes: written, temperature: 0.7, topP: 0.9, seed: round + 2, steady: true })) stats = chunk.stats;
            if (round < 0) continue; // until the code is optimised
            read[i]?.push((1000 * bytes.length) / (between - began));
            wrote[i]?.push((1000 * written) / (performance.now() - between));
            if (i === 1 && stats) [patches, deleted] = [patches + stats.patches, deleted + stats.deletedPatches];
          }
        }
        const [off = [], on = []] = read;
        const [offWrote = [], onWrote = []] = wrote;
        let gone = 0;
        const { trace } = /** @type {{ trace: any }} */ (await /** @type {any} */ (models[1]).score(bytes, { trace: true }));
        for (const patch of trace.patches) gone += patch.deleted ? 1 : 0;
        return [
          { what: "reading", threads, off, on, deleted: gone / trace.patches.length },
          { what: "writing", threads, off: offWrote, on: onWrote, deleted: deleted / patches },
        ];
      },
      { threads: count, text: heldOut, rounds: ROUNDS, written: WRITTEN },
    );
  } finally {
    await page.close();
  }
}

/** @param {Row[]} rows */
function report(rows) {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Chromium ${browser.version()}; medians of ${ROUNDS} rounds in turn (extremes).`;
  const lines = rows.map(({ what, threads, off, on, deleted }) => {
    const gain = median(on.map((rate, i) => rate / (off[i] ?? NaN))) - 1;
    return [what, String(threads), `${(100 * deleted).toFixed(0)} %`, spread(off), spread(on), `${(100 * gain).toFixed(0)} %`];
  });
  const figures = table(["", "threads", "deleted", "gate off, bytes/s", "as it ships, bytes/s", "faster by"], lines);
  writeTable("gate", `\n${machine}\n\n${figures}\n`, process.argv.includes("--write"));
}
