// The worker that holds the models. It works in bursts: between them it can be stopped, and several jobs
// take turns. api/connection.js starts it.
import { CPU1Error, aborted } from "../api/errors.js";
import { loadModel, probeModel } from "./load.js";
import { isShortOfMemory, readTrace, said } from "./program.js";

/** @import { Answer, ErrorEnd, GenerateRequest, LoadRequest, Note, Order, ProbeRequest, Request, ScoreRequest } from "../api/protocol.js" */
/** @import { Model, Team } from "./program.js" */

/** Milliseconds a burst should take: short enough for people, long enough that messages cost little. */
const BURST = 30;

/** By the number of the request that loaded them. @type {Map<number, Model>} */
const models = new Map();
/** @type {(module: WebAssembly.Module) => void} */
let deliver;
/** @type {Promise<WebAssembly.Module>} */
const module = new Promise((resolve) => {
  deliver = resolve;
});
/** @type {WebAssembly.Memory | undefined} */
let memory;
/** @type {Team | undefined} */
let team;

/** Requests that are to end early. */
const stopped = new Set();

self.onmessage = async (/** @type {MessageEvent<{ id: number, request: Request | Order }>} */ { data }) => {
  const { id, request } = data;
  if (request.type === "program") {
    deliver(request.module);
    return;
  }
  if (request.type === "live") {
    const hold = () => {
      self.postMessage({ id, answer: { type: "living" } });
      return new Promise(() => {});
    };
    navigator.locks.request(request.lock, hold).catch(() => {}); // a page that may not store anything has no locks either
    return;
  }
  if (request.type === "stop") {
    stopped.add(id);
    return;
  }
  if (request.type === "dispose") {
    if (!models.has(id)) stopped.add(id); // it is still loading
    models.get(id)?.free();
    models.delete(id);
    return;
  }
  /** @type {(answer: Answer, transfer?: Transferable[]) => void} */
  const answer = (message, transfer = []) => self.postMessage({ id, answer: message }, { transfer });
  try {
    const result = await perform(id, request, answer, () => stopped.has(id));
    answer({ type: "done", result });
  } catch (error) {
    answer(describe(error));
  }
  stopped.delete(id);
};

/**
 * @param {number} id
 * @param {Request} request
 * @param {(note: Note, transfer?: Transferable[]) => void} note
 * @param {() => boolean} isStopped
 * @returns {Promise<string>} the result, as JSON
 */
function perform(id, request, note, isStopped) {
  if (request.type === "load") return load(id, request, note, isStopped);
  if (request.type === "probe") return probe(request, note, isStopped);
  if (request.type === "generate") return generate(request, note, isStopped);
  return score(request, note, isStopped);
}

/**
 * @param {number} id
 * @param {LoadRequest} request
 * @param {(note: Note) => void} note
 * @param {() => boolean} isStopped
 */
async function load(id, request, note, isStopped) {
  const { model, report, fetched, cache, lacking, ...program } = await loadModel(request, module, unlessStopped(note, isStopped));
  if (isStopped()) model.free();
  if (isStopped()) throw aborted();
  models.set(id, model);
  ({ memory, team } = program);
  return JSON.stringify({ info: JSON.parse(model.info()), report, fetched, cache, lacking, memory: memory.buffer.byteLength });
}

/**
 * @param {ProbeRequest} request
 * @param {(note: Note) => void} note
 * @param {() => boolean} isStopped
 */
function probe(request, note, isStopped) {
  return probeModel(request, module, unlessStopped(note, isStopped), breathe);
}

/**
 * Notes that end the work where it was stopped.
 *
 * @param {(note: Note) => void} note
 * @param {() => boolean} isStopped
 * @returns {(note: Note) => void}
 */
function unlessStopped(note, isStopped) {
  return (told) => {
    if (isStopped()) throw aborted();
    note(told);
  };
}

/**
 * @param {GenerateRequest} request
 * @param {(note: Note, transfer?: Transferable[]) => void} note
 * @param {() => boolean} isStopped
 */
