// CPU-1 for JavaScript: load a model, generate text, score text. The work is done in a worker.
//
//   import { CPU1 } from "./cpu1.js";
//   const model = await CPU1.load("embedded");
//   for await (const { text } of model.generate("Ownership is")) show(text);
import { Connection, disposed, newId } from "./api/connection.js";
import { CPU1Error, aborted } from "./api/errors.js";
import { hubAddress, listFiles, pathOfRun } from "./api/hub.js";
import { fetchAll } from "./api/remote.js";
import { openStore } from "./api/store.js";

/** @import { NameMap } from "./api/errors.js" */
/** @import { RunRepositories } from "./api/hub.js" */
/** @import { BytesNote, FileRequest, Found, LoadRequest, Note, ProbeProgress, Request, Trace } from "./api/protocol.js" */
/** @import { Entry } from "./api/store.js" */

/** The model that comes with this program. */
const EMBEDDED = new URL("./models/cpu1-rust-docs.pt", import.meta.url).href;

/** @typedef {import("./api/protocol.js").LoadProgress} LoadProgress how far a model's loading is */
/** @typedef {Record<string, string>} Dialect what is read otherwise than usual, as `{ rope: "halves" }` */

/**
 * @typedef {object} LoadOptions
 * @property {AbortSignal} [signal] stops the loading
 * @property {(progress: LoadProgress) => void} [onProgress]
 * @property {NameMap} [names] which tensor plays which role, for a file whose names do not tell
 * @property {Record<string, unknown> | string} [config] the model's settings, or their JSON, instead of those in its
 *   file; a safetensors file that has none is read with the config.json beside it, if there is one
 * @property {"live" | "ema"} [weights] of a file that holds the model twice: as of the last step, or averaged; live
 * @property {Dialect} [dialect] how the model is read where nobody wrote it down, as `probe` tells
 * @property {number} [threads] instead of half the machine's; a page that is not cross-origin isolated has one
 * @property {string | URL | Blob | Uint8Array} [tokenizer] the tokenizer.json of a model that reads BPE tokens;
 *   else the one beside the model's file is taken, if there is one
 * @property {string} [sha256] of the file, as `files` tells it: a model that was kept from another file is not used
 * @property {"plain"} [simd] for measurements: no relaxed SIMD
 * @property {string} [kernel] for measurements: this one, by its name
 * @property {boolean} [cache] whether to keep the model for the next visit, and to take it from there; true
 */

/**
 * @typedef {object} GenerateOptions
 * @property {number} [maxBytes] how much to write; 256
 * @property {number} [temperature] 0 always takes the likeliest byte, 1 follows the model's odds; 0.7
 * @property {number} [topK] choose among the k likeliest bytes only; 0: among all
 * @property {number} [topP] choose among the likeliest bytes that together reach this probability; 0.95
 * @property {number} [minP] leave out bytes with less than this share of the likeliest one's probability; 0
 * @property {number} [repetitionPenalty] above 1 makes the latest bytes less likely; 1
 * @property {number | bigint | string} [seed] the same seed gives the same bytes; else chosen at random
 * @property {AbortSignal} [signal] stops the writing
 * @property {boolean} [trace] whether chunks have a `trace`
 * @property {boolean} [steady] whether all threads work all the time, as for measurements; else one works alone
 *   where that is faster
 */

/**
 * How far a text is.
 *
 * @typedef {object} Stats
 * @property {number} promptPatches patches of the prompt
 * @property {number} readPatches of these, how many are read
 * @property {number} patches patches the model has seen in all
 * @property {number} deletedPatches of these, how many its DeleteGate dropped
 * @property {number} bytes bytes written
 * @property {boolean} ended whether the model ended the text by itself
 * @property {number} threads threads that worked on the latest of them
 * @property {number} seconds time the model has worked, reading the prompt included
 * @property {number} bytesPerSecond speed of writing
 */

/**
 * What came in one burst: nothing while the prompt is read.
 *
 * @typedef {object} Chunk
 * @property {Uint8Array} bytes
 * @property {Uint32Array} ends where patches end in them: after so many bytes
 * @property {Uint32Array} [tokens] of a model that reads BPE tokens: those that the bytes come from
 * @property {string} text of these bytes what is complete as UTF-8; U+FFFD stands for what is not UTF-8
 * @property {Stats} stats
 * @property {Trace} [trace] where it was asked for
 */

/**
 * How surprising a text is.
 *
 * @typedef {object} Score
 * @property {number} bitsPerByte mean over all bytes after the first patch
 * @property {number} bytes how many these are
 * @property {number[]} perByte bits of each
 * @property {Trace} [trace] where it was asked for
 */

