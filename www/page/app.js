// The page: its views, one at a time, and what all of them share. Whatever a model, a file, a link or a person
// wrote goes into text, never into markup.
import { hasRelaxed } from "../api/engine.js";
import { element, make, onFile } from "../ui/dom.js";
import { composer } from "./composer.js";
import { fetchCatalog } from "./models/catalog.js";
import { keepOffline, sayIsolation, stay } from "./offline.js";
import { session } from "./session.js";
import { readLink } from "./share.js";
import { offerStarters } from "./starters.js";
import { arrival, asError } from "./status.js";
import * as write from "./views/write.js";

/** A form above the views. @typedef {{ form: HTMLFormElement, main: HTMLButtonElement, stop: HTMLButtonElement }} Form */

/** Prompt and settings. @type {Form} */
const prompter = {
  form: element("composer", HTMLFormElement),
  main: element("generate", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
};
/** A text to score. @type {Form} */
const scorer = {
  form: element("scorer", HTMLFormElement),
  main: element("score", HTMLButtonElement),
  stop: element("score-stop", HTMLButtonElement),
};
const page = {
  purpose: element("purpose", HTMLElement),
  see: element("see-label", HTMLElement),
  cancel: element("cancel", HTMLButtonElement),
  pick: element("pick", HTMLButtonElement),
  file: element("file", HTMLInputElement),
  tokenizer: element("tokenizer", HTMLInputElement),
  linked: element("linked", HTMLElement),
  isolation: element("isolation", HTMLElement),
};

/**
 * What the module of a view exports.
 *
 * @typedef {object} View
 * @property {() => unknown} act what the main button of its form does
 * @property {() => unknown} [open] is called when its tab is opened
 * @property {() => unknown} [leave] is called when another tab is opened
 * @property {(file: File) => unknown} [takeFile] takes a file that was dropped, in the place of the prompt
 */

/**
 * A view, as the page knows it before its code is fetched. index.html has its tab, `tab-ID`, and its panel, `panel-ID`.
 *
 * @typedef {object} Tab
 * @property {string} id
 * @property {string} purpose
 * @property {string} words on the main button of its form
 * @property {Form} form that is shown above it
 * @property {() => Promise<View>} load fetches its code, when it is first opened
 */

/** The tabs, in their order; the first is open at the start. @type {[Tab, ...Tab[]]} */
const TABS = [
  {
    id: "write",
    purpose: "Give the beginning of a text, and the model writes on.",
    words: "Generate",
    form: prompter,
    load: async () => write,
  },
  {
    id: "compare",
    purpose: "The same prompt and seed, by up to four models in turn. Bits per byte tell how surprised each was by its own text: 0 not at all, 8 as by random bytes.",
    words: "Compare",
    form: prompter,
    load: () => import("./views/compare.js"),
  },
  {
    id: "score",
    purpose: "How well do models foresee a text? Their surprise is measured in bits per byte, the fewer the better: 0 for sure of every byte, 8 for a blind guess.",
    words: "Score",
    form: scorer,
    load: () => import("./views/score.js"),
  },
  {
    id: "scrub",
    purpose: "One run at different steps of its training, on the same prompt and seed.",
    words: "Write at this step",
    form: prompter,
    load: () => import("./views/scrub.js"),
  },
];

let [tab] = TABS;
/** The view of the tab that is open. @type {View} */
let view = write;
/** Ends when that view is there. */
let opening = Promise.resolve();

/** @param {Tab} chosen */
function choose(chosen) {
  tab = chosen;
  for (const each of TABS) {
    const here = each === tab;
    const button = buttonOf(each);
    button.ariaSelected = String(here);
    button.tabIndex = here ? 0 : -1;
    panelOf(each).hidden = !here;
    each.form.form.hidden = each.form !== tab.form;
  }
  page.purpose.textContent = tab.purpose;
  page.see.hidden = tab.id !== "write";
  tab.form.main.textContent = tab.words;
  opening = open(tab);
}

/** @param {Tab} chosen */
async function open(chosen) {
  const panels = [panelOf(chosen), scorer.form];
  for (const panel of panels) panel.inert = true; // nothing in it would answer yet
  const next = await arrival(chosen.load());
  for (const panel of panels) panel.inert = false;
  if (tab !== chosen) return; // another was opened meanwhile
  if (!next) {
    choose(TABS[0]);
    return;
  }
  view.leave?.();
  view = next;
  view.open?.();
}

/** @param {Tab} of */
function buttonOf({ id }) {
  return element(`tab-${id}`, HTMLButtonElement);
}

/** @param {Tab} of */
function panelOf({ id }) {
  return element(`panel-${id}`, HTMLElement);
}

async function act() {
  await opening;
  if (session.isReady) void view.act();
}

/** Takes over what a link says; its model is fetched when a person wants it. */
async function followLink() {
  page.linked.replaceChildren();
  if (location.hash === "") return;
  const { hub } = await fetchCatalog().catch(() => ({ hub: undefined }));
  const shared = readLink(location.hash, hub);
  if (!shared) return;
  const { place, reading, prompt, fields, seed, rounds } = shared;
  choose(TABS[0]);
  composer.prompt = prompt;
  composer.fields = fields;
  composer.seed = seed;
  write.expect(rounds);
  if (!place) {
    told = reading;
    if (Object.keys(reading).length > 0) page.linked.append("This link says how to read a file of your own. Open that file, or drop it here.");
    return;
  }
  const name = decodeURIComponent(place.pathname.split("/").at(-1) ?? "");
  const button = make("button", { type: "button", className: "small" }, "Fetch it");
  button.addEventListener("click", () => {
    if (session.doing) return;
    page.linked.replaceChildren();
    void session.loadChoice({ place, name, ...reading });
  });
  page.linked.append(`This link is for another model, ${name}. `, button);
}

/** How a link says that a file of one's own is read. @type {import("./models/reading.js").Reading} */
let told = {};

/** @param {File} file of a model @param {string} [config] its settings */
function openModel(file, config) {
  const reading = { ...told, ...(config !== undefined && { config }) };
  if (session.doing === undefined) {
    told = {};
    page.linked.replaceChildren();
  } // else it is refused for now
  return session.loadFile({ place: file, name: file.name, ...reading });
}

/** What a model's settings are called where its file has none, and the most bytes that they take. */
const CONFIG = "config.json";
const LARGEST_CONFIG = 2 ** 20;

/**
 * Takes files that were chosen or dropped together: a model, perhaps with its config.json, or any one file.
 *
 * @param {File[]} files
 */
async function takeFiles(files) {
  const [first] = files;
  const place = files.find(({ name }) => /\.(pt|pth|safetensors)$/.test(name));
  const settings = files.find(({ name, size }) => name === CONFIG && size <= LARGEST_CONFIG);
  const config = settings && (await settings.text());
  if (place) return openModel(place, config);
  if (config !== undefined && session.file?.place instanceof File) return session.loadFile({ ...session.file, config });
  if (first) return takeFile(first);
}

/** @param {File} file */
async function takeFile(file) {
  if (file.name.endsWith(".json") && session.lacksTokenizer) return session.giveTokenizer(file);
  await opening;
  if (view.takeFile) return view.takeFile(file);
  composer.clearErrors();
  try {
    await composer.readFile(file);
  } catch (error) {
    composer.tell(asError(error), "Nothing new was written.");
  }
}

for (const [i, each] of TABS.entries()) {
  const button = buttonOf(each);
  button.addEventListener("click", () => choose(each));
  button.addEventListener("keydown", ({ key }) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: TABS.length - 1 }[key];
    if (to === undefined) return;
    const next = /** @type {Tab} */ (TABS.at(to % TABS.length));
    choose(next);
    buttonOf(next).focus();
  });
}
for (const { form, main, stop } of [prompter, scorer]) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void act();
  });
  stop.addEventListener("click", session.stop);
  session.onChange(() => {
    main.ariaDisabled = String(!session.isReady);
    stop.ariaDisabled = String(session.doing !== "working");
  });
}
session.onChange(() => {
  if (session.doing === "fetching" || session.doing === "working") stay();
  page.pick.ariaDisabled = String(session.doing !== undefined);
});
page.cancel.addEventListener("click", session.stop);
page.pick.addEventListener("click", async () => {
  const picker = await arrival(import("./models/picker.js"));
  if (session.doing === undefined) picker?.pickModel(session.loadChoice);
});
onFile(page.file, (file, all) => {
  if (all.length > 1 || file.name === CONFIG) return takeFiles(all);
  return openModel(file); // it is meant as a model, whatever its name
});
onFile(page.tokenizer, session.giveTokenizer);
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const files = [...(event.dataTransfer?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault(); // the browser would leave the page for the file
  void takeFiles(files);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void act();
  } else if (event.key === "Escape") {
    session.stop();
  }
});
window.addEventListener("hashchange", followLink);
offerStarters(({ prompt, view: id }) => {
  const home = TABS.find((each) => each.id === id);
  if (home) choose(home);
  composer.prompt = prompt;
  write.expect(1);
  if (tab.id === "write") void act();
});

page.isolation.textContent = hasRelaxed ? sayIsolation() : `${sayIsolation()} Plain SIMD: this browser lacks the relaxed instructions, which are faster.`;
void session.loadEmbedded().then(keepOffline);
void followLink();
