// Comparing: one prompt and seed, by several models in turn.
import { element, make } from "../../ui/dom.js";
import { composer } from "../composer.js";
import { session } from "../session.js";
import { announcer, count, say, showProgress } from "../status.js";
import { Lineup } from "./lineup.js";
import { Paper } from "./paper.js";

/** @import { Model } from "../session.js" */

const list = element("compared", HTMLUListElement);

/** A model's place on the page. @typedef {{ element: HTMLElement, name: string, paper: Paper, figures: HTMLElement, error: HTMLElement }} Row */

/** @type {Lineup<Row>} */
const lineup = new Lineup(element("compare-add", HTMLButtonElement), makeRow);

/**
 * @param {string} name
 * @param {HTMLButtonElement} away
 * @returns {Row}
 */
function makeRow(name, away) {
  const text = make("div", { className: "text", tabIndex: 0, role: "region", ariaLabel: `Text by ${name}` });
  const figures = make("p", { className: "quiet" }, "not written yet");
  const error = make("p", { className: "error", role: "alert" });
  const row = make("li", {}, make("div", { className: "line" }, make("h2", {}, name), figures, away), error, text);
  list.append(row);
  return { element: row, name, paper: new Paper(text), figures, error };
}

export function open() {
  lineup.begin();
}

export async function act() {
  composer.clearErrors();
  const failed = await session.perform(async (signal) => {
    const { prompt } = composer;
    const settings = composer.readSettings();
    for (const row of lineup.rows) {
      row.error.textContent = "";
      row.figures.textContent = "waiting";
      row.paper.clear();
    }
    await lineup.each(
      signal,
      (model, row) => write(model, row, prompt, { ...settings, trace: true, signal }),
      (row, error) => {
        row.figures.textContent = "not written";
        if (!composer.showError(error)) row.error.textContent = error.message;
      },
    );
    composer.seed = settings.seed;
    say(`Done: all with seed ${settings.seed}.`, true);
  });
  if (!failed) return;
  for (const row of lineup.rows) row.paper.finish();
  composer.tell(failed, "Nothing new was written.");
}

/**
 * @param {Model} model
 * @param {Row} row
 * @param {string} prompt
 * @param {import("../../cpu1.js").GenerateOptions} options
 */
async function write(model, { name, paper, figures }, prompt, options) {
  paper.begin(prompt);
  showProgress(false);
  say(`${name} writes.`, true);
  let [bits, bytes] = [0, 0];
  for await (const { text, stats, trace } of model.generate(prompt, options)) {
    paper.write(text);
    for (const symbol of trace?.symbols ?? []) {
      bits += symbol.bits;
      bytes += symbol.bytes.length;
    }
    const end = stats.ended ? ", ended by itself" : "";
    const speed = `${count(Math.round(stats.bytesPerSecond))} bytes/s`;
    figures.textContent = bytes > 0 ? `${speed}, ${(bits / bytes).toFixed(2)} bits per byte${end}` : "reading the prompt";
  }
  paper.finish();
  announcer.say(`${name}: ${figures.textContent}.`);
}
