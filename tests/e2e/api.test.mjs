// cpu1.js as a program uses it, in a real page.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fixture, inPage as run, openBlank } from "./support/api.mjs";
import { SEEDED, digest } from "./support/digests.mjs";
import { failingModel, scriptedModel } from "./support/scripted.mjs";
import { temporary } from "./support/site.mjs";
import { serve } from "../tools/serve.mjs";

/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/**
 * Runs the body of an async function in a page of its own, where `CPU1` is the API, `load()` loads the embedded
 * model, and `codeOf(promise)` resolves to the code it fails with.
 *
 * @param {TestContext} t
 * @param {string} body returns something that JSON can carry
 * @param {PageOptions} [options]
 * @returns {Promise<any>}
 */
async function inPage(t, body, options) {
  const { page } = await openBlank(t, options);
  return run(
    page,
    `const load = (options) => CPU1.load("/models/cpu1-rust-docs.pt", options);
    const codeOf = (promise) => promise.then(
      () => "none",
      (error) => {
        if (!(error instanceof CPU1.Error)) return String(error);
        return /^[A-Z“].*\\.$/.test(error.message) ? error.code : "no sentence: " + error.message;
      },
    );
    ${body}`,
  );
}

test("a model tells what it is, and writes what was asked for", async (t) => {
  const { info, bytes, text, stats, again } = await inPage(
    t,
    `const model = await load({ threads: 2 });
     const options = { maxBytes: 200, seed: 7n, temperature: 0.9, topK: 40, topP: 0.9, minP: 0.01, repetitionPenalty: 1.1 };
     const write = async () => {
       const chunks = [];
       for await (const chunk of model.generate("Ownership is", options)) chunks.push(chunk);
       return chunks;
     };
     const chunks = await write();
     const repeated = await write();
     return {
       info: model.info,
       bytes: chunks.flatMap((chunk) => [...chunk.bytes]),
       again: repeated.flatMap((chunk) => [...chunk.bytes]),
       text: chunks.map((chunk) => chunk.text).join(""),
       stats: chunks.at(-1).stats,
     };`,
  );
  assert.equal(info.run, "run_14");
  assert.equal(info.parameters, 10_693_370);
  assert.equal(info.threads, 2);
  assert.equal(info.config.d_model, 320);
  assert.equal(bytes.length, 200);
  assert.deepEqual(again, bytes);
  assert.equal(text, new TextDecoder().decode(Uint8Array.from(bytes)));
  assert.equal(stats.bytes, 200);
  assert.equal(stats.promptPatches, 3);
  assert.ok(stats.seconds > 0 && stats.bytesPerSecond > 0 && stats.deletedPatches <= stats.patches);
});

/** In a page: what `SEEDED` asks for. */
const WRITE_SEEDED = `const seeded = async (model) => {
  const chunks = [];
  for await (const chunk of model.generate("${SEEDED.prompt}", ${JSON.stringify(SEEDED.options)})) chunks.push(chunk);
  return { bytes: chunks.flatMap((chunk) => [...chunk.bytes]), threads: [...new Set(chunks.map(({ stats }) => stats.threads))] };
};`;

test("without relaxed SIMD the other file runs, and writes the same bytes", async (t) => {
  const { kernel, bytes } = await inPage(t, `${WRITE_SEEDED} const model = await load(); return { kernel: model.info.kernel, ...(await seeded(model)) };`, {
    before: async (page) => {
      await page.route("**/engine.js", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `WebAssembly.validate = () => false;\n${await response.text()}` });
      });
    },
  });
  assert.equal(kernel, "simd128");
  assert.equal(digest(bytes), SEEDED.digest);
});

