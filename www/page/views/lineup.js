// The models of a view that uses several: those that are compared, or that score a text.
import { make } from "../../ui/dom.js";
import { pickModel } from "../models/picker.js";
import { loadModel, session } from "../session.js";
import { asError } from "../status.js";

/** @import { CPU1Error } from "../../api/errors.js" */
/** @import { Model, ModelFile } from "../session.js" */

/** How many there can be. */
const MOST_MODELS = 4;

/**
 * Models, each with its row on the page.
 *
 * @template {{ element: HTMLElement }} Row
 */
export class Lineup {
  /** @type {{ file: ModelFile, row: Row }[]} */
  #entries = [];
  #more;
  #makeRow;

  /**
   * @param {HTMLButtonElement} more lets a person choose one more
   * @param {(name: string, away: HTMLButtonElement) => Row} makeRow puts a model on the page; `away` takes it off
   */
  constructor(more, makeRow) {
    this.#more = more;
    this.#makeRow = makeRow;
    more.addEventListener("click", () => {
      if (session.doing === undefined) pickModel((file) => this.#add(file), { loads: false });
    });
  }

  /** Begins with the page's model, unless there is one already. */
  begin() {
    if (this.#entries.length === 0 && session.file) this.#add(session.file);
  }

  get rows() {
    return this.#entries.map(({ row }) => row);
  }

  /** @param {ModelFile} file */
  #add(file) {
    const { name } = file;
    const away = make("button", { type: "button", className: "small", ariaLabel: `Remove ${name}` }, "Remove");
    const entry = { file, row: this.#makeRow(name, away) };
    away.addEventListener("click", () => {
      if (session.doing) return;
      this.#entries = this.#entries.filter((other) => other !== entry);
      entry.row.element.remove();
      this.#more.hidden = false;
      this.#more.focus();
    });
    this.#entries.push(entry);
    this.#more.hidden = this.#entries.length === MOST_MODELS;
  }

  /**
   * Does something with each model in turn. One is in memory at a time, beside the page's own.
   *
   * @param {AbortSignal} signal
   * @param {(model: Model, row: Row) => Promise<void>} act
   * @param {(row: Row, error: CPU1Error) => void} fail is told why a model failed; the others go on, unless the program stopped
   */
  async each(signal, act, fail) {
    for (const entry of this.#entries) {
      const { row } = entry;
      // The page may have come to read it otherwise.
      const file = session.file && isSame(session.file.place, entry.file.place) ? session.file : entry.file;
      /** @type {Model | undefined} */
      let loaded;
      try {
        const own = file === session.file ? session.model : undefined;
        if (!own) loaded = await loadModel(file, file.name, signal);
        const model = own ?? loaded;
        if (model) await act(model, row);
      } catch (caught) {
        const error = asError(caught);
        if (signal.aborted || error.code === "internal") throw error;
        fail(row, error);
      } finally {
        loaded?.dispose();
      }
    }
  }
}

/** Whether two places are the same. @param {URL | File} one @param {URL | File} other */
function isSame(one, other) {
  return one instanceof File || other instanceof File ? one === other : one.href === other.href;
}
