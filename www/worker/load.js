// How a model is loaded in the worker: from the cache where it is kept, else from its source, and
// then into the cache.
import { chooseThreads } from "../api/engine.js";
import { CPU1Error } from "../api/errors.js";
import { readAddress } from "../api/hub.js";
import { gatherTeam, said, startProgram } from "./program.js";
import { fetchAll, nameOf } from "../api/remote.js";
import { Slot } from "./slot.js";
import { blobSource, openSource } from "./source.js";

/** @import { FileRequest, LoadNote, ProbeNote, ProbeRequest } from "../api/protocol.js" */
/** @import { Source } from "../api/remote.js" */
/** @import { Model, Packed, Program, Team } from "./program.js" */
/** @import { Kept } from "../api/store.js" */

/**
 * A model and how it came here.
 *
 * @typedef {object} Loaded
 * @property {Model} model
 * @property {any} report what was decided about the tensors of its file
 * @property {number} fetched bytes
 * @property {{ state: "hit" | "stored" | "off", notice: string }} cache `notice` says why a model is not kept, or where else than usual; or is empty
 * @property {string} lacking why a model of BPE tokens reads no text, as a sentence; else empty
 * @property {WebAssembly.Memory} memory
 * @property {Team} team
 */

/** @typedef {Omit<Loaded, "memory" | "team">} Result */

/** A tokenizer.json is some megabytes at most. */
const LARGEST_TOKENIZER = 32 * 2 ** 20;
/** A config.json is some kilobytes. */
const LARGEST_CONFIG = 2 ** 20;
/** Patches in a burst of a probe, between which it can be stopped: some 30 ms of a large model. */
const PROBE_BURST = 16;

/**
 * @param {FileRequest} request
 * @param {Promise<WebAssembly.Module>} module the program's
 * @param {(note: LoadNote) => void} note
 * @returns {Promise<Loaded>}
 */
export async function loadModel(request, module, note) {
  refusePart(request.place);
  const members = chooseThreads(request.threads);
  // The program starts while the network answers.
  const [{ program, memory }, loading] = await Promise.all([begin(module, request.wish.kernel), Loading.begin(request, note)]);
  const result = await loading.finish(program, members);
  team ??= gatherTeam(members);
  return { ...result, memory, team };
}

/**
 * Finds out how a model has to be read.
 *
 * @param {ProbeRequest} request
 * @param {Promise<WebAssembly.Module>} module the program's
 * @param {(note: LoadNote | ProbeNote) => void} note
 * @param {() => Promise<unknown>} breathe lets the worker hear a stop
 * @returns {Promise<string>} JSON
 */
export async function probeModel(request, module, note, breathe) {
  const members = chooseThreads(request.threads);
  const [{ program }, loading] = await Promise.all([begin(module, request.wish.kernel), Loading.begin(request, note)]);
  const packed = await loading.unpack(program);
  team ??= gatherTeam(members);
  await team.arrival.catch(() => {}); // without helpers it works alone
  const threads = team.complete ? members : 1;
  const probe = await said("text", () => packed.probe(threads, request.text));
  while (!probe.advance(PROBE_BURST)) {
    note({ type: "progress", phase: "probe", loaded: probe.progress(), total: 1 });
    await breathe();
  }
  const result = probe.result();
  probe.free();
  return result;
}

/** The program and its team, which all models of this worker share. @type {ReturnType<typeof startProgram> | undefined} */
let started;
/** @type {Team | undefined} */
let team;

/** @param {Promise<WebAssembly.Module>} module @param {string} [kernel] */
async function begin(module, kernel) {
  started ??= startProgram(await module, kernel);
  return started;
}

/** One model on its way into memory: from its place in the cache, or from its source, which is opened then. */
class Loading {
  #slot;
  #request;
  #note;
  /** @type {Kept | undefined} */
  #kept;
  /** @type {ReturnType<typeof openSource> | undefined} */
  #source;
  /** Bytes that came over the network. */
  #fetched = 0;

  /**
   * @param {Slot} slot
   * @param {FileRequest} request
   * @param {(note: LoadNote) => void} note
   */
  constructor(slot, request, note) {
    this.#slot = slot;
    this.#request = request;
    this.#note = note;
  }