test("a trace tells what the model expected, and changes no byte", async (t) => {
  const { plain, bytes, symbols, patches, scored, untraced } = await inPage(
    t,
    `const model = await load();
     const options = { maxBytes: 60, seed: 7 };
     const plain = [];
     for await (const chunk of model.generate("Ownership is", options)) {
       plain.push(...chunk.bytes);
       if (chunk.trace) throw new Error("nobody asked for a trace");
     }
     const [bytes, symbols, patches] = [[], [], []];
     for await (const { bytes: some, trace } of model.generate("Ownership is", { ...options, trace: true })) {
       bytes.push(...some);
       symbols.push(...trace.symbols);
       patches.push(...trace.patches);
     }
     const text = new Uint8Array([...new TextEncoder().encode("Ownership is"), ...bytes]);
     const scored = await model.score(text, { trace: true });
     const list = (symbol) => ({ ...symbol, bytes: [...symbol.bytes] });
     return { plain, bytes, symbols: symbols.map(list), patches, scored: { ...scored, trace: scored.trace.symbols.map(list) }, untraced: (await model.score(text)).trace === undefined };`,
  );
  assert.ok(untraced);
  assert.deepEqual(bytes, plain);
  assert.deepEqual(symbols.map((/** @type {{ bytes: number[] }} */ { bytes: said }) => said[0]), bytes);
  for (const { bits, alternatives } of symbols) {
    assert.equal(alternatives.length, 5);
    assert.ok(bits >= -1e-4 && alternatives.every((/** @type {{ probability: number }} */ { probability }) => probability > 0 && probability <= 1));
  }
  // The same by forced decoding.
  assert.deepEqual(scored.trace.slice(-60).map((/** @type {{ bits: number }} */ { bits }) => bits), symbols.map((/** @type {{ bits: number }} */ { bits }) => bits));
  assert.deepEqual(scored.perByte.slice(-60), symbols.map((/** @type {{ bits: number }} */ { bits }) => bits));
  assert.deepEqual(patches.map((/** @type {{ start: number }} */ { start }) => start), patches.map((/** @type {unknown} */ _, /** @type {number} */ i) => 4 * i));
  for (const { start, deleted, deletion, boundary, attention, forget } of patches) {
    // A gate that is sure says 1, or 0.
    assert.ok(deletion >= 0 && deletion <= 1 && boundary.length === 4 && attention.length === 4);
    assert.equal(deleted, start > 0 && deletion > 0.5);
    assert.equal(forget.length, deleted ? 4 : 8);
  }
  assert.ok(patches.some((/** @type {{ deleted: boolean }} */ { deleted }) => deleted));
});

test("progress is told while loading", async (t) => {
  const seen = await inPage(t, `const seen = []; await load({ onProgress: (progress) => seen.push(progress) }); return seen;`);
  for (const phase of ["fetch", "unpack"]) {
    const steps = seen.filter((/** @type {{ phase: string }} */ step) => step.phase === phase);
    const last = steps.at(-1);
    assert.ok(steps.length > 1 && last.loaded === last.total && last.total > 2e6, phase);
  }
});

test("a model comes from an address, a file or bytes", async (t) => {
  const runs = await inPage(
    t,
    `const blob = await (await fetch("/models/cpu1-rust-docs.pt")).blob();
     const sources = [CPU1.EMBEDDED, new URL(CPU1.EMBEDDED), blob, new Uint8Array(await blob.arrayBuffer())];
     const runs = [];
     for (const source of sources) {
       const model = await CPU1.load(source);
       runs.push(model.info.run);
       model.dispose();
     }
     return runs;`,
  );
  assert.deepEqual(runs, Array(4).fill("run_14"));
});

test("a text is scored", async (t) => {
  const { score, worse, code } = await inPage(
    t,
    `const model = await load();
     const score = await model.score("The borrow checker makes sure that references are valid.");
     const worse = await model.score(Uint8Array.from({ length: 60 }, (_, i) => (i * 97) & 255));
     return { score, worse, code: await codeOf(model.score("abc")) };`,
  );
  assert.equal(score.bytes, 52);
  assert.equal(score.perByte.length, 52);
  assert.ok(score.bitsPerByte > 0 && score.bitsPerByte < worse.bitsPerByte);
  assert.equal(code, "text");
});

test("any bytes are a prompt, and nothing is one too", async (t) => {
  const lengths = await inPage(
    t,
    `const model = await load();
     const lengths = [];
     for (const prompt of ["", "a", "ab\\ud800", Uint8Array.of(0xff, 0xfe, 0x80, 0, 0xc3), new Uint8Array(4095)]) {
       let length = 0;
       for await (const { bytes } of model.generate(prompt, { maxBytes: 9 })) length += bytes.length;
       lengths.push(length);
     }
     return lengths;`,
  );
  assert.deepEqual(lengths, [9, 9, 9, 9, 9]);
});

test("a character that the prompt began is completed", async (t) => {
  const text = await inPage(
    t,
    `const model = await load();
     let text = "";
     for await (const chunk of model.generate(Uint8Array.of(0x41, 0xf0, 0x9f), {})) text += chunk.text;
     return text;`,
    { before: (page) => scriptedModel(page, [0xa6, 0x80, 0x21, 0xef, 0xbb, 0xbf, 0x2e, 0xc3]) },
  );
  assert.equal(text, "🦀!\ufeff.\ufffd".replace("🦀", String.fromCodePoint(0x1f980)));
});

