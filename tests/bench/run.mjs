// How fast we decode, and others beside us: `./build.sh bench [--rounds N] [--write]`.
//
// Every case is measured once a round, in a browser page or process of its own, and all take turns:
// a machine that slows down slows all of them. Prints tables of medians with the extremes; --write
// also puts them into README.md and tests/bench/README.md. Ours are runs of full size with random weights, which PyTorch
// writes once into target/bench/; the others have the backbone of run_07 in their own formats.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { FLAGS, chromiumPath } from "../e2e/support/chromium.mjs";
import { median, spread, table, writeTable } from "../tools/readme.mjs";
import { serve } from "../tools/serve.mjs";
import { GGUF_HIDDEN, gguf } from "./gguf.mjs";
import { onnx } from "./onnx.mjs";
import { HIDDEN, LAYERS, WIDTH, weights } from "./shape.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FILES = join(ROOT, "target/bench");
const PROMPT = "Ownership is the";
const LIMIT = 120_000;

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} url of the page that sets `window.bench`
 * @property {Record<string, unknown>} load what the page is asked for
 * @property {number} steps
 * @property {number} weights read in a step of the backbone
 * @property {boolean} ours
 *
 * @typedef {object} Figures of one case in one round
 * @property {number} rate steps a second
 * @property {number} first milliseconds to the first step of a loaded model
 * @property {number} prefill patches of the prompt a second
 * @property {number} memory MB of wasm memory
 */

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, write: { type: "boolean", default: false } },
});
const threadCounts = [1, 2, 4, 8].filter((threads) => threads <= cpus().length);
/** @type {string[]} */
const skipped = [];

const server = await serve({ root: join(ROOT, "www"), also: { "/npm/": join(ROOT, "tests/bench/node_modules"), "/engines/": join(ROOT, "tests/bench/engines"), "/data/": FILES } });
const browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
try {
  await main();
} finally {
  await browser.close();
  await server.close();
}

async function main() {
  mkdirSync(FILES, { recursive: true });
  const cases = [...ourCases(), ...peerCases()];
  /** @type {Map<Case, Figures[]>} */
  const results = new Map(cases.map((each) => [each, []]));
  /** @type {Map<string, number[]>} */
  const native = new Map();
  /** @type {Map<string, number[][]>} */
  const kernels = new Map();
  for (let round = 0; round < Number(options.rounds); round += 1) {
    process.stdout.write(`round ${round + 1} of ${options.rounds} `);
    for (const each of cases) {
      process.stdout.write(".");
      const figures = await measure(each).catch((error) => void skip(each.name, String(error.message ?? error)));
      if (figures) results.get(each)?.push(figures);
    }
    for (const [name, rate] of nativeRates()) native.set(name, [...(native.get(name) ?? []), rate]);
    for (const { name, rate, roof } of await kernelRates()) kernels.set(name, [...(kernels.get(name) ?? []), [rate, roof]]);
    console.log();
  }
  report(results, native, kernels);
}

/** @returns {Case[]} */
function ourCases() {
  /** @type {[run: string, variants: string[], steps: number][]} */
  const runs = [
    ["run_07", ["relaxed", "plain"], 600],
    ["run_14", ["relaxed", "plain"], 2000],
    ["run_03", ["relaxed"], 150],
  ];
  return runs.flatMap(([run, variants, steps]) => {
    const file = checkpoint(run);
    if (file === undefined) return [];
    return variants.flatMap((simd) =>
      threadCounts.map((threads) => ({
        name: `${run}, ${simd} SIMD, ${plural(threads, "thread")}`,
        url: "/bench.html",
        load: { model: `/data/${file}`, threads, simd },
        steps,
        weights: weights(),
        ours: true,
      })),
    );
  });
}

/** A checkpoint of random weights, written if it is not there yet. @param {string} run */
function checkpoint(run) {
  const name = `${run}.compact.pt`;
  if (existsSync(join(FILES, name))) return name;
  try {
    execFileSync(python(), [join(ROOT, "tests/reference/write_full_size.py"), run, "compact", join(FILES, name)], { stdio: "inherit" });
    return name;
  } catch {
    skip(run, "its file is written by Python with PyTorch: set PYTHON to one that has it");
    return undefined;
  }
}

