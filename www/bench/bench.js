// Measures this browser: for people on bench.html, and by `window.bench` for a harness that compares
// engines. Rates are wall time as the page sees it: a patch counts when its bytes have arrived.
import { chooseThreads, hasRelaxed, sharesMemory } from "../api/engine.js";
import { CPU1 } from "../cpu1.js";
import { element, make } from "../ui/dom.js";

/** @import { KernelFigures, Kernels } from "../api/protocol.js" */
/** @typedef {Awaited<ReturnType<typeof CPU1.load>>} Model */
/** @typedef {"relaxed" | "plain"} Simd */

const PROMPT = "Ownership is the";
const PROMPT_BYTES = 4096;
const ROUNDS = 5;
/** Milliseconds of writing a round should take. */
const ROUND = 400;
/** Bytes of a patch. */
const PATCH = 4;

/** @type {Simd[]} */
const PROGRAMS = hasRelaxed ? ["relaxed", "plain"] : ["plain"];

/** @param {Simd} [simd] @returns {import("../api/engine.js").Wish} */
function wishOf(simd) {
  return simd === "plain" ? { simd } : {};
}

/**
 * Writes whole patches after a prompt.
 *
 * @param {Model} model
 * @param {{ steps: number, prompt?: string, signal?: AbortSignal | undefined }} options
 */
async function generate(model, { steps, prompt = PROMPT, signal }) {
  // The first patch may have to end the prompt's last.
  const maxBytes = PATCH * (steps + 2);
  const began = performance.now();
  let [first, last, bytes, early, engine] = [NaN, NaN, 0, 0, 0];
  // Counted by the model: a model of BPE tokens does not write four bytes in every step.
  let [patches, before, read] = [0, 0, 0];
  for await (const chunk of model.generate(prompt, { maxBytes, temperature: 0.7, seed: 7, steady: true, signal })) {
    if (chunk.bytes.length === 0) continue;
    bytes += chunk.bytes.length;
    patches = chunk.stats.patches;
    read = chunk.stats.readPatches;
    last = performance.now();
    engine = bytes / chunk.stats.bytesPerSecond;
    if (Number.isNaN(first)) [first, early, before] = [last, bytes, patches];
  }
  return {
    steps: patches - before,
    bytes: bytes - early,
    ms: last - first,
    ttft_ms: first - began,
    first_at: first,
    engine_ms: 1000 * engine,
    engine_steps: patches - read,
  };
}

/**
 * Patches a second at which a prompt of 4 KB is read.
 *
 * @param {Model} model
 * @param {AbortSignal} [signal]
 */
async function prefill(model, signal) {
  const prompt = Uint8Array.from({ length: PROMPT_BYTES }, (_, i) => PROMPT.charCodeAt(i % PROMPT.length));
  let rate = NaN;
  for await (const { stats } of model.generate(prompt, { maxBytes: 1, seed: 7, steady: true, signal })) {
    if (stats.readPatches === stats.promptPatches && Number.isNaN(rate)) rate = stats.readPatches / stats.seconds;
  }
  return rate;
}

/** @param {Simd} simd @returns {Promise<KernelFigures[]>} */
function measureKernels(simd) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((give, reject) => {
    worker.onmessage = (/** @type {MessageEvent<Kernels>} */ { data }) => {
      if ("message" in data) reject(new Error(data.message));
      else give(data.kernels);
    };
    worker.onerror = () => reject(new Error("The program could not be loaded from its server."));
    worker.postMessage(wishOf(simd));
  }).finally(() => worker.terminate());
}

/** @type {Model | undefined} */
let held;

/** For a harness that compares engines. A step is a patch. */
const bench = {
  name: "cpu1",

  /**
   * @param {{ model?: string | null, threads?: number, simd?: Simd, kernel?: string }} [options] `model` is an address;
   *   none is the embedded one
   */
  async load({ model, threads = 1, simd, kernel } = {}) {
    held?.dispose();
    held = undefined;
    if (simd === "relaxed" && !hasRelaxed) throw new Error("This browser has no relaxed SIMD; measure the plain program.");
    held = await CPU1.load(model ?? "embedded", { threads, ...wishOf(simd), kernel, cache: false });
    const found = held.info.kernel;
    if (kernel !== undefined && kernel !== found) throw new Error(`There is no kernel “${kernel}” here; “${found}” would run.`);
    return { engine: `cpu1, ${held.info.kernel}`, threads: held.info.threads };
  },

  /** @param {{ steps: number, prompt?: string }} options */
  generate: (options) => generate(loaded(), options),

  prefill: () => prefill(loaded()),

  async kernels() {
    const figures = [];
    for (const simd of PROGRAMS) figures.push(...(await measureKernels(simd)).map((kernel) => ({ simd, ...kernel })));
    return figures;
  },

  /** Bytes of wasm memory. */
  get memory() {
    return loaded().info.memoryBytes;
  },
};
Object.assign(window, { bench });

function loaded() {
  if (held === undefined) throw new Error("Load a model first.");
  return held;
}