  /** @param {FileRequest} request @param {(note: LoadNote) => void} note */
  static async begin(request, note) {
    const loading = new Loading(await Slot.of(request), request, note);
    loading.#kept = await loading.#slot.find(request.sha256);
    if (loading.#kept === undefined) await loading.#open();
    return loading;
  }

  #open() {
    this.#source ??= openSource(this.#request.place, (loaded, total) => {
      this.#fetched = loaded;
      this.#note({ type: "progress", phase: "fetch", loaded, total });
    });
    return this.#source;
  }

  /** @param {Program} program @param {number} members */
  async finish(program, members) {
    return (await this.#fromCache(program, members)) ?? this.#fromSource(program, members);
  }

  /**
   * @param {Program} program
   * @param {number} members
   * @returns {Promise<Result | undefined>} nothing where it is not kept; what is damaged is removed
   */
  async #fromCache(program, members) {
    const kept = this.#kept;
    if (kept === undefined) return undefined;
    try {
      const packed = await this.#unpack(program, blobSource(kept.model));
      const model = await said("format", () => packed.model(members));
      if (kept.tokenizer) await setTokenizer(model, await bytesOf(kept.tokenizer));
      const lacking = readsTokens(model) && !kept.tokenizer ? lackingTokenizer(this.#request.place) : "";
      return { model, report: kept.about.report, fetched: 0, cache: { state: "hit", notice: "" }, lacking };
    } catch (error) {
      if (!(error instanceof CPU1Error) || error.code === "aborted") throw error;
      await this.#slot.remove();
      return undefined;
    }
  }

  /**
   * @param {Program} program
   * @param {number} members
   * @returns {Promise<Result>}
   */
  async #fromSource(program, members) {
    const { place, tokenizer, sha256 } = this.#request;
    const slot = this.#slot;
    const [source, beside] = await Promise.all([this.#open(), configBeside(this.#request)]);
    const given = tokenizer === undefined ? undefined : await bytesOf(tokenizer);
    const packed = await this.#unpack(program, source, { ...this.#reading, beside });
    const report = JSON.parse(packed.report());
    const { run, flavour } = report;
    const address = typeof place === "string" ? place : "";
    const origin = { source: address, revision: (address && readAddress(address)?.revision) ?? "", sha256 };
    const about = { ...origin, run, flavour, date: new Date().toISOString(), report };
    try {
      if (source.far) await slot.write(packed.bytes, this.#pieces(packed));
      const model = await said("format", () => packed.model(members));
      const found = await this.#settleTokenizer(model, given);
      if (found.notes) report.notes.push(...found.notes);
      // A tokenizer that a later visit may find is not kept as missing.
      if (found.passing) await slot.abandon("its tokenizer cannot be used");
      await slot.commit(found.tokenizer, about);
      return { model, report, fetched: this.#fetched, cache: slot.state, lacking: found.lacking };
    } catch (error) {
      await slot.abandon("it cannot be used");
      throw error;
    }
  }

  /** The model of the source, to be probed. @param {Program} program */
  async unpack(program) {
    const [source, beside] = await Promise.all([this.#open(), configBeside(this.#request)]);
    return this.#unpack(program, source, { ...this.#reading, beside, probed: "yes" });
  }

  /** How the source is to be read, as a person says. */
  get #reading() {
    const { names, config, weights, dialect } = this.#request;
    return { names, config, weights, dialect };
  }

  /** The packed model as a file, piece by piece. @param {Packed} packed */
  *#pieces(packed) {
    let loaded = 0;
    for (let piece = packed.piece(); piece !== undefined; piece = packed.piece()) {
      yield /** @type {Uint8Array<ArrayBuffer>} */ (piece);
      loaded += piece.length;
      this.#note({ type: "progress", phase: "pack", loaded, total: packed.bytes });
    }
  }

  /**
   * @param {Program} program
   * @param {Source} source
   * @param {Record<string, string | undefined>} [reading] how it is read, as the wasm wants it
   */
  #unpack(program, source, reading = {}) {
    return said("format", async () => {
      const loader = new program.Loader(source.size, JSON.stringify(reading));
      try {
        for (let range = loader.wants(); range !== undefined; range = loader.wants()) {
          const [start = 0, end = 0, ahead = 0] = range;
          loader.feed(await source.read(start, end, ahead));
          const [loaded = 0, total = 0] = loader.progress();
          this.#note({ type: "progress", phase: "unpack", loaded, total });
        }
      } catch (error) {
        // Without this its memory would stay in use until the browser collects it. After a trap it must not be touched.
        if (!(error instanceof WebAssembly.RuntimeError)) loader.free();
        throw error;
      }
      return loader.finish();
    });
  }

  /**
   * Gives a model of BPE tokens its tokenizer: the one that came with the request, or one that lies
   * beside its file, without which it can still be given token ids.
   *
   * @param {Model} model
   * @param {Uint8Array<ArrayBuffer> | undefined} given
   * @returns {Promise<{ tokenizer?: Uint8Array<ArrayBuffer>, lacking: string, notes?: string[], passing?: boolean }>}
   *   `notes`: what a person should know of it; `passing`: it has none now, and may get one another time
   */
  async #settleTokenizer(model, given) {
    if (!readsTokens(model)) return { lacking: "" };
    if (given) {
      return { tokenizer: given, lacking: "", notes: await setTokenizer(model, given) };
    }
    const { place } = this.#request;
    try {
      const tokenizer = typeof place === "string" ? await fetchTokenizer(new URL("tokenizer.json", place).href) : undefined;
      if (tokenizer === undefined) return { lacking: lackingTokenizer(place) };
      return { tokenizer, lacking: "", notes: await setTokenizer(model, tokenizer) };
    } catch (error) {
      if (!(error instanceof CPU1Error)) throw error;
      return { lacking: error.message, passing: true };
    }
  }
}

/**
 * One of the files of a model that is saved in several is no model.
 *
 * @param {FileRequest["place"]} place
 */
function refusePart(place) {
  const name = typeof place === "string" ? nameOf(place) : "name" in place ? String(place.name) : "";
  const [, count = 1] = /-\d+-of-(\d+)\.safetensors$/.exec(name) ?? [];
  if (Number(count) < 2) return;
  const merge = "Merge them in Python, by load_file and save_file of safetensors.torch, and load what this gives.";
  throw new CPU1Error("format", `The file ${name} is one of ${Number(count)} that hold a model together. ${merge}`);
}

/**
 * The config.json beside a safetensors file, as models on the Hub have it.
 *
 * @param {FileRequest} request
 */
async function configBeside({ place, config }) {
  if (config !== undefined || typeof place !== "string" || !/^https?:[^?#]*\.safetensors(?:[?#]|$)/.test(place)) return undefined;
  const name = "config.json";
  const answer = await fetchAll(new URL(name, place).href, { name, most: LARGEST_CONFIG });
  return answer && new TextDecoder().decode(answer.bytes);
}

/** @param {Model} model */
function readsTokens(model) {
  return JSON.parse(model.info()).reads === "tokens";
}

/** @param {Model} model @param {Uint8Array} bytes of a tokenizer.json */
function setTokenizer(model, bytes) {
  return said("tokenizer", () => model.setTokenizer(bytes));
}

/** @param {string | Blob | Uint8Array} tokenizer */
async function bytesOf(tokenizer) {
  if (tokenizer instanceof Uint8Array) return new Uint8Array(tokenizer);
  if (tokenizer instanceof Blob) return said("tokenizer", async () => new Uint8Array(await tokenizer.arrayBuffer()));
  const bytes = await fetchTokenizer(tokenizer);
  if (bytes) return bytes;
  throw new CPU1Error("tokenizer", `The tokenizer ${nameOf(tokenizer)} could not be fetched: it is not there.`);
}

/** @param {string} url */
async function fetchTokenizer(url) {
  return (await fetchAll(url, { name: nameOf(url), most: LARGEST_TOKENIZER }))?.bytes;
}

/** @param {FileRequest["place"]} place */
function lackingTokenizer(place) {
  const what =
    typeof place === "string"
      ? "none lies beside its file. Put its tokenizer.json there, or give that"
      : "a file alone brings none. Give its tokenizer.json";
  return (
    `This model reads BPE tokens and has no tokenizer: ${what} with the option “tokenizer”; ` +
    "token ids, a Uint32Array, can be continued without."
  );
}
