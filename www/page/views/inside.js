// "See inside": a text shaded by surprise, and what the model expected and did at each place of it.
import { element, make } from "../../ui/dom.js";
import { count } from "../status.js";
import { toHex } from "./paper.js";

/** @import { PatchTrace, SymbolTrace, Trace } from "../../api/protocol.js" */
/** @import { ModelInfo } from "../../cpu1.js" */

/** Bits from which a byte has the next shade. */
const SHADES = [0.5, 1, 2, 3, 5, 8];

const page = {
  section: element("seen", HTMLElement),
  summary: element("seen-summary", HTMLElement),
  at: element("seen-at", HTMLInputElement),
  what: element("seen-what", HTMLElement),
  alternatives: element("seen-alternatives", HTMLElement),
  bolmo: element("seen-bolmo", HTMLElement),
  boundaries: element("seen-boundaries", HTMLElement),
  gates: element("seen-gates", HTMLElement),
  picture: element("seen-picture", HTMLCanvasElement),
};

/**
 * A character of the text, and the symbols that say it.
 *
 * @typedef {{ text: string, start: number, symbols: SymbolTrace[], span: HTMLElement }} Character
 */

/** What is shown now: there is one section for all texts. @type {Inside | undefined} */
let shown;

export class Inside {
  #root;
  /** @type {Character[]} */
  #characters = [];
  /** By their starts, in order. @type {PatchTrace[]} */
  #patches = [];
  /** @type {Readonly<ModelInfo>["config"]} */
  #config = {};

