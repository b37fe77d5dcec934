// CPU-1 for JavaScript: load a model, generate text, score text. The work is done in a worker.
//
//   import { CPU1 } from "./cpu1.js";
//   const model = await CPU1.load(CPU1.EMBEDDED);
//   for await (const { text } of model.generate("Ownership is")) show(text);
import { CPU1Error } from "./errors.js";
import { hubAddress, listFiles } from "./hub.js";
import { openStore } from "./store.js";

/** @import { Entry } from "./store.js" */
/** @import { Answer, Note, Request } from "./worker.js" */

/**
 * How far a model's loading is; `total` is 0 where it is not known. Bytes are fetched, unpacked as
 * they come, and the packed model is written to the cache.
 *
 * @typedef {{ phase: "fetch" | "unpack" | "pack", loaded: number, total: number }} LoadProgress
 */

/**
 * @typedef {object} LoadOptions
 * @property {AbortSignal} [signal] gives the loading up
 * @property {(progress: LoadProgress) => void} [onProgress]
 * @property {Record<string, string>} [names] role → tensor, for a file whose roles cannot be told apart
 * @property {number} [threads] instead of half the machine's; a page that is not cross-origin isolated has one
 * @property {string | URL | Blob | Uint8Array} [tokenizer] the tokenizer.json of a model that reads BPE tokens;
 *   else the one beside the model's file is taken, if there is one
 * @property {string} [sha256] of the file, as `files` tells it: a model kept from another file is not taken for it
 * @property {boolean} [cache] whether to keep the model for the next visit, and to take it from there; true
 */

/**
 * @typedef {object} GenerateOptions
 * @property {number} [maxBytes] how much to write; 256
 * @property {number} [temperature] 0 always takes the likeliest byte, 1 follows the model's odds; 0.7
 * @property {number} [topK] choose among the k likeliest bytes only; 0: among all
 * @property {number} [topP] choose among the likeliest bytes that together reach this probability; 0.95
 * @property {number} [minP] leave out bytes with less than this share of the likeliest one's probability; 0
 * @property {number} [repetitionPenalty] above 1 avoids the bytes of the last while; 1
 * @property {number | bigint | string} [seed] the same seed gives the same bytes; else chosen at random
 * @property {AbortSignal} [signal] stops the writing
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
 * @property {number} seconds time the model has worked, reading the prompt included
 * @property {number} bytesPerSecond speed of writing
 */

/**
 * What came in one burst: nothing while the prompt is read.
 *
 * @typedef {object} Chunk
 * @property {Uint8Array} bytes
 * @property {Uint32Array} [tokens] of a model that reads BPE tokens: those that the bytes come from
 * @property {string} text of these bytes what is complete as UTF-8; U+FFFD stands for what never will be
 * @property {Stats} stats
 */

/**
 * How surprising a text is.
 *
 * @typedef {object} Score
 * @property {number} bitsPerByte mean over all bytes after the first patch
 * @property {number} bytes how many these are
 * @property {number[]} perByte bits of each
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
 * @property {string} flavour which of the archive's kinds of file it is: unpacked, compact or step
 * @property {{ state: "hit" | "stored" | "off", notice: string }} cache whether it came from the cache, is kept there
 *   now, or is not; `notice` says why not, if it was to be
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
 * @property {number} skipped how many tensors are none of the model's: an optimizer's state
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
 * Loads a model.
 *
 * @param {string | URL | Blob | Uint8Array} source a URL (relative to the page), a file, or its bytes
 * @param {LoadOptions} [options]
 * @returns {Promise<Model>}
 * @throws {CPU1Error} `network`, `format`, `names`, `tokenizer`, `memory`, `unsupported`, `settings`, `aborted`
 */
