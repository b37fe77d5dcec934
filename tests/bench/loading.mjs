// What loading a model of full size costs, in a real browser against the stand-in Hub: `./build.sh
// bench loading`. The files are random weights that PyTorch writes, once, into target/bench/.
// Prints a table; with --write also puts it into the README.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { FLAGS, chromiumPath } from "../e2e/support/chromium.mjs";
import { standIn } from "../e2e/support/hub.mjs";
import { median, table, writeTable } from "../tools/readme.mjs";
import { serve } from "../tools/serve.mjs";

/** @import { BrowserContext } from "playwright-core" */
/** @import { TestContext } from "node:test" */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CASES = [
  ["run_07", "unpacked"],
  ["run_07", "compact"],
  ["run_07", "step"],
  ["run_02", "unpacked"],
  ["run_14", "unpacked"],
];
const ROUNDS = 3;
const MB = 1e6;

/** @type {string[][]} */
const rows = [];

for (const [run = "", flavour = ""] of CASES) {
  test(`${run}, ${flavour}`, { timeout: 600_000 }, async (t) => {
    const file = readFileSync(checkpoint(run, flavour));
    const name = `someone/models/${run}/${flavour}.pt`;
    const hub = await standIn(t, { [name]: file });
    const url = `${hub.origin}/someone/models/resolve/main/${run}/${flavour}.pt`;
    const first = await visitTwice(t, url, hub);
    const rounds = [first];
    while (rounds.length < ROUNDS) rounds.push(await visitTwice(t, url, hub));
    const { info, fetched, requests } = first;
    for (const round of rounds) {
      assert.equal(round.again.requests, 0, "the second visit asks for nothing");
      assert.equal(round.again.state, "hit");
    }
    const beyond = (info.memoryBytes - info.packedBytes) / MB;
    const middle = (/** @type {(round: typeof first) => number} */ of) => median(rounds.map(of));
    rows.push([
      `${run}, ${flavour}`,
      mb(file.length),
      `${mb(fetched)} in ${requests} requests`,
      mb(info.packedBytes),
      `${middle((r) => r.seconds).toFixed(2)} s`,
      `${middle((r) => r.again.seconds).toFixed(2)} s`,
      `${mb(info.memoryBytes)} (${beyond.toFixed(0)} beyond the model)`,
      `${middle((r) => r.peak).toFixed(0)} (${middle((r) => r.empty).toFixed(0)} empty)`,
    ]);
  });
}

test("the table", () => {
  const head = ["file", "MB", "MB fetched", "MB packed", "first visit", "second visit", "MB of wasm memory", "MB of the tab, peak"];
  writeTable("loading", table(head, rows), process.env.WRITE === "1");
});

/**
 * A checkpoint of random weights, written if it is not there yet.
 *
 * @param {string} run
 * @param {string} flavour
 */
function checkpoint(run, flavour) {
  const path = join(ROOT, "target/bench", `${run}.${flavour}.pt`);
  if (!existsSync(path)) {
    const script = join(ROOT, "tests/reference/write_full_size.py");
    execFileSync(process.env.PYTHON ?? "python3", [script, run, flavour, path], { stdio: "inherit" });
  }
  return path;
}

/**
 * Loads a model in a browser of its own that has never seen it, and again on a second page.
 *
 * @param {TestContext} t
 * @param {string} url
 * @param {{ sent: () => number, requests: string[], ranges: (string | undefined)[] }} hub
 */
async function visitTwice(t, url, hub) {
  const server = await serve({ isolated: true });
  const profile = mkdtempSync(join(tmpdir(), "cpu1-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath(), args: FLAGS });
  t.after(() => rmSync(profile, { recursive: true, force: true }));
  const before = [hub.sent(), hub.ranges.length];
  const first = await visit(context, server.origin, url);
  const fetched = hub.sent() - (before[0] ?? 0);
  const requests = hub.ranges.length - (before[1] ?? 0);
  const asked = hub.requests.length;
  const again = await visit(context, server.origin, url);
  const result = { ...first, fetched, requests, again: { seconds: again.seconds, state: again.info.cache.state, requests: hub.requests.length - asked } };
  await context.close();
  await server.close();
  return result;
}

/**
 * @param {BrowserContext} context
 * @param {string} origin
 * @param {string} url
 * @returns {Promise<{ seconds: number, info: any, empty: number, peak: number }>}
 */
async function visit(context, origin, url) {
  const page = await context.newPage();
  await page.goto(`${origin}/catalog.json`);
  const empty = peakOfTabs();
  const result = await page.evaluate(async (source) => {
    const began = performance.now();
    const { CPU1 } = await import(/** @type {any} */ ("/cpu1.js"));
    const model = await CPU1.load(source, { threads: 1 });
    return { seconds: (performance.now() - began) / 1000, info: { ...model.info, memoryBytes: model.info.memoryBytes } };
  }, url);
  const peak = peakOfTabs();
  await page.close();
  return { ...result, empty, peak };
}

/** The largest resident set that a renderer process has had so far, in MB; NaN where /proc does not tell. */
function peakOfTabs() {
  if (!existsSync("/proc/self/status")) return NaN;
  const peaks = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) return 0;
        return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      } catch {
        return 0; // it ended meanwhile
      }
    });
  return (Math.max(...peaks) * 1024) / MB;
}

/** @param {number} bytes */
function mb(bytes) {
  return (bytes / MB).toFixed(1);
}
