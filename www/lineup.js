// A few models beside one another: those that are compared, or that score a text.
import { loadModel, session } from "./session.js";
import { asError } from "./status.js";

/** @import { Model, Source } from "./session.js" */

/** How many stand side by side. */
export const MOST_MODELS = 4;

/**
 * One of them, with what belongs to it.
 *
 * @template T
 * @typedef {{ source: Source, row: T }} Entry
 */

/** @template T */
export class Lineup {
  /** @type {Entry<T>[]} */
  entries = [];
  #makeRow;

  /** @param {(source: Source, remove: () => void) => T} makeRow puts a model on the page */
  constructor(makeRow) {
    this.#makeRow = makeRow;
  }

  /** Begins with the page's model, unless there is one already. */
  begin() {
    if (this.entries.length === 0 && session.source) this.add(session.source);
  }

  get isFull() {
    return this.entries.length === MOST_MODELS;
  }

  /** @param {Source} source */
  add(source) {
    if (this.isFull) return;
    /** @type {Entry<T>} */
    const entry = {
      source,
      row: this.#makeRow(source, () => {
        this.entries = this.entries.filter((other) => other !== entry);
      }),
    };
    this.entries.push(entry);
  }

  /**
   * Does something with each model in turn. One is in memory at a time, beside the page's own.
   *
   * @param {AbortSignal} signal
   * @param {(model: Model, row: T) => Promise<void>} act
   * @param {(row: T, error: unknown) => void} fail hears why a model could not; the others go on, unless the program stopped
   */
  async each(signal, act, fail) {
    for (const { source, row } of [...this.entries]) {
      /** @type {Model | undefined} */
      let loaded;
      try {
        const own = source === session.source ? session.model : undefined;
        if (!own) loaded = await loadModel(source, source.name, signal);
        const model = own ?? loaded;
        if (model) await act(model, row);
      } catch (error) {
        if (signal.aborted || asError(error).code === "internal") throw error;
        fail(row, error);
      } finally {
        loaded?.dispose();
      }
    }
  }
}