  /** @param {HTMLElement} root where the text stands, at its end */
  constructor(root) {
    this.#root = root;
    root.addEventListener("pointerover", ({ target }) => this.#point(target));
    root.addEventListener("click", ({ target }) => this.#point(target));
  }

  hide() {
    if (shown !== this) return;
    shown = undefined;
    page.section.hidden = true;
    for (const { span } of this.#characters) span.replaceWith(...span.childNodes);
    for (const patch of this.#root.querySelectorAll(".patch")) patch.replaceWith(...patch.childNodes);
    this.#root.normalize();
    this.#characters = [];
  }

  /**
   * Shades the end of the text that stands in the root, and opens the section about it.
   *
   * @param {Trace} trace of the last bytes of the text
   * @param {number} end bytes of the whole text, the prompt included
   * @param {Readonly<ModelInfo>} info of the model
   */
  show({ symbols, patches }, end, { config }) {
    shown?.hide();
    shown = this;
    this.#patches = patches;
    this.#config = config;
    const bytes = bytesOf(symbols);
    this.#characters = split(symbols, end - bytes.length);
    this.#lay(decode(bytes).length);
    this.#summarise(symbols);
    page.section.hidden = this.#characters.length === 0;
    page.at.max = String(this.#characters.length - 1);
    this.#choose(0);
    this.#draw();
  }

  /** Puts the characters in the place of the same text at the end of the root. @param {number} length of that text */
  #lay(length) {
    const [node, offset] = place(this.#root, (this.#root.textContent ?? "").length - length);
    const range = document.createRange();
    range.setStart(node, offset);
    range.setEnd(this.#root, this.#root.childNodes.length);
    const top = this.#root.scrollTop;
    range.deleteContents();
    /** @type {HTMLElement[]} */
    const groups = [];
    /** @type {PatchTrace | undefined} */
    let last;
    for (const { start, span } of this.#characters) {
      const patch = this.#patchAt(start);
      if (groups.length === 0 || patch !== last) groups.push(make("span", { className: patch?.deleted ? "patch deleted" : "patch" }));
      last = patch;
      groups.at(-1)?.append(span);
    }
    const home = this.#root.lastElementChild ?? this.#root;
    home.append(...groups);
    this.#root.scrollTop = top;
  }

  /** @param {number} start of a byte */
  #patchAt(start) {
    return this.#patches.findLast((patch) => patch.start <= start && start < patch.start + patch.length);
  }

  /** @param {SymbolTrace[]} symbols */
  #summarise(symbols) {
    const { length } = bytesOf(symbols);
    const dropped = this.#patches.filter(({ deleted }) => deleted).length;
    const patches = this.#patches.length;
    const sentences = [`${(bitsOf(symbols) / length).toFixed(2)} bits per byte over ${count(length)} bytes, by the model’s own odds.`];
    if (this.#patches.some(({ deletion }) => deletion !== undefined)) {
      const layers = Number(this.#config.n_layers);
      const upper = layers - Math.floor(layers / 2);
      const saved = Math.round((100 * dropped * upper) / (patches * layers));
      sentences.push(
        `The DeleteGate dropped ${count(dropped)} of ${count(patches)} patches (dotted): they skipped the upper ${upper} of ${layers} layers, which saved ${saved} % of the layers’ work.`,
      );
    }
    page.summary.textContent = sentences.join(" ");
  }

  /** @param {EventTarget | null} target */
  #point(target) {
    if (shown !== this || !(target instanceof HTMLElement)) return;
    const i = this.#characters.findIndex(({ span }) => span === target);
    if (i >= 0) this.#choose(i);
  }

  /** Tells about one character. @param {number} i */
  choose(i) {
    this.#choose(i);
    this.#characters[i]?.span.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} i */
  #choose(i) {
    const character = this.#characters[i];
    if (!character) return;
    for (const { span } of this.#characters) span.classList.toggle("chosen", span === character.span);
    const { text, symbols, start } = character;
    const patch = this.#patchAt(start);
    const bits = bitsOf(symbols);
    const hex = Array.from(bytesOf(symbols), toHex);
    const gate =
      patch?.deletion === undefined ? "" : `, of a patch that the DeleteGate ${patch.deleted ? "dropped" : "kept"} (${percent(patch.deletion)} for dropping it)`;
    page.at.value = String(i);
    page.at.setAttribute("aria-valuetext", `${quote(text)}, ${bits.toFixed(1)} bits`);
    page.what.textContent = `${quote(text)} (${hex.join(" ")}): ${bits.toFixed(2)} bits, a probability of ${percent(2 ** -bits)}${gate}.`;
    const [symbol] = symbols;
    page.alternatives.replaceChildren(
      ...(symbol?.alternatives ?? []).map(({ bytes, symbol: other, probability }) =>
        bar(this.#name(other, bytes), probability, other === symbol?.symbol),
      ),
    );
    this.#showBoundaries(patch, start);
  }

  /**
   * What a symbol is called. Bytes that stand in no text are called by what they mean.
   *
   * @param {number} symbol
   * @param {Uint8Array} bytes what it says
   */
  #name(symbol, bytes) {
    const { layout, fill_byte: fill, end_byte: end } = this.#config;
    if (symbol === end) return "text end";
    if (layout === "words" && symbol === fill) return "word end";
    return bytes.length > 0 ? spell(bytes) : String(symbol);
  }

  /** @param {PatchTrace | undefined} patch @param {number} start */
  #showBoundaries(patch, start) {
    page.bolmo.hidden = !patch?.boundary;
    if (!patch?.boundary) return;
    const bytes = this.#characters.flatMap(({ symbols, start: from }) =>
      symbols.flatMap((symbol) => [...symbol.bytes]).map((byte, i) => /** @type {const} */ ([from + i, byte])),
    );
    const known = new Map(bytes);
    let at = patch.start;
    page.boundaries.replaceChildren(
      ...patch.boundary
        .filter((_, i) => !patch.fills[i])
        .map((weight) => {
          const [from, byte] = [at, known.get(at)];
          at += 1;
          return bar(byte === undefined ? "before" : spell(Uint8Array.of(byte)), weight, from === start);
        }),
    );
  }

  /** Draws the gates: a pixel for each layer of each patch. */
  #draw() {
    const patches = this.#patches;
    const layers = Math.max(0, ...patches.map(({ forget }) => forget.length));
    page.gates.hidden = layers === 0;
    if (layers === 0) return;
    const { picture } = page;
    [picture.width, picture.height] = [patches.length, layers];
    const context = picture.getContext("2d");
    if (!context) return;
    context.fillStyle = getComputedStyle(picture).color;
    for (const [x, { forget }] of patches.entries()) {
      for (const [layer, kept] of forget.entries()) {
        context.globalAlpha = 1 - kept;
        context.fillRect(x, layers - 1 - layer, 1, 1);
      }
    }
    const means = Array.from({ length: layers }, (_, layer) => {
      const gates = patches.flatMap(({ forget }) => forget[layer] ?? []);
      return percent(1 - gates.reduce((sum, gate) => sum + gate, 0) / gates.length);
    });
    picture.setAttribute("aria-label", `Share of its memory that each layer overwrites, on average, from below: ${means.join(", ")}.`);
  }
}

page.at.addEventListener("input", () => shown?.choose(Number(page.at.value)));

/**
 * Symbols as characters. A byte that is not valid UTF-8 is a character of its own.
 *
 * @param {SymbolTrace[]} symbols
 * @param {number} start of the first byte
 * @returns {Character[]}
 */
function split(symbols, start) {
  /** @type {Character[]} */
  const characters = [];
  let at = start;
  for (let i = 0; i < symbols.length; ) {
    const { text, used } = read(symbols, i);
    const members = symbols.slice(i, i + used);
    const bits = bitsOf(members);
    const span = make("span", { className: "byte" }, text);
    span.dataset.bits = String(SHADES.filter((least) => bits >= least).length);
    characters.push({ text, start: at, symbols: members, span });
    at += bytesOf(members).length;
    i += used;
  }
  return characters;
}

/**
 * What the symbols from `i` on begin with: one symbol, or as many as a character takes.
 *
 * @param {SymbolTrace[]} symbols
 * @param {number} i
 */
function read(symbols, i) {
  for (let used = 1; used <= 4 && i + used <= symbols.length; used += 1) {
    const bytes = bytesOf(symbols.slice(i, i + used));
    try {
      return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), used };
    } catch {
      // Not a whole character yet, or not UTF-8.
    }
  }
  let used = 1;
  while (i + used < symbols.length && decode(bytesOf(symbols.slice(i, i + used + 1))) === "\ufffd") used += 1;
  return { text: decode(bytesOf(symbols.slice(i, i + used))), used };
}

