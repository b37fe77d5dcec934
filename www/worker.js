// The wasm's home: a dedicated worker that holds one model and does one job at a time, in bursts,
// so that it hears a stop between them. cpu1.js starts it and speaks for it.
import { CPU1Error } from "./errors.js";
import { openSource } from "./source.js";

/** @typedef {typeof import("./pkg/cpu1.js")} Program */
/** @typedef {import("./pkg/cpu1.js").Model} Model */

/**
 * What can be asked. Each request is answered by any number of notes and one end.
 *
 * @typedef {object} LoadRequest
 * @property {"load"} type
 * @property {string | Blob | Uint8Array} place
 * @property {string | undefined} names JSON
 * @property {number | undefined} threads
 * @typedef {{ type: "generate", prompt: Uint8Array, settings: string }} GenerateRequest
 * @typedef {{ type: "score", text: Uint8Array }} ScoreRequest
 * @typedef {LoadRequest | GenerateRequest | ScoreRequest} Request
 */

/**
 * @typedef {{ type: "progress", phase: "fetch" | "unpack" | "score", loaded: number, total: number }} ProgressNote
 * @typedef {{ type: "bytes", bytes: Uint8Array, stats: string, milliseconds: number, writing: number }} BytesNote
 *   `stats` is the wasm's JSON; the times are those of all bursts and of the writing ones
 * @typedef {{ type: "done", result: string }} DoneEnd `result` is JSON
 * @typedef {{ type: "error", code: import("./errors.js").ErrorCode, message: string, fatal: boolean }} ErrorEnd
 * @typedef {ProgressNote | BytesNote} Note
 * @typedef {Note | DoneEnd | ErrorEnd} Answer
 */

/** Milliseconds a burst should take: short beside a person's patience, long beside a message. */
const BURST = 30;

/** @type {Model | undefined} */
let model;

/** Requests that are to end early. */
const stopped = new Set();

self.onmessage = async (/** @type {MessageEvent<{ id: number, request: Request | { type: "stop" } }>} */ { data }) => {
  const { id, request } = data;
  if (request.type === "stop") {
    stopped.add(id);
    return;
  }
  /** @type {(answer: Answer, transfer?: Transferable[]) => void} */
  const answer = (message, transfer = []) => self.postMessage({ id, answer: message }, { transfer });
  try {
    const result = await perform(request, answer, () => stopped.has(id));
    answer({ type: "done", result });
  } catch (error) {
    answer(describe(error));
  }
  stopped.delete(id);
};

/**
 * @param {Request} request
 * @param {(note: Note, transfer?: Transferable[]) => void} note
 * @param {() => boolean} isStopped
 * @returns {Promise<string>} the result, as JSON
 */
function perform(request, note, isStopped) {
  if (request.type === "load") return load(request, note);
  if (request.type === "generate") return generate(request, note, isStopped);
  return score(request, note, isStopped);
}

/**
 * @param {LoadRequest} request
 * @param {(note: Note) => void} note
 */
async function load({ place, names, threads }, note) {
  const members = chooseThreads(threads);
  const [program, source] = await Promise.all([
    startProgram(members),
    openSource(place, (loaded, total) => note({ type: "progress", phase: "fetch", loaded, total })),
  ]);
  model = await said("format", async () => {
    const loader = new program.Loader(source.size, names);
    for (let range = loader.wants(); range !== undefined; range = loader.wants()) {
      loader.feed(await source.read(range[0], range[1]));
      const [loaded, total] = loader.progress();
      note({ type: "progress", phase: "unpack", loaded, total });
    }
    return loader.finish().model(members);
  });
  return model.info();
}

/**
 * The number of threads to use: what was asked for, else half the machine's and at most four; one
 * where the page may not share memory between threads.
 *
 * @param {number | undefined} wanted
 */
function chooseThreads(wanted) {
  if (!self.crossOriginIsolated) return 1;
  const cores = navigator.hardwareConcurrency;
  return wanted ?? Math.min(cores, 4, Math.max(2, Math.floor(cores / 2)));
}

/**
 * Loads the wasm and starts its helpers; this worker is a member of the team itself.
 *
 * @param {number} members
 */