async function load(source, { signal, onProgress, names, threads, tokenizer, sha256 = "", cache = true } = {}) {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 16)) {
    throw new CPU1Error("settings", `The number of threads is ${threads}; it must be a whole number from 1 to 16.`);
  }
  const connection = new Connection();
  const abort = () => connection.close(aborted());
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted) throw aborted();
    const [place, table] = [resolve(source), tokenizer === undefined ? undefined : resolve(tokenizer)];
    const request = { type: /** @type {const} */ ("load"), place, names: JSON.stringify(names), threads, tokenizer: table, sha256, cache };
    const answers = connection.ask(request);
    for (;;) {
      const { done, value } = await answers.next();
      if (done) return new Model(connection, value);
      if (value.type === "progress") onProgress?.(/** @type {LoadProgress} */ (value));
    }
  } catch (error) {
    connection.close(closed());
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** @param {string | URL | Blob | Uint8Array} source */
function resolve(source) {
  if (source instanceof Blob || source instanceof Uint8Array) return source;
  try {
    return new URL(source, globalThis.document?.baseURI ?? location.href).href;
  } catch (cause) {
    throw new CPU1Error("network", `“${source}” is not an address.`, { cause });
  }
}

/** A loaded model. It does one thing at a time, in a worker of its own. */
class Model {
  #connection;
  /** Why it reads no text, if so. @type {string} */
  #lacking;
  /** @type {number} */
  #memory;

  /**
   * @param {Connection} connection
   * @param {Record<string, any>} loaded as the worker gives it; `info` is the wasm's
   */
  constructor(connection, { info, report, fetched, cache, lacking, memory }) {
    this.#connection = connection;
    this.#lacking = lacking;
    this.#memory = memory;
    const most = () => this.#memory;
    /** @type {Readonly<ModelInfo>} */
    this.info = Object.freeze({
      run: info.run,
      internalName: info.internal_name,
      summary: info.summary,
      parameters: info.parameters,
      ternary: info.ternary,
      deletesPatches: info.deletes_patches,
      packedBytes: info.packed_bytes,
      kernel: info.kernel,
      threads: info.threads,
      maxPromptBytes: info.max_prompt_bytes,
      config: info.config,
      reads: info.reads,
      tokenizer: info.reads === "tokens" && lacking === "",
      get memoryBytes() {
        return most();
      },
      fetchedBytes: fetched,
      flavour: report.flavour,
      cache,
      report,
    });
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
    const request = { type: /** @type {const} */ ("generate"), prompt: symbols, settings };
    /** @type {Stats | undefined} */
    let stats;
    for await (const note of this.#connection.ask(request, options.signal)) {
      if (note.type !== "bytes") continue;
      this.#memory = note.memory;
      stats = readStats(note.stats, note.milliseconds, note.writing);
      const tokens = note.tokens && { tokens: note.tokens };
      yield { bytes: note.bytes, ...tokens, text: decoder.decode(note.bytes, { stream: true }), stats };
    }
    const rest = decoder.decode();
    if (rest !== "" && stats !== undefined) yield { bytes: new Uint8Array(), text: rest, stats };
  }

  /**
   * Measures how well the model foresees a text.
   *
   * @param {string | Uint8Array} text
   * @param {{ signal?: AbortSignal, onProgress?: (progress: { loaded: number, total: number }) => void }} [options]
   * @returns {Promise<Score>}
   * @throws {CPU1Error} `text`, `tokenizer`, `busy`, `aborted`, `disposed`, `internal`
   */
  async score(text, { signal, onProgress } = {}) {
    if (this.#lacking) throw new CPU1Error("tokenizer", this.#lacking);
    const answers = this.#connection.ask({ type: "score", text: encode(text) }, signal);
    for (;;) {
      const { done, value } = await answers.next();
      if (done) return { bitsPerByte: value.bits_per_byte, bytes: value.bytes, perByte: value.per_byte };
      if (value.type === "progress") onProgress?.({ loaded: value.loaded, total: value.total });
    }
  }

  /**
   * A prompt as the worker takes it.
   *
   * @param {string | Uint8Array | Uint32Array} prompt
   */
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

  /** Ends the model's worker and frees its memory. */
  dispose() {
    this.#connection.close(closed());
  }
}

/** One worker, and who waits for its answers. */
class Connection {
  #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "cpu1" });
  /** @type {{ id: number, inbox: Inbox } | undefined} */
  #job;
  #requests = 0;
  /** Why there will be no more answers. @type {CPU1Error | undefined} */
  #ended;

  constructor() {
    this.#worker.onmessage = ({ data }) => {
      if (data.id === this.#job?.id) this.#job?.inbox.put(data.answer);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // it is told below
      const why = event.message ? `it stopped: ${event.message}` : "it could not be loaded from the page's server";
      this.close(new CPU1Error(event.message ? "internal" : "network", `The model's worker is gone; ${why}.`));
    };
  }

  /**
   * Sends a request and hands on what the worker notes, then returns the result. Leaving early, or
   * the signal, stops the job; either way it has ended when this returns.
   *
   * @param {Request} request
   * @param {AbortSignal} [signal]
   * @returns {AsyncGenerator<Note, any, void>}
   */
  async *ask(request, signal) {
    if (this.#ended) throw this.#ended;
    if (signal?.aborted) throw aborted();
    if (this.#job) {
      throw new CPU1Error("busy", "The model is already at work; stop that first, or wait until it is done.");
    }
    const id = ++this.#requests;
    const inbox = new Inbox();
    this.#job = { id, inbox };
    const stop = () => this.#worker.postMessage({ id, request: { type: "stop" } });
    signal?.addEventListener("abort", stop);
    let running = true;
    try {
      this.#worker.postMessage({ id, request });
      for (;;) {
        const answer = await inbox.take();
        running = answer.type !== "done" && answer.type !== "error";
        if (answer.type === "error") {
          const { details } = answer;
          const error = new CPU1Error(answer.code, answer.message, details && { details });
          if (answer.fatal) this.close(error);
          throw error;
        }
        if (answer.type === "done") {
          if (signal?.aborted) throw aborted();
          return JSON.parse(answer.result);
        }
        if (!signal?.aborted) yield answer;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      if (running) stop();
      while (running) {
        const { type } = await inbox.take();
        running = type !== "done" && type !== "error";
      }
      this.#job = undefined;
    }
  }

  /**
   * Ends the worker; whoever waits, or asks later, gets the reason.
   *
   * @param {CPU1Error} reason
   */
  close(reason) {
    if (this.#ended) return;
    this.#ended = reason;
    this.#worker.terminate();
    this.#job?.inbox.put({ type: "error", code: reason.code, message: reason.message, details: undefined, fatal: false });
  }
}

/** Messages in their order, for one reader who waits for them. */
class Inbox {
  /** @type {Answer[]} */
  #answers = [];
  #wake = () => {};

  /** @param {Answer} answer */
  put(answer) {
    this.#answers.push(answer);
    this.#wake();
  }

  /** @returns {Promise<Answer>} */
  async take() {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      await new Promise((wake) => {
        this.#wake = () => wake(undefined);
      });
    }
  }
}

/**
 * The options as the wasm reads them. It checks the ranges; here only what JSON cannot carry.
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

/**
 * @param {string} json
 * @param {number} milliseconds
 * @param {number} writing milliseconds of writing
 * @returns {Stats}
 */
function readStats(json, milliseconds, writing) {
  const stats = JSON.parse(json);
  return {
    promptPatches: stats.prompt_patches,
    readPatches: stats.read_patches,
    patches: stats.patches,
    deletedPatches: stats.deleted_patches,
    bytes: stats.bytes,
    seconds: milliseconds / 1000,
    bytesPerSecond: writing > 0 ? stats.bytes / (writing / 1000) : 0,
  };
}

function aborted() {
  return new CPU1Error("aborted", "It was stopped.");
}

function closed() {
  return new CPU1Error("disposed", "The model was given up; load it again.");
}

/** The models that are kept for the next visit. @returns {Promise<Entry[]>} */
async function cached() {
  return (await (await openStore())?.list()) ?? [];
}

/**
 * Forgets a model that is kept.
 *
 * @param {string} id as `cached` tells it
 */
async function remove(id) {
  await (await openStore())?.remove(id);
}

/** Forgets all models that are kept. */
async function removeAll() {
  await (await openStore())?.removeAll();
}

export const CPU1 = Object.freeze({
  load,
  /** Address of a file on the Hugging Face Hub by its name, `owner/repo/path@revision`, for `load`. */
  hub: hubAddress,
  /** What is in a folder on the Hub, by its name, `owner/repo/folder@revision`. */
  files: listFiles,
  cached,
  remove,
  removeAll,
  /** Address of the model that comes with the page. */
  EMBEDDED: new URL("./models/cpu1-rust-docs.pt", import.meta.url).href,
  Error: CPU1Error,
});
