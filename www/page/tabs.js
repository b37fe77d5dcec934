// Tabs: one panel at a time, by pointer and by the keys that tabs have.
import { element } from "../ui/dom.js";

/** @typedef {"write" | "compare" | "score" | "scrub"} Tab */

/** @type {[Tab, purpose: string][]} */
const TABS = [
  ["write", "Give the beginning of a text, and the model writes on."],
  ["compare", "The same prompt and seed, by up to four models in turn."],
  ["score", "How well do models foresee a text? The fewer bits per byte, the better."],
  ["scrub", "One run at different steps of its training, on the same prompt and seed."],
];

const purpose = element("purpose", HTMLElement);

export class Tabs {
  #onChange;
  /** @type {Tab} */
  current = "write";

  /** @param {(tab: Tab) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    for (const [i, [tab]] of TABS.entries()) {
      const button = buttonOf(tab);
      button.addEventListener("click", () => this.choose(tab));
      button.addEventListener("keydown", ({ key }) => {
        const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: TABS.length - 1 }[key];
        if (to === undefined) return;
        const [next] = /** @type {[Tab, string]} */ (TABS.at(to % TABS.length));
        this.choose(next);
        buttonOf(next).focus();
      });
    }
  }

  /** @param {Tab} chosen */
  choose(chosen) {
    this.current = chosen;
    for (const [tab, what] of TABS) {
      const here = tab === chosen;
      const button = buttonOf(tab);
      button.ariaSelected = String(here);
      button.tabIndex = here ? 0 : -1;
      element(`panel-${tab}`, HTMLElement).hidden = !here;
      if (here) purpose.textContent = what;
    }
    this.#onChange(chosen);
  }
}

/** @param {Tab} tab */
function buttonOf(tab) {
  return element(`tab-${tab}`, HTMLButtonElement);
}
