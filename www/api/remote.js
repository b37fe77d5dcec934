// Files of other servers: read in ranges, over connections that drop and servers that are busy.
import { CPU1Error } from "./errors.js";

/**
 * A file that can be read in pieces.
 *
 * @typedef {object} Source
 * @property {number} size bytes of the whole file
 * @property {(start: number, end: number, ahead: number) => Promise<Uint8Array>} read exactly the bytes
 *   [start, end); those up to `ahead` will be asked for after them, in order
 */

/** @typedef {(loaded: number, total: number) => void} OnBytes total is 0 where it is not known */

/** How often one range is asked for, and the pause before the second time in milliseconds; it doubles. */
const TRIES = 5;
const PAUSE = 500;
/** The longest pause that a server may ask for by `Retry-After`. */
const LONGEST_PAUSE = 30_000;
/** A server that sends nothing for so many milliseconds is asked again. */
const LONGEST_SILENCE = 20_000;
/** Bytes kept in memory before they go into a Blob, which the browser may keep on disk. */
const BATCH = 4 * 2 ** 20;
/** Files are fetched whole, from servers that ignore ranges, up to this size. */
const MOST_WHOLE = 2 ** 30;

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

/**
 * What a server answers to a plain GET, read to its end.
 *
 * @param {string} url
 * @param {object} options
 * @param {string} options.name what the address is called in errors
 * @param {number} options.most bytes; more are an error
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, headers: Headers } | undefined>} nothing where it is not there
 * @throws {CPU1Error} `network`, and the signal's reason
 */
export function fetchAll(url, { name, most, signal }) {
  return patiently(name, async () => {
    const response = await get(url, name, { signal });
    if (response === undefined) return undefined;
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const pieces = [];
    let size = 0;
    await drain(response, (piece) => {
      pieces.push(piece);
      size += piece.length;
      if (size > most) throw new CPU1Error("network", `What the server sends as ${name} is too large to be that.`);
    });
    checkLength(response, size);
    return { bytes: new Uint8Array(await new Blob(pieces).arrayBuffer()), headers: response.headers };
  }, signal);
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

/** An answer that is read as its bytes are asked for; the browser holds the rest back. */
class Stretch {
  #reader;
  /** What came and was not asked for yet. */
  #rest = new Uint8Array();

  /**
   * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
   * @param {number} at of the file, where the next byte comes from
   * @param {number} end of the file, where the answer ends
   */
  constructor(body, at, end) {
    this.#reader = body.getReader();
    this.at = at;
    this.end = end;
  }

  /** The next bytes, `most` at most and one at least. @param {number} most */
  async next(most) {
    while (this.#rest.length === 0) {
      const { done, value } = await inTime(this.#reader.read().catch(breaks));
      if (done) throw new Passing("the connection broke off");
      if (value.length > this.end - this.at) throw new Passing("the server sent more than it was asked for");
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    this.at += piece.length;
    return piece;
  }

  async close() {
    await this.#reader.cancel().catch(() => {});
  }
}

/** A file that the server sends in ranges. */
class RemoteFile {
  size = 0;
  #url;
  #name;
  #onBytes;
  #fetched = 0;
  /** What the server calls this version of the file, where it lets us see that. @type {string | null} */
  #version = null;
  /** The answer that is being read. @type {Stretch | undefined} */
  #stretch;

  /** @param {string} url @param {OnBytes} onBytes */
  constructor(url, onBytes) {
    this.#url = url;
    this.#name = nameOf(url);
    this.#onBytes = onBytes;
  }

  /** Learns the size; a server that ignores ranges gives the whole file. @returns {Promise<Blob | undefined>} */
  open() {
    return patiently(this.#name, async () => {
      const response = await this.#get("bytes=0-0");
      this.#version = response.headers.get("ETag");
      if (response.status === 200) return this.#whole(response);
      await drop(response);
      this.size = rangeOf(response).total;
      if (this.size > 0) return undefined;
      throw new CPU1Error("network", `The server of ${this.#name} does not tell the size of the file.`);
    });
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} ahead
   */
  async read(start, end, ahead) {
    const bytes = new Uint8Array(end - start);
    let at = 0;
    // Each try goes on at the byte where the one before stopped.
    await patiently(this.#name, async () => {
      try {
        const stretch = await this.#stretchAt(start + at, Math.max(end, ahead));
        while (at < bytes.length) {
          const piece = await stretch.next(bytes.length - at);
          bytes.set(piece, at);
          at += piece.length;
          this.#heard(piece.length);
        }
        if (stretch.at === stretch.end) await this.#leave();
      } catch (error) {
        await this.#leave();
        throw error;
      }
    });
    return bytes;
  }

  /**
   * The answer whose next byte is that at `start`: the one at hand, or a new one that ends at `end`.
   *
   * @param {number} start
   * @param {number} end
   */
  async #stretchAt(start, end) {
    if (this.#stretch?.at === start) return this.#stretch;
    await this.#leave();
    const response = await this.#get(`bytes=${start}-${end - 1}`);
    const range = rangeOf(response);
    const changed = response.status !== 206 || range.total !== this.size;
    if (changed || response.headers.get("ETag") !== this.#version) {
      await drop(response);
      throw new CPU1Error("network", `The file ${this.#name} changed on its server while it was read. Load it again.`);
    }
    if (range.start !== start || range.end !== end || response.body === null) {
      await drop(response);
      throw new Passing("the server sent another range than it was asked for");
    }
    this.#stretch = new Stretch(response.body, start, end);
    return this.#stretch;
  }

  async #leave() {
    await this.#stretch?.close();
    this.#stretch = undefined;
  }

  /** A whole file, in a Blob. @param {Response} response */
  async #whole(response) {
    /** @type {Blob[]} */
    const batches = [];
    /** @type {BlobPart[]} */
    let pieces = [];
    let held = 0;
    let size = 0;
    await drain(response, (piece) => {
      pieces.push(piece);
      held += piece.length;
      size += piece.length;
      this.#heard(piece.length);
      if (size > MOST_WHOLE) {
        throw new CPU1Error("network", `The server of ${this.#name} sends no ranges, and the file is too large to be fetched whole.`);
      }
      if (held < BATCH) return;
      batches.push(new Blob(pieces));
      pieces = [];
      held = 0;
    });
    checkLength(response, size);
    return new Blob([...batches, ...pieces]);
  }

  /** @param {number} bytes */
  #heard(bytes) {
    this.#fetched += bytes;
    this.#onBytes(this.#fetched, 0);
  }

  /** @param {string} range */
  async #get(range) {
    const response = await get(this.#url, this.#name, { headers: { Range: range }, cache: "no-store" });
    if (response) return response;
    throw new CPU1Error("network", `The file ${this.#name} could not be fetched: it is not there.`);
  }
}

