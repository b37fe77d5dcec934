// <cpu1-demo>: a model to try within any page. It loads nothing before a visitor asks for it.
//
//   <script type="module" src="cpu1-demo.js"></script>
//   <cpu1-demo prompt="Ownership is"></cpu1-demo>
import { CPU1 } from "./cpu1.js";
import { CPU1Error } from "./api/errors.js";
import { Announcer } from "./ui/announcer.js";
import { make } from "./ui/dom.js";
import { Meter } from "./ui/meter.js";

/** @import { Chunk, GenerateOptions, Stats } from "./cpu1.js" */
/** @typedef {Awaited<ReturnType<typeof CPU1.load>>} Model */

/** Attributes that are numbers, and the options that they stand for. @type {Record<string, keyof GenerateOptions>} */
const NUMBERS = {
  length: "maxBytes",
  temperature: "temperature",
  "top-k": "topK",
  "top-p": "topP",
  "min-p": "minP",
  "repetition-penalty": "repetitionPenalty",
};

/** Those that say which model it is. */
const SOURCE = ["run", "src", "tokenizer", "threads"];

/** Attributes that are properties as well, in camel case. */
const TEXTS = [...SOURCE, "prompt", "label", "seed", "theme", ...Object.keys(NUMBERS)];

const DARK = `
    --paper: var(--cpu1-paper, #1d1c19);
    --ink: var(--cpu1-ink, #e9e5dc);
    --quiet: var(--cpu1-quiet, #a59e92);
    --edge: var(--cpu1-edge, #7d766b);
    --accent: var(--cpu1-accent, #ff9d62);
    --on-accent: var(--cpu1-on-accent, #1d1208);
    color-scheme: dark;
`;
const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: block; max-width: 100%; }
  :host([hidden]) { display: none; }
  /* The page's rules reach the element and, by inheritance, its content; this ends that. */
  div.box {
    all: initial;
    --paper: var(--cpu1-paper, #fffefb);
    --ink: var(--cpu1-ink, #1f1d1a);
    --quiet: var(--cpu1-quiet, #68635a);
    --edge: var(--cpu1-edge, #8f897d);
    --accent: var(--cpu1-accent, #ab3f08);
    --on-accent: var(--cpu1-on-accent, #fffefb);
    display: block;
    box-sizing: border-box;
    min-width: 0;
    padding: 1rem;
    border: 1px solid var(--edge);
    border-radius: var(--cpu1-radius, 0.5rem);
    background: var(--paper);
    color: var(--ink);
    color-scheme: light;
    font: var(--cpu1-font, 1rem/1.5 ui-sans-serif, system-ui, sans-serif);
    visibility: inherit;
  }
  :host([theme="dark"]) div.box { ${DARK} }
  @media (prefers-color-scheme: dark) {
    :host(:not([theme="light"])) div.box { ${DARK} }
  }
  * { box-sizing: border-box; }
  form { display: grid; gap: 0.5rem; margin: 0; }
  label { color: var(--quiet); font-size: 0.875em; overflow-wrap: anywhere; }
  textarea, button { font: inherit; border-radius: calc(var(--cpu1-radius, 0.5rem) / 2); }
  textarea { width: 100%; padding: 0.5rem; border: 1px solid var(--edge); background: transparent; color: inherit; resize: vertical; }
  div.row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; }
  button { min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--edge); background: transparent; color: inherit; cursor: pointer; }
  button[type="submit"] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
  button[aria-disabled="true"] { opacity: 0.55; cursor: default; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  p { margin: 0; }
  /* Of one height from the start, so that nothing below the demo moves. */
  p.text { height: var(--cpu1-text-height, 12em); margin-top: 0.75rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
  p.text span { color: var(--quiet); }
  p.status { flex: 1 1 12rem; align-content: center; min-height: 3em; /* two lines, while loading */ color: var(--quiet); font-size: 0.875em; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
  div.row:dir(rtl) p.status { text-align: right; }
  p.error { margin-top: 0.5rem; color: var(--accent); overflow-wrap: anywhere; }
  p.error:empty { display: none; }
  div.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-contrast: more) {
    div.box { --quiet: var(--ink) !important; --edge: var(--ink) !important; }
    button[aria-disabled="true"] { border-style: dashed; opacity: 1; }
  }
  @media (forced-colors: active) {
    button[aria-disabled="true"] { border-color: GrayText; color: GrayText; opacity: 1; }
  }
`);

/**
 * A prompt, two buttons and what the model writes. Its attributes, which are properties as well, in
 * camel case: `run` (a model by its name) or `src` (by its address), `tokenizer`, `threads`, `prompt`,
 * `label`, `length`, `temperature`, `top-k`, `top-p`, `min-p`, `repetition-penalty`, `seed`, `theme`
 * (`light` or `dark`) and `autoplay`. Events: `cpu1-load`, `cpu1-progress`, `cpu1-byte`, `cpu1-done`,
 * `cpu1-error`; each bubbles, and its `detail` is what `cpu1.js` tells.
 */
export class CPU1Demo extends HTMLElement {
  static observedAttributes = ["prompt", "label", ...SOURCE];

  #label = make("label", { htmlFor: "prompt", dir: "auto" });
  #prompt = make("textarea", { id: "prompt", rows: 2, spellcheck: false, dir: "auto" });
  #write = make("button", { type: "submit", lang: "en" }, "Write");
  #stop = make("button", { type: "button", lang: "en" }, "Stop");
  #given = make("span", {});
  #written = new Text();
  #text = make("p", { className: "text", dir: "auto", tabIndex: 0, role: "group", ariaLabel: "What the model writes" });
  #status = make("p", { className: "status", lang: "en", dir: "ltr" });
  #error = make("p", { className: "error", lang: "en", dir: "ltr", role: "alert" });
  #announcer;
  /** @type {Promise<Model> | undefined} */
  #model;
  /** Ends the loading or writing that goes on. @type {AbortController | undefined} */
  #work;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    const form = make("form", {}, this.#label, this.#prompt, make("div", { className: "row" }, this.#write, this.#stop, this.#status));
    const heard = make("div", { className: "heard", ariaLive: "polite" });
    const box = make("div", { className: "box" }, form, this.#error, this.#text, heard);
    this.#announcer = new Announcer(heard);
    this.#text.append(this.#given, this.#written);
    for (const [part, node] of Object.entries({
      box,
      label: this.#label,
      prompt: this.#prompt,
      write: this.#write,
      stop: this.#stop,
      text: this.#text,
      status: this.#status,
      error: this.#error,
    })) {
      node.setAttribute("part", part);
    }
    root.append(box);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.write();
    });
    this.#stop.addEventListener("click", () => this.stop());
    root.addEventListener("keydown", (event) => this.#press(/** @type {KeyboardEvent} */ (event)));
    this.#label.textContent = "Prompt";
    this.#showWork();
  }

  connectedCallback() {
    if (this.hasAttribute("autoplay")) void this.write();
  }

  disconnectedCallback() {
    // An element that was only moved is connected again by then.
    queueMicrotask(() => {
      if (!this.isConnected) this.#giveUp();
    });
  }

  /**
   * @param {string} name
   * @param {string | null} old
   * @param {string | null} value
   */
  attributeChangedCallback(name, old, value) {
    if (name === "prompt") this.#prompt.value = value ?? "";
    else if (name === "label") this.#label.textContent = value ?? "Prompt";
    else if (old !== value) this.#giveUp();
  }

  /**
   * Loads the model, unless it is there.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Model>}
   * @throws {CPU1Error} as `CPU1.load`
   */
  load({ signal } = {}) {
    if (this.#model) return this.#model;
    const model = this.#load(signal);
    this.#model = model;
    model.catch(() => {
      if (this.#model === model) this.#model = undefined; // so that the next call tries again
    });
    return model;
  }

  /** @param {AbortSignal} [signal] */
  async #load(signal) {
    const meter = new Meter("the model");
    const model = await CPU1.load(this.getAttribute("src") || this.getAttribute("run") || "embedded", {
      signal,
      threads: this.#number("threads"),
      tokenizer: this.getAttribute("tokenizer") ?? undefined,
      onProgress: (progress) => {
        this.#status.textContent = meter.note(progress).sentence;
        this.#tell("progress", progress);
      },
    });
    this.#status.textContent = "";
    this.#tell("load", model.info);
    return model;
  }

  /** Writes, after loading the model if needed. Errors are told in the element and by `cpu1-error`. */
  async write() {
    if (this.#work) return;
    const work = new AbortController();
    const { signal } = work;
    this.#work = work;
    this.#error.textContent = "";
    this.#showWork();
    const prompt = this.#prompt.value;
    const seed = this.getAttribute("seed") || String(crypto.getRandomValues(new Uint32Array(1))[0]);
    let text = "";
    /** @type {Stats | undefined} */
    let stats;
    try {
      const options = this.#options();
      const model = await this.load({ signal });
      this.#given.textContent = prompt;
      this.#written.data = "";
      this.#announcer.begin();
      for await (const chunk of model.generate(prompt, { ...options, seed, signal })) {
        ({ stats } = chunk);
        text += chunk.text;
        this.#show(chunk);
      }
      this.#finish({ text, stats, seed, stopped: false });
    } catch (error) {
      const known = error instanceof CPU1Error ? error : new CPU1Error("internal", `The demo has a fault: ${error}.`);
      if (known.code === "aborted" || known.code === "disposed") this.#finish({ text, stats, seed, stopped: true });
      else this.#fail(known);
    } finally {
      if (this.#work === work) this.#work = undefined;
      this.#showWork();
    }
  }

  /** Stops the loading or writing that goes on. */
  stop() {
    this.#work?.abort();
  }

  /** @param {Chunk} chunk */
  #show(chunk) {
    const { bytes, text, stats } = chunk;
    this.#status.textContent =
      stats.readPatches < stats.promptPatches
        ? `Reading the prompt: ${stats.readPatches} of ${stats.promptPatches} patches`
        : `${stats.bytes} bytes, ${Math.round(stats.bytesPerSecond)} a second`;
    const { scrollHeight, scrollTop, clientHeight } = this.#text;
    this.#written.appendData(text);
    if (scrollHeight - scrollTop - clientHeight < 40) this.#text.scrollTop = this.#text.scrollHeight;
    this.#announcer.write(text);
    if (bytes.length > 0) this.#tell("byte", chunk);
  }

  /** @param {{ text: string, stats: Stats | undefined, seed: string, stopped: boolean }} end */
  #finish(end) {
    const { stats, seed, stopped } = end;
    this.#announcer.flush();
    const how = stopped ? "Stopped" : "Done";
    this.#status.textContent = stats ? `${how}: ${stats.bytes} bytes, seed ${seed}.` : `${how}.`;
    this.#announcer.say(`${how}.`);
    this.#tell("done", end);
  }

  /** @param {CPU1Error} error */
  #fail(error) {
    // After a fault of the program, or when its memory is used up, its models are gone.
    if (error.code === "internal" || error.code === "memory" || error.code === "network") this.#forget();
    if (this.#written.data === "") this.#given.textContent = "";
    this.#status.textContent = "";
    this.#error.textContent = error.message;
    this.#tell("error", error);
  }

  /** @returns {GenerateOptions} */
  #options() {
    return Object.fromEntries(Object.entries(NUMBERS).map(([name, option]) => [option, this.#number(name)]));
  }

  /** @param {string} name of an attribute */
  #number(name) {
    const text = this.getAttribute(name)?.trim() ?? "";
    if (text === "") return undefined;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new CPU1Error("settings", `The attribute ${name} is “${text}”; it must be a number.`);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key === "Escape" && this.#work) this.stop();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.write();
    else return;
    event.preventDefault();
  }

  #showWork() {
    this.#write.setAttribute("aria-disabled", String(this.#work !== undefined));
    this.#stop.setAttribute("aria-disabled", String(this.#work === undefined));
  }

  /** Stops, and gives the model up. */
  #giveUp() {
    this.stop();
    this.#forget();
  }

  #forget() {
    void this.#model?.then(
      (model) => model.dispose(),
      () => {}, // it was never loaded
    );
    this.#model = undefined;
  }

  /** @param {string} what @param {unknown} detail */
  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(`cpu1-${what}`, { detail, bubbles: true, composed: true }));
  }
}

for (const name of TEXTS) {
  Object.defineProperty(CPU1Demo.prototype, name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()), {
    configurable: true,
    enumerable: true,
    /** @this {CPU1Demo} */
    get() {
      return this.getAttribute(name);
    },
    /** @this {CPU1Demo} @param {unknown} value null and undefined take the attribute away */
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, String(value));
    },
  });
}

// If a page has two versions of this script, the first gets the name; the other can define its class under another.
if (!customElements.get("cpu1-demo")) customElements.define("cpu1-demo", CPU1Demo);