/**
 * @typedef {object} ModelInfo
 * @property {string} run folder name of the published run whose architecture it has, or empty
 * @property {string} internalName the authors' name for that
 * @property {string} summary the architecture in words
 * @property {number} parameters
 * @property {boolean} ternary whether its weights are −1, 0 and 1
 * @property {boolean} deletesPatches whether it has a DeleteGate
 * @property {number} packedBytes memory of its weights
 * @property {string} kernel instruction set in use
 * @property {number} threads threads in use
 * @property {number} maxPromptBytes
 * @property {Record<string, unknown>} config as in the file
 * @property {"bytes" | "tokens"} reads what its texts are made of
 * @property {boolean} tokenizer whether a model that reads tokens has a tokenizer, and so reads text
 * @property {number} memoryBytes memory of the program, which never shrinks: the most it needed so far
 * @property {number} fetchedBytes what came over the network for the model
 * @property {string} flavour which kind of file it is: unpacked, compact_2bit, step or safetensors
 * @property {{ state: "hit" | "stored" | "off", notice: string }} cache whether it came from the cache, is kept there
 *   now, or is not; `notice` says why it is not kept, or that it is kept in an unusual place
 * @property {Report} report how the file was read
 */

/**
 * What was made of a file's tensors.
 *
 * @typedef {object} Report
 * @property {string} flavour
 * @property {number | null} step of the training, where the file tells
 * @property {string} run folder name of the published run whose architecture it has, or empty
 * @property {string[]} unused tensors of the model that play no role
 * @property {number} skipped how many tensors do not belong to the model, such as an optimizer's state
 * @property {("live" | "ema")[]} copies of the model that `weights` can choose from, where the file holds several
 * @property {string[]} notes what a person should know of how it was read, each a sentence: a value of the file's config
 *   that was not used, a number that was assumed
 * @property {Decision[]} decisions for each tensor in use
 */

/**
 * @typedef {object} Decision
 * @property {string} role by its canonical name
 * @property {string} tensor its name in the file
 * @property {number[]} shape
 * @property {string} encoding in the file
 * @property {string} why it plays that role
 * @property {string} held how it is held in memory
 */

/**
 * Loads a model. Models loaded with the same number of threads share a worker, its memory and its
 * threads; those from the same address, with the same options, share their weights as well.
 *
 * @param {string | URL | Blob | Uint8Array | ArrayBuffer} source `embedded`, the folder name of a published run, a
 *   file on the Hub by its name `owner/repo/path@revision`, any other address (a relative one of three or more parts
 *   begins with `./`), a file, or its bytes
 * @param {LoadOptions} [options]
 * @returns {Promise<Model>}
 * @throws {CPU1Error} `network`, `format`, `names`, `tokenizer`, `memory`, `unsupported`, `settings`, `aborted`
 */
async function load(source, options = {}) {
  const { signal, onProgress } = options;
  const held = Held.of({ type: "load", ...(await readOptions(source, options)) });
  return new Model(held, await held.take(signal, onProgress));
}

/**
 * What was asked of `load` or `probe`, as the worker takes it.
 *
 * @param {string | URL | Blob | Uint8Array | ArrayBuffer} source
 * @param {LoadOptions} options
 * @returns {Promise<FileRequest>}
 */
async function readOptions(source, { signal, names, config, weights, dialect, threads, tokenizer, sha256 = "", simd, kernel, cache = true }) {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 16)) {
    throw new CPU1Error("settings", `The number of threads is ${threads}; it must be a whole number from 1 to 16.`);
  }
  if (signal?.aborted) throw aborted();
  const place = await find(source, signal);
  return {
    place,
    names: names && JSON.stringify(names),
    config: typeof config === "object" ? JSON.stringify(config) : config,
    weights,
    dialect: dialect && JSON.stringify(dialect),
    threads,
    wish: { simd, kernel },
    tokenizer: tokenizer === undefined ? undefined : resolve(tokenizer),
    sha256,
    // What comes with the program need not be kept as well.
    cache: cache && place !== EMBEDDED,
  };
}

/**
 * Finds out how a model has to be read, by which reading it foresees a text best. The file is read for it anew.
 *
 * @param {string | URL | Blob | Uint8Array | ArrayBuffer} source as for `load`
 * @param {Omit<LoadOptions, "onProgress" | "cache"> & { onProgress?: (progress: LoadProgress | ProbeProgress) => void, text?: string | Uint8Array }} [options]
 *   `text` is of the kind that the model knows; else some plain English
 * @returns {Promise<Found>} whose `dialect` is an option of `load`
 * @throws {CPU1Error} as `load`, and `text`
 */
