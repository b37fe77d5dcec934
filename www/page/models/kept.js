// The models that the browser keeps for the next visit: a list to look at and to clear.
import { sayBytes } from "../../api/errors.js";
import { CPU1 } from "../../cpu1.js";
import { element, make } from "../../ui/dom.js";
import { sayPlace } from "./catalog.js";

/** @import { Entry } from "../../api/store.js" */

const page = {
  kept: element("shelf", HTMLDetailsElement),
  summary: element("shelf-summary", HTMLElement),
  list: element("shelf-list", HTMLUListElement),
  removeAll: element("shelf-remove-all", HTMLButtonElement),
  empty: element("shelf-empty", HTMLElement),
};

export class KeptList {
  /** @type {Entry[]} */
  #entries = [];
  #onChange;

  /** @param {() => void} onChange hears that there are others now */
  constructor(onChange) {
    this.#onChange = onChange;
    page.removeAll.addEventListener("click", () => this.#change(() => CPU1.removeAll()));
  }

  /** Whether the model at an address is kept. @param {URL} place */
  has(place) {
    return this.#entries.some(({ source }) => source === place.href);
  }

  /** Looks what is kept now. */
  async refresh() {
    this.#entries = await CPU1.cached().catch(() => []);
    this.#entries.sort((a, b) => b.date.localeCompare(a.date));
    const size = this.#entries.reduce((sum, entry) => sum + entry.size, 0);
    const count = this.#entries.length;
    page.summary.textContent = count === 0 ? "none" : `${count}, ${sayBytes(size)}`;
    page.list.replaceChildren(...this.#entries.map((entry) => this.#row(entry)));
    page.empty.hidden = count > 0;
    page.removeAll.hidden = count === 0;
    this.#onChange();
  }

  /** @param {Entry} entry */
  #row({ id, source, flavour, size, date }) {
    const name = sayPlace(source);
    const button = make("button", { type: "button", className: "small", ariaLabel: `Delete ${name}` }, "Delete");
    button.addEventListener("click", () => this.#change(() => CPU1.remove(id)));
    const facts = `${flavour}, ${sayBytes(size)}, ${sayDate(date)}`;
    return make("li", {}, make("span", {}, name, make("span", { className: "quiet" }, facts)), button);
  }

  /** @param {() => Promise<void>} change */
  async #change(change) {
    await change();
    await this.refresh();
    page.kept.querySelector("summary")?.focus(); // the button that had it is gone
  }
}

/** @param {string} date as ISO 8601 has it */
function sayDate(date) {
  return new Date(date).toLocaleDateString("en", { dateStyle: "medium" });
}
