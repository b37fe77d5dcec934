// Where the text appears as it comes, and its latest bytes.
import { make } from "../../ui/dom.js";

/** Characters of the prompt that are shown before the text. */
const GIVEN = 400;
/** Characters after which a block ends at the next line, so that long texts stay quick to lay out. */
const BLOCK = 2000;

/** The text itself. It grows at most once a frame, and follows its own end unless scrolled away. */
export class Paper {
  #root;
  /** The end of the text: one node that grows, since a new one would move when its line breaks. */
  #tail = new Text();
  #pending = "";
  #frame = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} prompt */
  begin(prompt) {
    this.#pending = "";
    this.#root.replaceChildren();
    this.#beginBlock();
    this.give(prompt.length > GIVEN ? `…${prompt.slice(-GIVEN)}` : prompt);
  }

  /** What the model is given to go on from, and did not write. @param {string} text */
  give(text) {
    this.#flush();
    this.#tail = new Text();
    this.#root.lastElementChild?.append(make("span", { className: "given" }, text), this.#tail);
  }

  /** @param {string} text */
  write(text) {
    this.#pending += text;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** Shows all that was written. */
  finish() {
    this.#flush();
    this.#markFresh(this.#tail.length);
  }

  clear() {
    this.#pending = "";
    this.#tail = new Text();
    this.#root.replaceChildren();
  }

  #flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#pending === "") return;
    const { scrollHeight, scrollTop, clientHeight } = this.#root;
    const atEnd = scrollHeight - scrollTop - clientHeight < 40;

    let text = this.#pending;
    this.#pending = "";
    let fresh = this.#tail.length;
    while (text !== "") {
      const filled = this.#tail.length;
      const line = filled + text.length > BLOCK ? text.indexOf("\n", Math.max(0, BLOCK - filled)) : -1;
      const end = line < 0 ? text.length : line + 1;
      this.#tail.appendData(text.slice(0, end));
      text = text.slice(end);
      if (line >= 0) {
        this.#beginBlock();
        fresh = 0;
      }
    }
    this.#markFresh(fresh);
    if (atEnd) this.#root.scrollTop = this.#root.scrollHeight;
  }

  /**
   * Marks what came last by a highlight, which does not change the layout, if the browser has highlights.
   *
   * @param {number} from where in the tail it begins
   */
  #markFresh(from) {
    if (!("highlights" in CSS)) return;
    const range = new StaticRange({
      startContainer: this.#tail,
      startOffset: from,
      endContainer: this.#tail,
      endOffset: this.#tail.length,
    });
    CSS.highlights.set("fresh", new Highlight(range));
  }

  #beginBlock() {
    this.#tail = new Text();
    this.#root.append(make("div", {}, this.#tail));
  }
}

/** How many patches a row of bytes has room for; where it is narrow, the oldest are cut off. */
const PATCHES = 12;

/** The last bytes in hexadecimal, a cell for each patch, newest last. */
export class ByteRow {
  #cells;
  /** @type {string[]} */
  #patches = [];
  /** Whether the last patch is complete. */
  #full = false;
  #frame = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#cells = Array.from({ length: PATCHES }, () => make("span", {}));
    root.append(...this.#cells);
  }

  begin() {
    this.#patches = Array(PATCHES).fill("");
    this.#full = false;
    this.#show();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {Uint32Array} ends where patches end in them
   */
  write(bytes, ends) {
    const last = new Set(ends);
    for (const [i, byte] of bytes.entries()) {
      if (this.#full) this.#patches.push("");
      this.#patches.push(`${this.#patches.pop()} ${toHex(byte)}`.trimStart());
      this.#full = last.has(i + 1);
    }
    this.#patches = this.#patches.slice(-PATCHES);
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#show());
  }

  #show() {
    this.#frame = 0;
    this.#cells.forEach((cell, i) => {
      cell.textContent = this.#patches[i] ?? "";
    });
  }
}

/** @param {number} byte */
export function toHex(byte) {
  return byte.toString(16).padStart(2, "0");
}
