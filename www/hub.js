// Files of the Hugging Face Hub, and large ones of any server: read in ranges, over connections
// that drop and servers that are busy.
import { CPU1Error } from "./errors.js";

/** @import { OnBytes, Source } from "./source.js" */

/** Where the Hub lives; tests put a stand-in here. */
const HUB = "https://huggingface.co";

/** How often one range is asked for, and the pause before the second time in milliseconds; it doubles. */
const TRIES = 5;
const PAUSE = 500;
/** The longest pause that a server may ask for by `Retry-After`. */
const LONGEST_PAUSE = 30_000;
/** Bytes kept in memory before they go into a Blob, which the browser may keep on disk. */
const BATCH = 4 * 2 ** 20;

/**
 * The address of a file by its name on the Hub, `owner/repo/path@revision`; without a revision `main`.
 *
 * @param {string} name
 * @param {string} [hub] origin of the Hub
 * @returns {URL}
 */
export function hubAddress(name, hub = HUB) {
  const [, owner, repo, path, revision = "main"] = /^([^/@]+)\/([^/@]+)\/([^@]+)(?:@(.+))?$/.exec(name) ?? [];
  if (path === undefined) {
    throw new CPU1Error("network", `“${name}” names no file on the Hub; that takes owner/repo/path or owner/repo/path@revision.`);
  }
  const parts = [owner, repo, "resolve", encodeURIComponent(revision), ...path.split("/").map(encodeURIComponent)];
  return new URL(parts.join("/"), `${hub}/`);
}

/**
 * Opens a file that is read in ranges. Its size comes from the first answer, as neither the headers
 * of a redirect nor those of HEAD can be relied on. A server that ignores ranges is asked for the
 * whole file once.
 *
 * @param {string} url
 * @param {OnBytes} onBytes hears of all bytes fetched; the total is 0, as only parts are wanted
 * @returns {Promise<Source>}
 */
export async function openRanges(url, onBytes) {
  const file = new RemoteFile(url, onBytes);
  const whole = await file.open();
  if (whole === undefined) return file;
  return {
    size: whole.size,
    read: async (start, end) => new Uint8Array(await whole.slice(start, end).arrayBuffer()),
  };
}

/** A failure that another try may mend. */
class Passing extends Error {
  /**
   * @param {string} what the reason, as a part of a sentence
   * @param {number} [pause] milliseconds that the server asks to wait
   */
  constructor(what, pause = 0) {
    super(what);
    this.pause = pause;
  }
}

class RemoteFile {
  size = 0;
  #url;
  #name;
  #onBytes;
  #fetched = 0;
  /** What the server calls this version of the file, where it lets us see that. @type {string | null} */
  #version = null;

  /**
   * @param {string} url
   * @param {OnBytes} onBytes
   */
  constructor(url, onBytes) {
    this.#url = url;
    this.#name = new URL(url).pathname.split("/").pop() || url;
    this.#onBytes = onBytes;
  }

  /** Learns the size; a server that ignores ranges gives the whole file. @returns {Promise<Blob | undefined>} */
  open() {
    return this.#patiently(async () => {
      const response = await this.#get("bytes=0-0");
      this.#version = response.headers.get("ETag");
      if (response.status === 200) return this.#whole(response);
      await drop(response);
      this.size = totalOf(response);
      if (this.size > 0) return undefined;
      throw new CPU1Error("network", `The server of ${this.#name} does not tell the size of the file.`);
    });
  }

  /**
   * @param {number} start
   * @param {number} end
   */
  async read(start, end) {
    const bytes = new Uint8Array(end - start);
    let at = 0;
    // Each try goes on at the byte where the one before stopped.
    await this.#patiently(async () => {
      const response = await this.#get(`bytes=${start + at}-${end - 1}`);
      const changed = response.status !== 206 || totalOf(response) !== this.size;
      if (changed || response.headers.get("ETag") !== this.#version) {
        await drop(response);
        throw new CPU1Error("network", `The file ${this.#name} changed on its server while it was read. Load it again.`);
      }
      await this.#drain(response, (piece) => {
        if (at + piece.length > bytes.length) throw new Passing("the server sent more than it was asked for");
        bytes.set(piece, at);
        at += piece.length;
      });
      if (at < bytes.length) throw new Passing("the connection broke off");
    });
    return bytes;
  }

  /**
   * A whole file, in a Blob.
   *
   * @param {Response} response
   */
  async #whole(response) {
    /** @type {Blob[]} */
    const batches = [];
    /** @type {BlobPart[]} */
    let pieces = [];
    let held = 0;
    let size = 0;
    await this.#drain(response, (piece) => {
      pieces.push(piece);
      held += piece.length;
      size += piece.length;
      if (held < BATCH) return;
      batches.push(new Blob(pieces));
      pieces = [];
      held = 0;
    });
    const sent = response.headers.get("Content-Encoding") === null ? response.headers.get("Content-Length") : null;
    if (sent !== null && Number(sent) !== size) throw new Passing("the connection broke off");
    return new Blob([...batches, ...pieces]);
  }

  /**
   * @param {Response} response
   * @param {(piece: Uint8Array<ArrayBuffer>) => void} take
   */
  async #drain(response, take) {
    const reader = response.body?.getReader();
    try {
      while (reader) {
        const { done, value } = await reader.read().catch(() => {
          throw new Passing("the connection broke off");
        });
        if (done) return;
        this.#fetched += value.length;
        this.#onBytes(this.#fetched, 0);
        take(value);
      }
    } finally {
      await reader?.cancel().catch(() => {});
    }
  }

  /**
   * One request, sorted by what can be done about its answer.
   *
   * @param {string} range
   */
  async #get(range) {
    const response = await fetch(this.#url, { headers: { Range: range }, cache: "no-store" }).catch(() => {
      throw new Passing("the connection failed, or the server lets no other site read the file");
    });
    if (response.ok) return response;
    await drop(response);
    const { status } = response;
    if (status === 429 || status >= 500) {
      throw new Passing(`the server answered ${status}`, 1000 * Number(response.headers.get("Retry-After") ?? 0));
    }
    const why = status === 404 ? "it is not there" : `the server answered ${status}`;
    throw new CPU1Error("network", `The file ${this.#name} could not be fetched: ${why}.`);
  }

  /**
   * Does something again, after pauses, as long as its failures are passing ones.
   *
   * @template T
   * @param {() => Promise<T>} step
   * @returns {Promise<T>}
   */
  async #patiently(step) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof Passing)) throw error;
        if (tries === TRIES) {
          throw new CPU1Error("network", `The file ${this.#name} could not be fetched in ${TRIES} tries: ${error.message}.`, {
            cause: error,
          });
        }
        const asked = Number.isFinite(error.pause) ? error.pause : 0;
        await sleep(Math.min(Math.max(asked, PAUSE * 2 ** (tries - 1)), LONGEST_PAUSE));
      }
    }
  }
}

/**
 * The size of the whole file by `Content-Range: bytes a-b/size`; 0 where it is not told.
 *
 * @param {Response} response
 */
function totalOf(response) {
  return Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? 0);
}

/**
 * Gives up the rest of an answer, which may have broken off already.
 *
 * @param {Response} response
 */
async function drop(response) {
  await response.body?.cancel().catch(() => {});
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
