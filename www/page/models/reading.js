// What is told of a model's file once it is loaded: notes on its reading, weights that it holds besides, and whether it
// may have to be read otherwise.
import { element, make } from "../../ui/dom.js";
import { LABELS, fetchCatalog } from "./catalog.js";

/** @import { Found } from "../../api/protocol.js" */
/** @typedef {Awaited<ReturnType<typeof import("../../cpu1.js").CPU1.load>>} Model */

/**
 * How a file is read: what a person said, or a search found.
 *
 * @typedef {object} Reading
 * @property {import("../../api/errors.js").NameMap} [names]
 * @property {Record<string, unknown> | string} [config] the model's settings, instead of the file's
 * @property {"live" | "ema"} [weights]
 * @property {import("../../cpu1.js").Dialect} [dialect]
 */

/** Notes that are shown without being asked for. */
const FEW = 3;
/** Milliseconds for a first look at how well a model foresees plain English. */
const GLANCE = 1000;

const page = {
  section: element("reading", HTMLElement),
  notes: element("notes", HTMLDetailsElement),
  count: element("notes-count", HTMLElement),
  list: element("notes-list", HTMLElement),
  weights: element("other-weights", HTMLButtonElement),
  doubt: element("doubt", HTMLElement),
  words: element("doubt-words", HTMLElement),
  readings: element("try-readings", HTMLButtonElement),
  found: element("found", HTMLElement),
  passage: element("scored", HTMLTextAreaElement),
};

export class ReadingNotes {
  /** @type {Reading} */
  #reading = {};

  /**
   * @param {(reading: Reading) => void} again loads the file again, read otherwise
   * @param {() => void} search looks for another reading
   */
  constructor(again, search) {
    page.weights.addEventListener("click", () => {
      if (page.weights.ariaDisabled !== "true") again({ ...this.#reading, weights: this.#others });
    });
    page.readings.addEventListener("click", () => {
      if (page.readings.ariaDisabled !== "true") search();
    });
  }

  /** Which of the file's weights are not used. @returns {"live" | "ema"} */
  get #others() {
    return this.#reading.weights === "ema" ? "live" : "ema";
  }

  /** @param {Model} model @param {Reading} reading how it was read */
  show({ notes, info }, reading) {
    this.#reading = reading;
    page.notes.hidden = notes.length === 0;
    page.notes.open = notes.length <= FEW;
    page.count.textContent = String(notes.length);
    page.list.replaceChildren(...notes.map((note) => make("li", {}, note)));
    page.weights.hidden = info.report.copies.length < 2;
    page.weights.textContent = this.#others === "ema" ? "Use the averaged weights (EMA)" : "Use the weights of the last step";
    page.doubt.hidden = true;
    page.found.textContent = sayReading(reading);
    this.#showSection();
  }

  /**
   * Looks how well the model foresees plain English, where that takes no time.
   *
   * @param {Model} model
   * @param {AbortSignal} signal
   * @returns {Promise<number | undefined>} bits per byte
   */
  async glance(model, signal) {
    if (model.info.reads !== "bytes") return undefined;
    const soon = AbortSignal.any([signal, AbortSignal.timeout(GLANCE)]);
    const score = await model.score(page.passage.defaultValue, { signal: soon }).catch(() => undefined);
    return score?.bitsPerByte;
  }

  /**
   * Offers to look for another reading, if a score is so bad that there may be one.
   *
   * @param {number} bitsPerByte
   * @param {string} text what text that is
   * @param {Model} model
   */
  async doubt(bitsPerByte, text, model) {
    if (model.info.reads !== "bytes") return;
    const known = await sayKnown(model.info.run);
    page.words.textContent =
      `This model foresees ${text} badly: ${bitsPerByte.toFixed(2)} bits per byte, where bytes at random take 8. ` +
      `Perhaps the code that trained it does some things otherwise than this page.${known}`;
    page.doubt.hidden = false;
    this.#showSection();
  }

  /**
   * Tells what a search for another reading found.
   *
   * @param {Found} found
   * @param {Model} model
   */
  async tell({ dialect, sentence, second, tried }, model) {
    const next = second ? ` The next best of ${tried.length} that were tried, ${second.changed}, takes ${second.difference.toFixed(3)} more.` : "";
    const isUsual = Object.keys(dialect).length === 0;
    page.found.textContent = `${sayReading({ dialect })} ${sentence}${next}${isUsual ? await sayKnown(model.info.run) : ""}`.trim();
    this.#showSection();
  }

  /** @param {boolean} busy */
  set busy(busy) {
    for (const button of [page.weights, page.readings]) button.ariaDisabled = String(busy);
  }

  #showSection() {
    const parts = [page.notes, page.weights, page.doubt];
    page.section.hidden = parts.every(({ hidden }) => hidden) && page.found.textContent === "";
  }
}

/** @param {Reading} reading */
function sayReading({ dialect = {} }) {
  const changes = Object.entries(dialect).map(([feature, reading]) => `${feature.replaceAll("_", " ")}: ${reading}`);
  return changes.length === 0 ? "" : `It is read otherwise than usual: ${changes.join(", ")}.`;
}

/** What was published about a run. @param {string} run its folder */
async function sayKnown(run) {
  const known = await fetchCatalog().catch(() => undefined);
  const listed = known?.models.find(({ id }) => id === run);
  return listed ? ` Of the published ${run} is known: ${LABELS[listed.label].sentence}` : "";
}