async function generate({ model, prompt, settings, steady, trace: watched }, note, isStopped) {
  const generation = await said("settings", () =>
    prompt instanceof Uint32Array ? ready(model).generateTokens(prompt, settings) : ready(model).generate(prompt, settings),
  );
  if (watched) generation.watch();
  // A burst either reads the prompt or writes, so that the speed of each can be told.
  if (steady) await team?.arrival;
  const paces = [new Pace(threadsOf(model), steady), new Pace(threadsOf(model), steady)];
  let [milliseconds, writing] = [0, 0];
  let unread = unreadPatches(generation.stats());
  while (!generation.done && !isStopped()) {
    const pace = /** @type {Pace} */ (paces[unread > 0 ? 0 : 1]);
    const { threads } = pace;
    const patches = unread > 0 ? Math.min(unread, pace.patches) : pace.patches;
    generation.threads = threads;
    const began = performance.now();
    const bytes = generation.advance(patches);
    const took = performance.now() - began;
    const [tokens, ends] = [generation.tokens(), generation.ends()];
    pace.ran(patches, took);
    milliseconds += took;
    if (unread === 0) writing += took;

    const stats = generation.stats();
    unread = unreadPatches(stats);
    const size = memory?.buffer.byteLength ?? 0;
    const trace = traceOf(model, generation);
    note({ type: "bytes", bytes, ends, tokens, stats, trace, threads, milliseconds, writing, memory: size }, [bytes.buffer]);
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
async function score({ model, text, trace }, note, isStopped) {
  const scoring = await said("text", () => ready(model).score(text));
  if (trace) scoring.watch();
  const pace = new Pace(threadsOf(model), false);
  while (!scoring.done && !isStopped()) {
    scoring.threads = pace.threads;
    const began = performance.now();
    scoring.advance(pace.patches);
    pace.ran(pace.patches, performance.now() - began);
    const loaded = Math.floor(scoring.fraction * text.length);
    note({ type: "progress", phase: "score", loaded, total: text.length, trace: traceOf(model, scoring) });
    await breathe();
  }
  const result = scoring.done ? scoring.result() : "null";
  scoring.free();
  return result;
}

/** @param {number} id */
function ready(id) {
  const model = models.get(id);
  if (model === undefined) throw new CPU1Error("internal", "The model is not in this worker.");
  return model;
}

/**
 * What there was to see in the last burst, where it was asked for.
 *
 * @param {number} id
 * @param {{ trace(): Float64Array | undefined }} work
 */
function traceOf(id, work) {
  const numbers = work.trace();
  return numbers && readTrace(numbers, (symbol) => ready(id).bytesOf(symbol));
}

/** @param {number} id */
function threadsOf(id) {
  return JSON.parse(ready(id).info()).threads;
}

/** After so many bursts the other number of threads is tried again. */
const TRIAL = 16;

/**
 * How many patches fit into a burst, and how many threads it gets, both measured on the way. Where other
 * programs need the cores, threads are slower than one: then the worker goes on alone, and tries again now and then.
 */
class Pace {
  patches = 1;
  #all;
  #steady;
  #bursts = 0;
  /** Patches a millisecond in the latest burst alone, and in the latest with all threads. */
  #rates = [0, 0];

  /** @param {number} all threads @param {boolean} steady whether every burst gets all of them */
  constructor(all, steady) {
    this.#all = all;
    this.#steady = steady;
  }

  /** Threads of the next burst. */
  get threads() {
    if (!team?.complete) return 1;
    if (this.#steady) return this.#all;
    const [alone = 0, together = 0] = this.#rates;
    // While bursts are still short, by turns.
    const faster = this.#bursts < 6 ? this.#bursts % 2 === 0 : together >= alone;
    return faster === (this.#bursts % TRIAL !== TRIAL - 1) ? this.#all : 1;
  }

  /**
   * Takes note of a burst.
   *
   * @param {number} patches
   * @param {number} took milliseconds
   */
  ran(patches, took) {
    if (team?.complete) {
      this.#rates[this.threads === this.#all ? 1 : 0] = patches / Math.max(took, 0.1);
      this.#bursts += 1;
    }
    const fitting = Math.floor((patches * BURST) / Math.max(took, 0.1));
    this.patches = Math.min(Math.max(fitting, 1), 2 * this.patches, 256);
  }
}

const bell = new MessageChannel();
/** The jobs that wait for their turn. @type {((value: unknown) => void)[]} */
const waiting = [];
bell.port1.onmessage = () => waiting.shift()?.(undefined);

/** Lets the worker's event loop and the other jobs run. Unlike a timer it does not wait. */
function breathe() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    bell.port2.postMessage(null);
  });
}

/** @param {unknown} error @returns {ErrorEnd} */
function describe(error) {
  if (error instanceof CPU1Error) {
    const { code, message, details } = error;
    return { type: "error", code, message, details, fatal: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  // After a trap the wasm's memory cannot be relied on.
  if (error instanceof WebAssembly.RuntimeError && isShortOfMemory()) {
    const sentence = "The program has run out of memory, and its models are gone; load a smaller one, or fewer.";
    return { type: "error", code: "memory", message: sentence, details: undefined, fatal: true };
  }
  return { type: "error", code: "internal", message: `The program stopped: ${message}.`, details: undefined, fatal: true };
}