async function probe(source, { onProgress, text, ...options } = {}) {
  const request = await readOptions(source, { ...options, cache: false });
  const connection = Connection.of(request.threads, request.wish);
  connection.models += 1;
  const id = newId();
  try {
    const answers = connection.ask({ type: "probe", ...request, text: text === undefined ? undefined : encode(text) }, options.signal, id);
    for (;;) {
      const { done, value } = await answers.next();
      if (done) return readFound(value);
      onProgress?.(/** @type {LoadProgress | ProbeProgress} */ (value));
    }
  } finally {
    connection.leave(id);
  }
}

/**
 * Where a model is.
 *
 * @param {string | URL | Blob | Uint8Array | ArrayBuffer} source
 * @param {AbortSignal} [signal]
 */
async function find(source, signal) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source === "embedded") return EMBEDDED;
  if (typeof source !== "string" || /^[./]|^[a-z][a-z\d+.-]*:/i.test(source)) return resolve(source);
  if (/^run_\d\w*$/.test(source)) return findRun(source, signal);
  return source.split("/").length > 2 ? hubAddress(source).href : resolve(source);
}

/**
 * The smallest file of a published run.
 *
 * @param {string} id
 * @param {AbortSignal} [signal]
 */
async function findRun(id, signal) {
  const name = "catalog.json";
  const answer = await fetchAll(new URL("./catalog.json", import.meta.url).href, { name, most: 2 ** 20, signal }).catch((error) => {
    throw signal?.aborted ? aborted() : error;
  });
  if (!answer) throw new CPU1Error("network", `The list of models, ${name}, is not there.`);
  /** @type {RunRepositories & { hub: string, models: { id: string, files?: string[] }[] }} */
  const catalog = JSON.parse(new TextDecoder().decode(answer.bytes));
  const files = catalog.models.find((model) => model.id === id)?.files;
  if (!files) throw new CPU1Error("network", `There is no published run “${id}”; ${name} lists those there are.`);
  return hubAddress(pathOfRun(catalog, id, files.includes("compact") ? "compact" : "unpacked"), catalog.hub).href;
}

/** @param {string | URL | Blob | Uint8Array} source */
function resolve(source) {
  if (source instanceof Blob || source instanceof Uint8Array) return source;
  const base = globalThis.document?.baseURI ?? location.href;
  const address = URL.canParse(source, base) ? new URL(source, base) : undefined;
  if (address && /^(https?|blob|data):$/.test(address.protocol)) return address.href;
  throw new CPU1Error("network", `“${source}” is not an address from which a file can be fetched.`);
}

/** A loaded model. It does one thing at a time; several models take turns. */
class Model {
  #held;
  /** Ends with `dispose`. */
  #life = new AbortController();
  #busy = false;
  /** Why it cannot read text; empty if it can. @type {string} */
  #lacking;
  /** @type {number} */
  #memory;

  /** @param {Held} held @param {Record<string, any>} loaded as the worker gives it; `info` is the wasm's */
  constructor(held, { info, report, fetched, cache, lacking, memory }) {
    this.#held = held;
    this.#lacking = lacking;
    this.#memory = memory;
    const most = () => this.#memory;
    /** @type {Readonly<ModelInfo>} */
    this.info = Object.freeze({
      ...camelCase(info),
      get memoryBytes() {
        return most();
      },
      fetchedBytes: fetched,
      flavour: report.flavour,
      cache,
      report,
    });
  }

  /** What a person should know of how the file was read, each a sentence: the report's notes. */
  get notes() {
    return this.info.report.notes;
  }

