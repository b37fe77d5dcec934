// A few models beside one another: those that are compared, or that score a text.
import { make } from "../../ui/dom.js";
import { pickModel } from "../models/picker.js";
import { loadModel, session } from "../session.js";
import { asError } from "../status.js";

/** @import { Model, Source } from "../session.js" */

/** How many stand side by side. */
const MOST_MODELS = 4;

/**
 * Those on one tab, each with its row on the page.
 *
 * @template {{ element: HTMLElement }} Row
 */
export class Lineup {
  /** @type {{ source: Source, row: Row }[]} */
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
      if (session.doing === undefined) pickModel((source) => this.#add(source), { loads: false });
    });
  }

  /** Begins with the page's model, unless there is one already. */
  begin() {
    if (this.#entries.length === 0 && session.source) this.#add(session.source);
  }

  get rows() {
    return this.#entries.map(({ row }) => row);
  }

  /** @param {Source} source */
  #add(source) {
    const { name } = source;
    const away = make("button", { type: "button", className: "small", ariaLabel: `Remove ${name}` }, "Remove");
    const entry = { source, row: this.#makeRow(name, away) };
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
   * @param {(row: Row, error: unknown) => void} fail hears why a model could not; the others go on, unless the program stopped
   */
  async each(signal, act, fail) {
    for (const { source, row } of this.#entries) {
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