/**
 * One request, sorted by what can be done about its answer.
 *
 * @param {string} url
 * @param {string} name
 * @param {RequestInit} init
 * @returns {Promise<Response | undefined>} nothing for 404
 */
async function get(url, name, init) {
  const answer = fetch(url, init).catch(() => {
    init.signal?.throwIfAborted();
    throw new Passing("the connection failed, or the server lets no other site read the file");
  });
  const response = await inTime(answer).catch((error) => {
    answer.then(drop, () => {}); // in case that it comes after all
    throw error;
  });
  if (response.ok) return response;
  await drop(response);
  const { status } = response;
  if (status === 404) return undefined;
  if (status === 429 || status >= 500) {
    throw new Passing(`the server answered ${status}`, 1000 * Number(response.headers.get("Retry-After") ?? 0));
  }
  throw new CPU1Error("network", `The file ${name} could not be fetched: the server answered ${status}.`);
}

/**
 * Does something again, after pauses, as long as its failures are passing ones.
 *
 * @template T
 * @param {string} name of what is fetched
 * @param {() => Promise<T>} step
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
async function patiently(name, step, signal) {
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (tries === TRIES) {
        throw new CPU1Error("network", `The file ${name} could not be fetched in ${TRIES} tries: ${error.message}.`, {
          cause: error,
        });
      }
      const asked = Number.isFinite(error.pause) ? error.pause : 0;
      await sleep(Math.min(Math.max(asked, PAUSE * 2 ** (tries - 1)), LONGEST_PAUSE), signal);
    }
  }
}

/** @param {Response} response @param {(piece: Uint8Array<ArrayBuffer>) => void} take */
async function drain(response, take) {
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await inTime(reader.read().catch(breaks));
      if (done) return;
      take(value);
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

/**
 * Waits for something of a server, but not for ever.
 *
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
async function inTime(answer) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const silence = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Passing("the server fell silent")), LONGEST_SILENCE);
  });
  try {
    return await Promise.race([answer, /** @type {Promise<never>} */ (silence)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @returns {never} */
function breaks() {
  throw new Passing("the connection broke off");
}

/**
 * The length that an answer announced has to be the one it had; of a compressed one it says nothing.
 *
 * @param {Response} response
 * @param {number} size
 */
function checkLength({ headers }, size) {
  const announced = headers.has("Content-Encoding") ? null : headers.get("Content-Length");
  if (announced !== null && Number(announced) !== size) breaks();
}

/** What `Content-Range: bytes a-b/total` says; zeros where it says nothing. @param {Response} response */
function rangeOf({ headers }) {
  const [, first = 0, last = -1, total = 0] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("Content-Range") ?? "") ?? [];
  return { start: Number(first), end: Number(last) + 1, total: Number(total) };
}

/** The last part of an address's path. @param {string} url */
export function nameOf(url) {
  return new URL(url).pathname.split("/").pop() || url;
}

/** Gives up the rest of an answer, which may have broken off already. @param {Response} response */
async function drop(response) {
  await response.body?.cancel().catch(() => {});
}

/** @param {number} milliseconds @param {AbortSignal} [signal] ends it early */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", resolve);
  });
}