const page = {
  source: element("source", HTMLInputElement),
  file: element("file", HTMLInputElement),
  measure: element("measure", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
  copy: element("copy", HTMLButtonElement),
  error: element("error", HTMLElement),
  status: element("status", HTMLElement),
  kernels: element("kernels", HTMLTableSectionElement),
  decoding: element("decoding", HTMLTableSectionElement),
};

const cores = navigator.hardwareConcurrency;
element("fact-cores", HTMLElement).textContent = String(cores);
element("fact-isolated", HTMLElement).textContent = sharesMemory ? "yes" : "no";
element("isolation", HTMLElement).textContent = sharesMemory
  ? ""
  : `${crossOriginIsolated ? "This browser does not let threads share memory" : "This page is not isolated, so threads may not share memory"}: only one thread is measured.`;
element("fact-relaxed", HTMLElement).textContent = hasRelaxed ? "yes" : "no";

/** @type {AbortController | undefined} */
let running;

element("what", HTMLFormElement).addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  running = new AbortController();
  const { signal } = running;
  setRunning(true);
  page.error.textContent = "";
  for (const body of [page.kernels, page.decoding]) body.replaceChildren();
  const source = page.file.files?.[0] ?? page.source.value.trim();
  try {
    await measure(source, signal);
    page.status.textContent = "Done.";
  } catch (error) {
    page.status.textContent = signal.aborted ? "Stopped." : "Not measured.";
    if (!signal.aborted) page.error.textContent = error instanceof Error ? error.message : String(error);
  }
  running = undefined;
  setRunning(false);
});
page.stop.addEventListener("click", () => running?.abort());
page.copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(asText());
    page.status.textContent = "Copied.";
  } catch {
    page.status.textContent = "This browser does not let the page copy; select the tables instead.";
  }
});
page.source.addEventListener("input", () => {
  page.file.value = "";
});
page.file.addEventListener("change", () => {
  page.source.value = page.file.files?.[0]?.name ?? page.source.value;
});

/** @param {boolean} now */
function setRunning(now) {
  page.measure.ariaDisabled = String(now);
  page.stop.ariaDisabled = String(!now);
  page.copy.hidden = now || page.decoding.rows.length === 0;
}

/** @param {string | Blob} source @param {AbortSignal} signal */
async function measure(source, signal) {
  const most = chooseThreads(undefined);
  const counts = [1, 2, 4].filter((threads) => threads < most).concat(most);
  const cases = PROGRAMS.flatMap((simd) => counts.map((threads) => new Case(simd, threads)));
  try {
    for (const [i, each] of cases.entries()) {
      page.status.textContent = `Loading, ${i + 1} of ${cases.length}…`;
      each.model = await CPU1.load(source, { threads: each.threads, ...wishOf(each.simd), signal });
      if (i === 0) element("fact-kernel", HTMLElement).textContent = each.model.info.kernel;
    }
    for (let round = 1; round <= ROUNDS; round += 1) {
      page.status.textContent = `Round ${round} of ${ROUNDS}…`;
      for (const each of cases) await each.run(signal);
    }
  } finally {
    for (const each of cases) each.model?.dispose();
  }
  page.status.textContent = "Kernels…";
  for (const simd of PROGRAMS) {
    for (const { name, weightsPerNs, roofline } of await measureKernels(simd)) {
      signal.throwIfAborted();
      const share = `${Math.round((100 * weightsPerNs) / roofline)} %`;
      addRow(page.kernels, name).write([weightsPerNs.toFixed(1), roofline.toFixed(1), share]);
    }
  }
}

/** One program with one number of threads. */
class Case {
  /** @type {Model | undefined} */
  model;
  #row;
  #steps = 16;
  /** @type {{ rate: number, bytes: number, prefill: number, first: number }[]} */
  #rounds = [];

  /** @param {Simd} simd @param {number} threads */
  constructor(simd, threads) {
    this.simd = simd;
    this.threads = threads;
    this.#row = addRow(page.decoding, simd === "relaxed" ? "relaxed SIMD" : "plain SIMD");
    this.#row.write([String(threads)]);
  }

  /** @param {AbortSignal} signal */
  async run(signal) {
    const model = this.model;
    if (model === undefined) return;
    // The first runs let the engine optimise the code, and show how long a run takes.
    for (let warm = this.#rounds.length > 0; !warm; ) {
      const { steps, ms } = await generate(model, { steps: this.#steps, signal });
      warm = ms > ROUND / 4;
      this.#steps = Math.ceil(Math.max(2 * this.#steps, (steps * ROUND) / Math.max(ms, 1)));
    }
    const { steps, bytes, ms, ttft_ms: first } = await generate(model, { steps: this.#steps, signal });
    this.#rounds.push({ rate: (1000 * steps) / ms, bytes: (1000 * bytes) / ms, first, prefill: await prefill(model, signal) });
    signal.throwIfAborted();
    const of = (/** @type {"rate" | "bytes" | "prefill" | "first"} */ key) => this.#rounds.map((round) => round[key]);
    this.#row.write([
      String(model.info.threads),
      spread(of("rate")),
      whole(median(of("bytes"))),
      spread(of("prefill")),
      `${median(of("first")).toFixed(1)} ms`,
      `${(model.info.memoryBytes / 1e6).toFixed(1)} MB`,
    ]);
  }
}

/** @param {HTMLTableSectionElement} body @param {string} name */
function addRow(body, name) {
  const row = body.insertRow();
  row.append(make("th", { scope: "row" }, name));
  return {
    /** @param {string[]} texts */
    write(texts) {
      for (const [i, text] of texts.entries()) (row.cells[i + 1] ?? row.insertCell()).textContent = text;
    },
  };
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** @param {number} n */
function whole(n) {
  return n.toLocaleString("en", { maximumFractionDigits: 0 });
}

/** @param {number[]} numbers */
function spread(numbers) {
  return `${whole(median(numbers))} (${whole(Math.min(...numbers))}–${whole(Math.max(...numbers))})`;
}

/** Both tables, with tabs between the columns. */
function asText() {
  const lines = [...document.querySelectorAll("table")].flatMap((table) =>
    [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent).join("\t")),
  );
  const machine = `${navigator.userAgent}, ${cores} cores, ${crossOriginIsolated ? "" : "not "}isolated`;
  return [machine, page.source.value, ...lines].join("\n");
}