test("a loop that is left, a signal, and a second caller", async (t) => {
  const result = await inPage(
    t,
    `const model = await load();
     const long = { maxBytes: 1_000_000 };
     for await (const { bytes } of model.generate("fn", long)) if (bytes.length > 0) break;
     const afterBreak = await codeOf(model.generate("fn", { maxBytes: 8 }).next());

     const model2 = await load();
     const running = model2.generate("fn", long);
     await running.next();
     const busy = [await codeOf(model2.generate("x").next()), await codeOf(model2.score("some text"))];
     await running.return();

     const controller = new AbortController();
     const aborted = await codeOf((async () => {
       for await (const { bytes } of model2.generate("fn", { ...long, signal: controller.signal })) {
         if (bytes.length > 0) controller.abort();
       }
     })());
     const before = await codeOf(model2.generate("fn", { signal: AbortSignal.abort() }).next());
     const after = await codeOf(model2.generate("fn", { maxBytes: 8 }).next());
     return { afterBreak, busy, aborted, before, after };`,
  );
  assert.deepEqual(result, { afterBreak: "none", busy: ["busy", "busy"], aborted: "aborted", before: "aborted", after: "none" });
});

test("what is out of range gets its code", async (t) => {
  const codes = await inPage(
    t,
    `const model = await load();
     const absurd = [{ temperature: NaN }, { temperature: Infinity }, { temperature: -1 }, { maxBytes: 0 }, { maxBytes: 1e12 },
       { topK: 1.5 }, { topP: 0 }, { minP: 2 }, { repetitionPenalty: 0 }, { seed: -1 }, { seed: 0.5 }, { seed: 2n ** 64n }, { seed: "x" }];
     const codes = [];
     for (const options of absurd) codes.push(await codeOf(model.generate("x", options).next()));
     codes.push(await codeOf(model.generate("x".repeat(65537)).next()));
     codes.push(await codeOf(load({ threads: 0 })), await codeOf(load({ threads: 1.5 })));
     codes.push(await codeOf(model.generate("x").next()));
     return codes;`,
  );
  assert.deepEqual(codes, [...Array(13).fill("settings"), "prompt", "settings", "settings", "none"]);
});

test("loading can be given up, and a model too", async (t) => {
  const codes = await inPage(
    t,
    `const controller = new AbortController();
     const codes = [
       await codeOf(load({ signal: AbortSignal.abort() })),
       await codeOf(load({ signal: controller.signal, onProgress: () => controller.abort() })),
     ];
     const model = await load();
     const running = model.generate("fn", { maxBytes: 1_000_000 });
     await running.next();
     model.dispose();
     codes.push(await codeOf((async () => { for await (const _ of running); })()));
     codes.push(await codeOf(model.generate("fn").next()), await codeOf(model.score("some text")));
     return codes;`,
  );
  assert.deepEqual(codes, ["aborted", "aborted", "disposed", "disposed", "disposed"]);
});

test("a search for other readings is stopped by its signal", async (t) => {
  const code = await inPage(
    t,
    `const controller = new AbortController();
     return codeOf(CPU1.probe("embedded", { signal: controller.signal, onProgress: ({ phase }) => phase === "probe" && controller.abort() }));`,
  );
  assert.equal(code, "aborted");
});

test("bad sources get their code", async (t) => {
  const codes = await inPage(
    t,
    `const codes = [];
     for (const source of ["nowhere.pt", "http://", "http://127.0.0.1:9/x.pt", new Uint8Array(), new Blob(["hello"]), "/index.html"]) {
       codes.push(await codeOf(CPU1.load(source)));
     }
     codes.push(await codeOf(load({ names: { "embed.bytes.weight": "nothing.of.this.name" } })));
     return codes;`,
    { allow: [/404/, /ERR_/] },
  );
  assert.deepEqual(codes, ["network", "network", "network", "format", "format", "format", "names"]);
});

test("names that say nothing are listed, and a name map settles them", async (t) => {
  const files = ["run_14.unpacked", "ambiguous"].map((name) => fixture(name).toString("base64"));
  const names = readFileSync(new URL("../fixtures/ambiguous.json", import.meta.url), "utf8");
  const { original, error, settled } = await inPage(
    t,
    `const [original, foreign] = ${JSON.stringify(files)}.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt()));
     const write = async (file, names) => {
       const model = await CPU1.load(file, { names });
       return { bytes: await bytesOf(model), forget: model.info.report.decisions.find(({ role }) => role === "blocks.0.mixer.forget.weight") };
     };
     const error = await write(foreign).catch(({ code, message, details }) => ({ code, message, details }));
     return { original: await write(original), error, settled: await write(foreign, ${names}) };`,
  );
  assert.equal(error.code, "names");
  assert.match(error.message, /^More than one tensor of the file fits .*\.$/);
  const { role, expected, candidates, unused } = error.details;
  assert.deepEqual([role, expected], ["blocks.0.mixer.forget.weight", [24, 24]]);
  const listed = candidates.map((/** @type {[string, number[]]} */ [name]) => name).sort();
  assert.deepEqual(listed, ["blocks.0.t0.weight", "blocks.0.t1.weight"]);
  assert.ok(unused.length > 0);
  assert.deepEqual(settled.bytes, original.bytes);
  assert.deepEqual([original, settled].map(({ forget }) => forget.tensor), ["blocks.0.mixer.forget.weight", "blocks.0.t0.weight"]);
});