  /**
   * Continues a prompt. Leaving the loop stops the model.
   *
   * @param {string | Uint8Array | Uint32Array} prompt any text, any bytes, or nothing; or the ids of tokens
   * @param {GenerateOptions} [options]
   * @returns {AsyncGenerator<Chunk, void, void>}
   * @throws {CPU1Error} `prompt`, `tokenizer`, `settings`, `busy`, `aborted`, `disposed`, `internal`
   */
  async *generate(prompt, options = {}) {
    const settings = encodeSettings(options);
    const symbols = this.#read(prompt);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    // A prompt may end within a character, which the first bytes then complete.
    if (symbols instanceof Uint8Array) decoder.decode(symbols.subarray(-3), { stream: true });
    const { steady = false, trace = false } = options;
    const request = { type: /** @type {const} */ ("generate"), model: this.#held.id, prompt: symbols, settings, steady, trace };
    /** @type {Stats | undefined} */
    let stats;
    for await (const note of this.#ask(request, options.signal)) {
      if (note.type !== "bytes") continue;
      this.#memory = note.memory;
      stats = readStats(note);
      const tokens = note.tokens && { tokens: note.tokens };
      const seen = note.trace && { trace: note.trace };
      yield { bytes: note.bytes, ends: note.ends, ...tokens, text: decoder.decode(note.bytes, { stream: true }), stats, ...seen };
    }
    const rest = decoder.decode();
    if (rest !== "" && stats !== undefined) yield { bytes: new Uint8Array(), ends: new Uint32Array(), text: rest, stats };
  }

  /**
   * Measures how well the model foresees a text.
   *
   * @param {string | Uint8Array} text
   * @param {{ signal?: AbortSignal, onProgress?: (progress: { loaded: number, total: number }) => void, trace?: boolean }} [options]
   * @returns {Promise<Score>}
   * @throws {CPU1Error} `text`, `tokenizer`, `busy`, `aborted`, `disposed`, `internal`
   */
  async score(text, { signal, onProgress, trace = false } = {}) {
    if (this.#lacking) throw new CPU1Error("tokenizer", this.#lacking);
    const answers = this.#ask({ type: "score", model: this.#held.id, text: encode(text), trace }, signal);
    /** @type {Trace} */
    const whole = { symbols: [], patches: [] };
    for (;;) {
      const { done, value } = await answers.next();
      if (done) {
        return { ...camelCase(value), ...(trace && { trace: whole }) };
      }
      if (value.type !== "progress" || value.phase !== "score") continue;
      onProgress?.({ loaded: value.loaded, total: value.total });
      whole.symbols.push(...(value.trace?.symbols ?? []));
      whole.patches.push(...(value.trace?.patches ?? []));
    }
  }

  /** A prompt as the worker takes it. @param {string | Uint8Array | Uint32Array} prompt */
  #read(prompt) {
    if (prompt instanceof Uint32Array) {
      if (this.info.reads === "tokens") return prompt;
      throw new CPU1Error("prompt", "The prompt is given as tokens, but this model reads bytes; give it a text.");
    }
    if (this.#lacking) throw new CPU1Error("tokenizer", this.#lacking);
    const bytes = encode(prompt);
    const most = this.info.maxPromptBytes;
    if (bytes.length <= most) return bytes;
    const [found, allowed] = [bytes.length, most].map((n) => n.toLocaleString("en"));
    throw new CPU1Error("prompt", `The prompt has ${found} bytes and may have at most ${allowed}; shorten it.`);
  }

  /**
   * @param {Request} request
   * @param {AbortSignal} [signal]
   * @returns {AsyncGenerator<Note, any, void>}
   */
  async *#ask(request, signal) {
    if (this.#life.signal.aborted) throw disposed();
    if (this.#busy) {
      throw new CPU1Error("busy", "The model is already at work; stop that first, or wait until it is done.");
    }
    this.#busy = true;
    const ends = signal ? AbortSignal.any([this.#life.signal, signal]) : this.#life.signal;
    try {
      return yield* this.#held.connection.ask(request, ends);
    } finally {
      this.#busy = false;
    }
  }

  /** Gives the model up: frees its memory, and ends its worker if that has no other. */
  dispose() {
    if (this.#life.signal.aborted) return;
    this.#life.abort(disposed());
    this.#held.release();
  }
}

/** @typedef {Model} CPU1Model what `load` gives, for those who name its type */

/** A model in a worker, for all who loaded it. */
class Held {
  /** Those from an address, by address and options. @type {Map<string, Held>} */
  static #shared = new Map();

  id = newId();
  #users = 0;
  #key;
  #loaded;
  /** @type {Set<(progress: LoadProgress) => void>} */
  #listeners = new Set();

  /** @param {LoadRequest} request */
  static of(request) {
    const { place, tokenizer } = request;
    const alone = typeof place !== "string" || typeof tokenizer === "object";
    const key = alone ? "" : JSON.stringify(request);
    const known = this.#shared.get(key);
    if (known && !known.connection.ended) return known;
    const held = new Held(key, request);
    if (!alone) this.#shared.set(key, held);
    return held;
  }

  /** @param {string} key @param {LoadRequest} request */
  constructor(key, request) {
    this.#key = key;
    this.connection = Connection.of(request.threads, request.wish);
    this.connection.models += 1;
    this.#loaded = this.#load(request);
    this.#loaded.catch(() => this.#forget()); // those who wait for it are told
  }

  /** @param {LoadRequest} request */
  async #load(request) {
    const answers = this.connection.ask(request, undefined, this.id);
    for (;;) {
      const { done, value } = await answers.next();
      if (done) return value;
      for (const listener of [...this.#listeners]) listener(/** @type {LoadProgress} */ (value));
    }
  }

  /**
   * Waits for the model. Whoever takes it has to release it.
   *
   * @param {AbortSignal} [signal]
   * @param {(progress: LoadProgress) => void} [onProgress]
   * @returns {Promise<Record<string, any>>}
   */
  async take(signal, onProgress) {
    this.#users += 1;
    let stop = () => {};
    /** @type {(progress: LoadProgress) => void} */
    let listener = () => {};
    try {
      return await new Promise((give, reject) => {
        stop = () => reject(aborted());
        listener = (progress) => {
          try {
            onProgress?.(progress);
          } catch (error) {
            reject(error); // the other listeners are not stopped by it
          }
        };
        this.#listeners.add(listener);
        signal?.addEventListener("abort", stop);
        if (signal?.aborted) stop();
        this.#loaded.then(give, reject);
      });
    } catch (error) {
      this.release();
      throw error;
    } finally {
      this.#listeners.delete(listener);
      signal?.removeEventListener("abort", stop);
    }
  }

  release() {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#forget();
    this.connection.leave(this.id);
  }

  /** From now on, loaded models are not shared with later callers. */
  static closeAll() {
    this.#shared.clear();
  }

  #forget() {
    if (Held.#shared.get(this.#key) === this) Held.#shared.delete(this.#key);
  }
}

/**
 * The options as the wasm reads them. It checks the ranges; here is only checked what JSON cannot hold.
 *
 * @param {GenerateOptions} options
 */
function encodeSettings(options) {
  /** @type {[key: string, name: string, value: number | undefined][]} */
  const numbers = [
    ["max_bytes", "length", options.maxBytes],
    ["temperature", "temperature", options.temperature],
    ["top_k", "top-k", options.topK],
    ["top_p", "top-p", options.topP],
    ["min_p", "min-p", options.minP],
    ["repetition_penalty", "repetition penalty", options.repetitionPenalty],
  ];
  for (const [, name, value] of numbers) {
    if (value === undefined || Number.isFinite(value)) continue;
    throw new CPU1Error("settings", `The ${name} is ${value}; it must be a number.`);
  }
  const seed = typeof options.seed === "bigint" ? String(options.seed) : options.seed;
  return JSON.stringify({ ...Object.fromEntries(numbers.map(([key, , value]) => [key, value])), seed });
}

/** @param {string | Uint8Array} text */
function encode(text) {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

/** @param {BytesNote} note @returns {Stats} */
function readStats({ stats: json, threads, milliseconds, writing }) {
  const stats = camelCase(JSON.parse(json));
  return { ...stats, threads, seconds: milliseconds / 1000, bytesPerSecond: writing > 0 ? stats.bytes / (writing / 1000) : 0 };
}

/** @param {Record<string, any>} found @returns {Found} */
function readFound({ dialect, second, tried, ...found }) {
  return { ...camelCase(found), dialect: JSON.parse(dialect), second: second && camelCase(second), tried: tried.map(camelCase) };
}

/** What the wasm tells, with its names in camel case. @param {Record<string, any>} told @returns {any} */
function camelCase(told) {
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value]),
  );
}

/** The models that are kept for the next visit. @returns {Promise<Entry[]>} */
async function cached() {
  return (await (await openStore())?.list()) ?? [];
}

/**
 * Removes a kept model. Loading it later fetches it again, even if it is in use now.
 *
 * @param {string} id as `cached` tells it
 */
async function remove(id) {
  Held.closeAll();
  await (await openStore())?.remove(id);
}

/** Removes all kept models. */
async function removeAll() {
  Held.closeAll();
  await (await openStore())?.removeAll();
}

export const CPU1 = Object.freeze({
  load,
  probe,
  /** Address of a file on the Hugging Face Hub by its name, `owner/repo/path@revision`, for `load`. */
  hub: hubAddress,
  /** What is in a folder on the Hub, by its name, `owner/repo/folder@revision`. */
  files: listFiles,
  cached,
  remove,
  removeAll,
  /** Address of the model that comes with the page. */
  EMBEDDED,
  Error: CPU1Error,
});