async function startProgram(members) {
  const program = await import("./pkg/cpu1.js").catch((cause) => {
    throw new CPU1Error("network", "The program itself, pkg/cpu1.js, could not be loaded from the page's server.", {
      cause,
    });
  });
  await program.default().catch((cause) => {
    if (cause instanceof WebAssembly.CompileError) {
      throw new CPU1Error("unsupported", "This browser lacks WebAssembly SIMD or threads; a newer one has them.", {
        cause,
      });
    }
    if (cause instanceof RangeError) {
      throw new CPU1Error("memory", "There is not enough memory to start; close other tabs and try again.", { cause });
    }
    throw new CPU1Error("network", "The program itself, pkg/cpu1_bg.wasm, could not be loaded from the page's server.", {
      cause,
    });
  });
  if (members > 1) await program.initThreadPool(members - 1);
  return program;
}

/**
 * @param {GenerateRequest} request
 * @param {(note: Note, transfer?: Transferable[]) => void} note
 * @param {() => boolean} isStopped
 */
async function generate({ prompt, settings }, note, isStopped) {
  const generation = await said("settings", () => ready().generate(prompt, settings));
  const pace = new Pace();
  let writing = 0;
  let unread = unreadPatches(generation.stats());
  while (!generation.done && !isStopped()) {
    // A burst either reads the prompt or writes, so that the speed of writing can be told.
    const patches = unread > 0 ? Math.min(unread, pace.patches) : pace.patches;
    const began = performance.now();
    const bytes = generation.advance(patches);
    const took = performance.now() - began;
    pace.ran(patches, took);
    if (unread === 0) writing += took;

    const stats = generation.stats();
    unread = unreadPatches(stats);
    note({ type: "bytes", bytes, stats, milliseconds: pace.milliseconds, writing }, [bytes.buffer]);
    await breathe();
  }
  generation.free();
  return "null";
}

/** @param {string} stats */
function unreadPatches(stats) {
  const { prompt_patches: all, read_patches: read } = JSON.parse(stats);
  return all - read;
}

/**
 * @param {ScoreRequest} request
 * @param {(note: Note) => void} note
 * @param {() => boolean} isStopped
 */
async function score({ text }, note, isStopped) {
  const scoring = await said("text", () => ready().score(text));
  const pace = new Pace();
  while (!scoring.done && !isStopped()) {
    const began = performance.now();
    scoring.advance(pace.patches);
    pace.ran(pace.patches, performance.now() - began);
    note({ type: "progress", phase: "score", loaded: Math.floor(scoring.fraction * text.length), total: text.length });
    await breathe();
  }
  const result = scoring.done ? scoring.result() : "null";
  scoring.free();
  return result;
}

function ready() {
  if (model === undefined) throw new CPU1Error("internal", "No model is loaded in this worker.");
  return model;
}

/** How many patches fit into a burst, learnt on the way. */
class Pace {
  patches = 1;
  /** Time of all bursts so far. */
  milliseconds = 0;

  /**
   * @param {number} patches
   * @param {number} took milliseconds
   */
  ran(patches, took) {
    this.milliseconds += took;
    const fitting = Math.floor((patches * BURST) / Math.max(took, 0.1));
    this.patches = Math.min(Math.max(fitting, 1), 2 * this.patches, 256);
  }
}

const bell = new MessageChannel();

/** Lets the worker's event loop run; unlike a timer, without a delay. */
function breathe() {
  return new Promise((resolve) => {
    bell.port1.onmessage = resolve;
    bell.port2.postMessage(null);
  });
}

/**
 * Runs a step in which the wasm may refuse what it was given, and gives its sentence a code.
 *
 * @template T
 * @param {import("./errors.js").ErrorCode} code
 * @param {() => T | Promise<T>} step
 * @returns {Promise<T>}
 */
async function said(code, step) {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CPU1Error || error instanceof WebAssembly.RuntimeError) throw error;
    throw new CPU1Error(code, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @param {unknown} error
 * @returns {ErrorEnd}
 */
function describe(error) {
  if (error instanceof CPU1Error) return { type: "error", code: error.code, message: error.message, fatal: false };
  const message = error instanceof Error ? error.message : String(error);
  // After a trap the wasm's memory is in no state that can be relied on.
  return { type: "error", code: "internal", message: `The program stopped: ${message}.`, fatal: true };
}