/** @returns {Case[]} */
function peerCases() {
  write("peer.onnx", onnx);
  write("peer.gguf", gguf);
  return threadCounts.slice(0, 2).flatMap((threads) => [
    { name: `onnxruntime-web, int8, ${plural(threads, "thread")}`, url: "/engines/?engine=ort", load: { model: "/data/peer.onnx", threads }, steps: 150, weights: weights(), ours: false },
    { name: `wllama, TQ2_0, ${plural(threads, "thread")}`, url: "/engines/?engine=wllama", load: { model: "/data/peer.gguf", threads }, steps: 100, weights: weights(GGUF_HIDDEN), ours: false },
  ]);
}

/** @param {string} name @param {() => Buffer} make */
function write(name, make) {
  const path = join(FILES, name);
  if (existsSync(path)) return;
  writeFileSync(`${path}.part`, make());
  renameSync(`${path}.part`, path);
}

/**
 * @param {Case} each
 * @returns {Promise<Figures>}
 */
async function measure({ url, load, steps, ours }) {
  const context = await browser.newContext();
  const timer = setTimeout(() => context.close(), LIMIT);
  try {
    const page = await context.newPage();
    await page.goto(server.origin + url);
    await page.waitForFunction(() => "bench" in window);
    return await page.evaluate(
      async (task) => {
        const { bench } = /** @type {any} */ (window);
        await bench.load(task.load);
        const work = { prompt: task.prompt, promptTokens: task.prompt.length };
        await bench.generate({ ...work, steps: task.steps }); // until the code is optimised
        const { steps: done, ms, ttft_ms: first } = await bench.generate({ ...work, steps: task.steps });
        const prefill = task.ours ? await bench.prefill() : NaN;
        return { rate: (1000 * done) / ms, first, prefill, memory: task.ours ? bench.memory / 1e6 : NaN };
      },
      { load, steps, prompt: PROMPT, ours },
    );
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

/** Weights a nanosecond of each kernel, and of its instruction alone. */
async function kernelRates() {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${server.origin}/bench.html`);
    await page.waitForFunction(() => "bench" in window);
    const rates = await page.evaluate(() => /** @type {any} */ (window).bench.kernels());
    return rates.map((/** @type {any} */ { name, weightsPerNs, roofline }) => ({ name, rate: weightsPerNs, roof: roofline }));
  } finally {
    await context.close();
  }
}

/** Steps a second of what runs outside browsers, where it is there. @returns {[string, number][]} */
function nativeRates() {
  return threadCounts.slice(0, 2).flatMap((threads) => {
    /** @type {[string, number][]} */
    const rates = [];
    const script = [LAYERS, WIDTH, HIDDEN, threads].map(String);
    const torch = output(python(), [join(ROOT, "tests/bench/pytorch.py"), ...script]);
    if (torch === undefined) skip("PyTorch", "there is no Python with PyTorch: set PYTHON to one");
    else rates.push([`PyTorch, BitLinear, native, ${plural(threads, "thread")}`, Number(torch.split(" ")[0])]);
    const llama = output(process.env.LLAMA_BENCH ?? "llama-bench", ["-m", join(FILES, "peer.gguf"), "-p", "0", "-n", "128", "-t", String(threads), "-o", "json"]);
    if (llama === undefined) skip("llama.cpp", "there is no llama-bench: put it on PATH or set LLAMA_BENCH");
    else rates.push([`llama.cpp, TQ2_0, native, ${plural(threads, "thread")}`, (JSON.parse(llama)[0].avg_ts * weights(GGUF_HIDDEN)) / weights()]);
    return rates;
  });
}

/** What a program prints, or nothing where it fails. @param {string} program @param {string[]} words */
function output(program, words) {
  try {
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

function python() {
  return process.env.PYTHON ?? "python3";
}

/** @param {string} name @param {string} why */
function skip(name, why) {
  const line = `Without ${name}: ${why.split("\n")[0]}.`;
  if (!skipped.includes(line)) skipped.push(line);
}

/**
 * @param {Map<Case, Figures[]>} results
 * @param {Map<string, number[]>} native
 * @param {Map<string, number[][]>} kernels
 */
function report(results, native, kernels) {
  const machine = `${cpus()[0]?.model.trim()}, ${plural(cpus().length, "core")}; Chromium ${browser.version()}; medians of ${options.rounds} rounds in turn (extremes).`;
  const kernelRows = [...kernels].map(([name, pairs]) => {
    const [rate, roof] = [0, 1].map((i) => pairs.map((pair) => pair[i] ?? NaN));
    return [name, spread(rate, 1), spread(roof, 1), `${((100 * median(rate)) / median(roof)).toFixed(0)} %`];
  });
  const kernelTable = table(["kernel", "weights/ns", "its instruction alone", "share"], kernelRows);

  const measured = [...results].filter(([, figures]) => figures.length > 0);
  const ours = measured.filter(([each]) => each.ours);
  const ownRows = ours.map(([{ name }, figures]) => {
    const of = (/** @type {keyof Figures} */ key) => figures.map((figure) => figure[key]);
    return [name, spread(of("rate")), (4 * median(of("rate"))).toFixed(0), spread(of("prefill")), median(of("first")).toFixed(1), median(of("memory")).toFixed(1)];
  });
  const own = table(["run", "patches/s", "bytes/s", "prompt, patches/s", "first byte, ms", "MB of wasm memory"], ownRows);

  /** @type {[name: string, rates: number[]][]} */
  const others = [
    ...measured.filter(([each]) => !each.ours).map(([each, figures]) => /** @type {[string, number[]]} */ ([each.name, figures.map(({ rate }) => (rate * each.weights) / weights())])),
    ...native,
  ];
  const ourRate = (/** @type {string} */ simd, /** @type {string} */ threads) => {
    const [, figures] = ours.find(([{ name }]) => name === `run_07, ${simd} SIMD, ${threads}`) ?? [];
    return median((figures ?? []).map(({ rate }) => rate));
  };
  const peerRows = others.map(([name, rates]) => {
    const threads = /\d+ threads?$/.exec(name)?.[0] ?? "";
    const ratio = (/** @type {string} */ simd) => `${(ourRate(simd, threads) / median(rates)).toFixed(1)} ×`;
    return [name, spread(rates), ratio("relaxed"), ratio("plain")];
  });
  const peers = table(["engine", "steps/s", "ours, relaxed SIMD", "ours, plain SIMD"], peerRows);

  const notes = [
    machine,
    `A step reads the ${(weights() / 1e6).toFixed(1)} M weights of run_07's backbone once: ours is a patch of four bytes with everything that belongs to it, from embedding to sampling; a peer's one token of its vocabulary. Rates of files with other widths (TQ2_0 wants blocks of 256) are scaled by their weights.`,
    ...skipped,
  ].join("\n");
  writeTable("bench", [notes, kernelTable, own, peers].join("\n\n"), options.write);

  // The README shows of it one table of medians.
  const rates = new Map([
    ...ours.map(([{ name }, figures]) => /** @type {const} */ ([name, median(figures.map(({ rate }) => rate))])),
    ...others.map(([name, all]) => /** @type {const} */ ([name, median(all)])),
  ]);
  const counts = threadCounts.slice(0, 2).map((threads) => plural(threads, "thread"));
  const engines = [...new Set(others.map(([name]) => name.replace(/, \d+ threads?$/, "")))];
  const lines = [
    ["cpu1, relaxed SIMD", "run_07, relaxed SIMD"],
    ["cpu1, plain SIMD", "run_07, plain SIMD"],
    ...engines.map((name) => [name, name]),
  ];
  const speedRows = lines.map(([label = "", name]) => [label, ...counts.map((count) => rates.get(`${name}, ${count}`)?.toFixed(0) ?? "–")]);
  const speed = table(["engine", ...counts.map((count) => `steps/s, ${count}`)], speedRows);
  writeTable("speed", `${machine.replace(" in turn (extremes)", "")}\n\n${speed}`, options.write);
}

/** @param {number} n @param {string} what */
function plural(n, what) {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
