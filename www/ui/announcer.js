// What screen readers hear: finished sentences, and what happens.
import { make } from "./dom.js";

export class Announcer {
  #root;
  #pending = "";

  /** @param {HTMLElement} root a live region */
  constructor(root) {
    this.#root = root;
  }

  begin() {
    this.#pending = "";
  }

  /** @param {string} text */
  write(text) {
    this.#pending += text;
    const end = /^[^]*(?:[.!?][)"'”]*\s|\n\n)/.exec(this.#pending)?.[0].length ?? 0;
    if (end === 0) return;
    this.say(this.#pending.slice(0, end));
    this.#pending = this.#pending.slice(end);
  }

  /** Says what is left, sentence or not. */
  flush() {
    this.say(this.#pending);
    this.#pending = "";
  }

  /** @param {string} sentence */
  say(sentence) {
    if (sentence.trim() === "") return;
    this.#root.append(make("p", {}, sentence));
    while (this.#root.childElementCount > 20) this.#root.firstElementChild?.remove();
  }
}