/** Bytes as text, with U+FFFD for what is not UTF-8. @param {Uint8Array} bytes */
export function decode(bytes) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** @param {SymbolTrace[]} symbols */
function bytesOf(symbols) {
  return Uint8Array.from(symbols.flatMap(({ bytes }) => [...bytes]));
}

/** @param {SymbolTrace[]} symbols */
function bitsOf(symbols) {
  return symbols.reduce((sum, { bits }) => sum + bits, 0);
}

/**
 * The text node and the place in it where the character `at` of an element's text is.
 *
 * @param {HTMLElement} root
 * @param {number} at
 * @returns {[Node, number]}
 */
function place(root, at) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let left = Math.max(0, at);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length } = /** @type {Text} */ (node);
    if (left <= length) return [node, left];
    left -= length;
  }
  return [root, root.childNodes.length];
}

/**
 * @param {string} words
 * @param {number} share 0 to 1
 * @param {boolean} here whether it is what stands in the text
 */
function bar(words, share, here) {
  const meter = make("meter", { min: 0, max: 1, value: share, ariaLabel: words });
  return make("li", { className: here ? "here" : "" }, make("code", {}, words), meter, make("span", {}, percent(share)));
}

/** Bytes as text, or as numbers where they are not text. @param {Uint8Array} bytes */
function spell(bytes) {
  const text = decode(bytes);
  return text.includes("\ufffd") ? Array.from(bytes, (byte) => `0x${toHex(byte)}`).join(" ") : visible(text);
}

/** @param {string} text */
function quote(text) {
  return `“${visible(text)}”`;
}

/** Text with its white space made visible, and what else has no form. @param {string} text */
function visible(text) {
  const plain = text.replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/ /g, "␣");
  return plain.replace(/\p{Cc}/gu, (control) => (control < " " ? String.fromCharCode(0x2400 + control.charCodeAt(0)) : control));
}

/** @param {number} share */
function percent(share) {
  return share > 0 && share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}
