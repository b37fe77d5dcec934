// Scrubbing: a run at the steps of its training; each step continues the same prompt.
import { CPU1Error, sayBytes } from "../../api/errors.js";
import { CPU1 } from "../../cpu1.js";
import { element, make } from "../../ui/dom.js";
import { composer } from "../composer.js";
import { fetchCatalog } from "../models/catalog.js";
import { loadModel, session } from "../session.js";
import { asError, count, say, showProgress } from "../status.js";
import { Paper } from "./paper.js";

const page = {
  run: element("scrub-run", HTMLSelectElement),
  list: element("scrub-list", HTMLButtonElement),
  step: element("scrub-step", HTMLInputElement),
  at: element("scrub-at", HTMLElement),
  error: element("scrub-error", HTMLElement),
  text: element("scrubbed", HTMLElement),
};
const paper = new Paper(page.text);

/**
 * A file of one step.
 *
 * @typedef {{ words: string, place: URL, sha256?: string, size: number }} Step
 */

/** Steps of the run, ascending. @type {Step[]} */
let shown = [];
/** Texts by their step, prompt and settings, so that the slider shows them again at once. @type {Map<string, { text: string, ended: boolean }>} */
const written = new Map();

/** Lists the runs: the page's own, then the folders that it knows, and then those of the archive. */
export async function open() {
  if (page.run.options.length > 0) return;
  try {
    const { archive, hub, models } = await fetchCatalog();
    const known = models.filter(({ file }) => file === undefined).map(({ id }) => id);
    const own = models.filter(({ steps }) => steps !== undefined).map(({ id, name }) => make("option", { value: id }, name));
    page.run.replaceChildren(...own, ...known.map((id) => make("option", { value: id }, id)));
    void showOwn();
    for await (const { type, path } of CPU1.files(archive, { hub })) {
      if (type !== "directory" || known.includes(path)) continue;
      page.run.append(make("option", { value: path }, path));
    }
  } catch (error) {
    page.error.textContent = `${asError(error).message} What the list shows can be chosen still.`;
  }
}

/** Shows the steps of the chosen run, if they come with the page. Those of others have to be listed first. */
async function showOwn() {
  const own = (await fetchCatalog()).models.find(({ id }) => id === page.run.value);
  page.list.hidden = own?.steps !== undefined;
  show(own?.steps ? ownSteps(own) : []);
}

/** @param {import("../models/catalog.js").ListedModel} model @returns {Step[]} the model as it ships is the last */
function ownSteps({ steps = [], file = "", bytes = 0, loss }) {
  const size = bytes;
  return [
    ...steps.map((step) => ({ words: `step ${count(step.step)}, ${step.loss}`, place: new URL(step.file, document.baseURI), size })),
    { words: `as it ships, ${loss}`, place: new URL(file, document.baseURI), size },
  ];
}

/** Finds the step files of the folder. */
async function list() {
  page.error.textContent = "";
  const folder = page.run.value;
  /** @type {Step[]} */
  let listed = [];
  const failed = await session.perform(async (signal) => {
    say(`Listing ${folder}.`, true);
    const { archive, hub } = await fetchCatalog();
    /** @type {(Step & { phase: number, step: number })[]} */
    const found = [];
    for await (const { path, url, size, sha256 } of CPU1.files(`${archive}/${folder}`, { hub, signal })) {
      const step = stepOf(path);
      if (step) found.push({ ...step, words: sayStep(step), place: new URL(url), sha256, size });
    }
    if (found.length === 0) throw new CPU1Error("network", `The Hub lists no step files in ${folder}.`);
    listed = found.sort((a, b) => a.phase - b.phase || a.step - b.step);
    say(`${folder} has ${count(listed.length)} steps.`, true);
  });
  if (failed) composer.tell(failed, "No steps are listed.", page.error);
  show(listed);
}

/** @param {Step[]} found */
function show(found) {
  shown = found;
  page.step.disabled = shown.length === 0;
  page.step.max = String(Math.max(0, shown.length - 1));
  page.step.value = "0";
  written.clear();
  paper.clear();
  showStep();
}

/**
 * The step in the name of a file: `checkpoint_run_14_v3_step2000.pt`, `checkpoint_run_14_phase2_step900.pt`.
 *
 * @param {string} path
 */
function stepOf(path) {
  const [, phase = "1", step] = /(?:phase(\d)_)?step_?(\d{1,12})\.(?:pt|safetensors)$/.exec(path) ?? [];
  return step === undefined ? undefined : { phase: Number(phase), step: Number(step) };
}

/** @param {{ phase: number, step: number }} step */
function sayStep({ phase, step }) {
  return phase > 1 ? `phase ${phase}, step ${count(step)}` : `step ${count(step)}`;
}

/** @returns {Step | undefined} where the slider is */
function current() {
  return shown[Number(page.step.value)];
}

function showStep() {
  const step = current();
  page.at.textContent = step?.words ?? "–";
  page.step.setAttribute("aria-valuetext", step ? `${step.words}, ${sayBytes(step.size)}` : "no steps");
}

/** Writes at the step where the slider is. */
export async function act() {
  const step = current();
  page.error.textContent = "";
  if (!step) {
    page.error.textContent = "No steps are listed yet: choose a folder and list its steps.";
    page.list.focus();
    return;
  }
  composer.clearErrors();
  const failed = await session.perform(async (signal) => {
    const { prompt } = composer;
    const settings = composer.readSettings();
    composer.seed = settings.seed; // the same for all steps
    const key = keyOf(step);
    const known = written.get(key);
    paper.begin(prompt);
    let { text, ended } = known ?? { text: "", ended: false };
    if (known) paper.write(text);
    else {
      const model = await loadModel({ ...step, name: page.run.value }, step.words, signal);
      try {
        showProgress(false);
        say("Writing…");
        for await (const chunk of model.generate(prompt, { ...settings, signal })) {
          paper.write(chunk.text);
          text += chunk.text;
          ({ ended } = chunk.stats);
        }
      } finally {
        model.dispose();
      }
      written.set(key, { text, ended });
    }
    paper.finish();
    say(`Done: ${step.words}, seed ${settings.seed}.${ended ? " The model ended its text here." : ""}`, true);
  });
  paper.finish();
  if (failed) composer.tell(failed, "Nothing new was written.", page.error);
}

/** @param {Step} step */
function keyOf(step) {
  return JSON.stringify([step.place.href, composer.prompt, composer.seed, composer.fields]);
}

session.onChange(() => {
  page.run.disabled = session.doing === "working"; // what is written belongs to the run that is shown
});
page.run.addEventListener("change", () => void showOwn());
page.list.addEventListener("click", () => {
  if (session.doing === undefined) void list();
});
page.step.addEventListener("input", showStep);
page.step.addEventListener("change", () => {
  if (session.doing === undefined) void act();
});
