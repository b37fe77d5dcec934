// Where the text appears: for eyes as it comes, for ears in sentences.

/** Characters of the prompt that are shown before the text. */
const GIVEN = 400;
/** Characters after which a block ends at the next line, so that long texts stay quick to lay out. */
const BLOCK = 2000;

/** The text itself. It grows at most once a frame, and follows its own end unless scrolled away. */
export class Paper {
  #root;
  #block = document.createElement("div");
  #pending = "";
  #frame = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} prompt */
  begin(prompt) {
    this.#pending = "";
    this.#block = document.createElement("div");
    const given = document.createElement("span");
    given.className = "given";
    given.textContent = prompt.length > GIVEN ? `…${prompt.slice(-GIVEN)}` : prompt;
    this.#block.append(given);
    this.#root.replaceChildren(this.#block);
  }

  /** @param {string} text */
  write(text) {
    this.#pending += text;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** @param {boolean} writing */
  setWriting(writing) {
    if (!writing) this.#flush();
    this.#root.classList.toggle("writing", writing);
  }

  #flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#pending === "") return;
    const { scrollHeight, scrollTop, clientHeight } = this.#root;
    const atEnd = scrollHeight - scrollTop - clientHeight < 40;

    let text = this.#pending;
    this.#pending = "";
    while (text !== "") {
      const filled = this.#block.textContent.length;
      const line = filled + text.length > BLOCK ? text.indexOf("\n", Math.max(0, BLOCK - filled)) : -1;
      const end = line < 0 ? text.length : line + 1;
      this.#block.append(text.slice(0, end));
      text = text.slice(end);
      if (line >= 0) {
        this.#block = document.createElement("div");
        this.#root.append(this.#block);
      }
    }
    this.#block.normalize();
    if (atEnd) this.#root.scrollTop = this.#root.scrollHeight;
  }
}

/** The last patches of four bytes in hexadecimal, newest last. */
export class ByteRow {
  #root;
  /** @type {string[]} */
  #patches = [];
  /** Bytes in the last patch, the prompt's included. */
  #filled = 0;
  #frame = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {number} promptBytes */
  begin(promptBytes) {
    this.#patches = [""];
    this.#filled = promptBytes % 4;
    this.#root.replaceChildren();
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    for (const byte of bytes) {
      if (this.#filled === 4) {
        this.#patches.push("");
        this.#filled = 0;
      }
      this.#filled += 1;
      const hex = byte.toString(16).padStart(2, "0");
      this.#patches.push(`${this.#patches.pop()} ${hex}`.trimStart());
    }
    this.#patches = this.#patches.slice(-12);
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#frame = 0;
    const shown = this.#patches.map((patch) => {
      const span = document.createElement("span");
      span.textContent = patch;
      return span;
    });
    this.#root.replaceChildren(...shown);
  }
}

/** What screen readers hear: finished sentences, and what happens. */
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
    const line = document.createElement("p");
    line.textContent = sentence;
    this.#root.append(line);
    while (this.#root.childElementCount > 20) this.#root.firstElementChild?.remove();
  }
}
