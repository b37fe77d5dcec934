// The place in the cache of the model that is being loaded. If something fails here, for example because the
// quota is full, that is a notice: the model still runs, and the next visit fetches it again.
import { openStore } from "../api/store.js";

/** @import { FileRequest } from "../api/protocol.js" */
/** @import { About, Store, Writing } from "../api/store.js" */

export class Slot {
  #id = "";
  #notice = "";
  /** Whether a model is to be kept here at all. */
  #wanted = false;
  /** @type {Store | undefined} */
  #store;
  /** @type {Writing | undefined} */
  #writing;

  /**
   * Models that come from an address have a place. The address, how it is read and the tokenizer say which.
   *
   * @param {FileRequest} request
   */
  static async of({ place, names, config, weights, dialect, tokenizer, cache }) {
    const slot = new Slot();
    slot.#wanted = cache && typeof place === "string";
    if (!slot.#wanted) return slot;
    slot.#store = await openStore();
    if (slot.#store === undefined) return slot;
    const own = typeof tokenizer === "string" || tokenizer === undefined ? tokenizer : await digest(tokenizer);
    // What was kept before there were these choices is still found.
    const chosen = [config, weights, dialect].some((choice) => choice !== undefined) ? [config, weights, dialect] : [];
    slot.#id = await digest(new Blob([JSON.stringify([place, names, own, ...chosen])]));
    return slot;
  }

  /**
   * What is kept, unless it was made from a file with another sha256.
   *
   * @param {string} sha256 of the file that is wanted, or empty
   */
  async find(sha256) {
    const kept = await this.#store?.find(this.#id).catch(() => undefined);
    const other = kept !== undefined && sha256 !== "" && kept.about.sha256 !== "" && sha256 !== kept.about.sha256;
    return other ? undefined : kept;
  }

  /** Gives up what is kept. */
  async remove() {
    await this.#store?.remove(this.#id).catch(() => {}); // it is about to be written again
  }

  /**
   * Writes a packed model. It is not an entry before `commit`.
   *
   * @param {number} size bytes of its file, or 0 where there cannot be one
   * @param {Iterable<Uint8Array<ArrayBuffer>>} pieces
   */
  async write(size, pieces) {
    if (!this.#wanted) return;
    if (this.#store === undefined) return this.#leave("this browser keeps no files for this page");
    if (size === 0) return this.#leave("it is too large for one file");
    try {
      this.#writing = await this.#store.create(this.#id);
      for (const piece of pieces) this.#writing.write(piece);
    } catch (error) {
      await this.#leave(reason(error));
    }
  }

  /**
   * Makes an entry of what was written.
   *
   * @param {Uint8Array<ArrayBuffer> | undefined} tokenizer
   * @param {About} about
   */
  async commit(tokenizer, about) {
    try {
      await this.#writing?.commit(tokenizer, about);
    } catch (error) {
      await this.#leave(reason(error));
    }
  }

  /** Removes what was written. @param {string} why as a part of a sentence */
  async abandon(why) {
    if (this.#writing) await this.#leave(why);
  }

  /** How a model that was fetched is kept now. @returns {{ state: "stored" | "off", notice: string }} */
  get state() {
    return this.#writing ? { state: "stored", notice: this.#store?.notice ?? "" } : { state: "off", notice: this.#notice };
  }

  /** @param {string} why */
  async #leave(why) {
    await this.#writing?.abandon().catch(() => {}); // the next tab that keeps a model tidies up
    this.#writing = undefined;
    this.#notice = `The model is not kept for the next visit: ${why}.`;
  }
}

/** Why the browser did not write, as a part of a sentence. @param {unknown} error */
function reason(error) {
  if (error instanceof WebAssembly.RuntimeError) throw error; // that is the program, not the browser
  const name = error instanceof Error ? error.name : String(error);
  if (name === "QuotaExceededError") return "the space that the browser gives this page is used up; remove models that are kept";
  if (name === "NoModificationAllowedError") return "another tab is keeping it right now";
  return `the browser refused to write it (${name})`;
}

/** @param {Blob | Uint8Array} bytes */
async function digest(bytes) {
  const whole = bytes instanceof Blob ? await bytes.arrayBuffer() : new Uint8Array(bytes);
  const hash = await crypto.subtle.digest("SHA-256", whole);
  return Array.from(new Uint8Array(hash, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