test("a fault of the program ends the models of its worker, and the next is loaded anew", async (t) => {
  const codes = await inPage(
    t,
    `const [model, other] = await Promise.all([load(), load()]);
     const codes = [await codeOf(model.generate("x").next())];
     for (const ended of [model, other]) codes.push(await codeOf(ended.score("some text")));
     return [...codes, await codeOf(load())];`,
    { before: (page) => failingModel(page) },
  );
  assert.deepEqual(codes, ["internal", "internal", "internal", "none"]);
});

for (const file of ["worker/worker.js", "pkg/cpu1.js", "pkg/cpu1_relaxed.wasm"]) {
  test(`${file} is missing`, async (t) => {
    const code = await inPage(t, "return codeOf(load());", {
      allow: [/404/, /request failed: .*ERR_BLOCKED_BY_RESPONSE/],
      before: async (page) => {
        await page.route(`**/${file}`, (route) => route.fulfill({ status: 404 }));
      },
    });
    assert.equal(code, "network");
  });
}

test("without its helpers the model writes the same, alone", async (t) => {
  const root = temporary(t);
  cpSync(WWW, root, { recursive: true, filter: (path) => !/node_modules|_step|helper\.js$/.test(path) });
  const { bytes, threads } = await inPage(t, `${WRITE_SEEDED} return seeded(await load({ threads: 3 }));`, { root, allow: [/helper\.js/] });
  assert.deepEqual([digest(bytes), threads], [SEEDED.digest, [1]]);
});

test("a page that is isolated has threads, also with the script of another origin", async (t) => {
  const far = await serve({ open: /./ });
  t.after(far.close);
  for (const origin of ["", far.origin]) {
    const threads = await inPage(
      t,
      `const there = await import("${origin}/cpu1.js");
       const model = await there.CPU1.load("embedded", { threads: 3 });
       const seen = new Set();
       for await (const { stats } of model.generate("x", { maxBytes: 40, steady: true })) seen.add(stats.threads);
       return [...seen];`,
    );
    assert.deepEqual(threads, [3], origin);
  }
});

test("several models write in turn, and one that is loaded twice is there once", async (t) => {
  const { page } = await openBlank(t);
  const script = `
    const progress = [];
    const sources = ["embedded", "embedded", CPU1.EMBEDDED];
    const models = await Promise.all(sources.map((source, i) => CPU1.load(source, { threads: 1, onProgress: () => progress.push(i) })));
    models.push(await CPU1.load(await (await fetch(CPU1.EMBEDDED)).arrayBuffer(), { threads: 1 }));
    const order = [];
    const write = async (model, i) => {
      let text = "";
      for await (const chunk of model.generate("Ownership is", { maxBytes: 600, seed: 3 })) {
        if (chunk.bytes.length > 0 && order.at(-1) !== i) order.push(i);
        text += chunk.text;
      }
      return text;
    };
    const texts = await Promise.all(models.map(write));
    models[0].dispose();
    models[0].dispose();
    models[3].dispose();
    const after = await write(models[1], 1);
    return { texts, after, turns: order.length, heard: [...new Set(progress)].sort() };`;
  const fetched = /** @type {string[]} */ ([]);
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  const { texts, after, turns, heard } = await run(page, script);
  assert.equal(new Set([...texts, after]).size, 1);
  assert.ok(turns > 4, `${turns} turns`);
  assert.deepEqual(heard, [0, 1, 2]);
  assert.equal(page.workers().length, 1);
  assert.equal(fetched.filter((path) => path.endsWith(".pt")).length, 2, "one for the three, one by the test");
});

test("one who gives up a shared loading leaves it to the others", async (t) => {
  const codes = await inPage(
    t,
    `const stop = new AbortController();
     const both = [load({ signal: stop.signal, onProgress: () => stop.abort() }), load()];
     const codes = [await codeOf(both[0]), await codeOf(both[1])];
     const model = await both[1];
     codes.push(await codeOf(model.score("some text")));
     const other = new AbortController();
     codes.push(await codeOf(CPU1.load(new Blob(["x".repeat(1000)]), { signal: other.signal, onProgress: () => other.abort() })));
     codes.push(await codeOf(load({ threads: 2, onProgress: () => { throw new Error("theirs"); } })));
     codes.push(await codeOf(CPU1.load("run_99")), await codeOf(model.score("some text")));
     return codes;`,
  );
  assert.deepEqual(codes, ["aborted", "none", "none", "format", "Error: theirs", "network", "none"]);
});
