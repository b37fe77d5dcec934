// The page: a prompt becomes text. It only ever talks to cpu1.js; whatever a model, a file, a link
// or a person wrote goes into text, never into markup.
import { fetchCatalog } from "./models/catalog.js";
import { composer } from "./composer.js";
import { element, make } from "../ui/dom.js";
import { hasRelaxed } from "../api/engine.js";
import { keepOffline, sayIsolation, stay } from "./offline.js";
import { session } from "./session.js";
import { readLink } from "./share.js";
import { arrival, asError, say } from "./status.js";
import { Tabs } from "./tabs.js";
import { writer } from "./views/write.js";

/** @import { Tab } from "./tabs.js" */

const page = {
  composer: element("composer", HTMLFormElement),
  scorer: element("scorer", HTMLFormElement),
  generate: element("generate", HTMLButtonElement),
  see: element("see-label", HTMLElement),
  stop: element("stop", HTMLButtonElement),
  cancel: element("cancel", HTMLButtonElement),
  pick: element("pick", HTMLButtonElement),
  file: element("file", HTMLInputElement),
  tokenizer: element("tokenizer", HTMLInputElement),
  linked: element("linked", HTMLElement),
  isolation: element("isolation", HTMLElement),
};

/**
 * What a tab is for. Its code comes when it is first opened.
 *
 * @typedef {object} Task
 * @property {() => unknown} [open] hears that its tab was opened
 * @property {() => unknown} [leave] hears that another is
 * @property {() => unknown} act what the main button does
 */

/** @type {Record<Tab, { words: string, task: () => Promise<Task> }>} */
const TASKS = {
  write: { words: "Generate", task: async () => writer },
  compare: { words: "Compare", task: async () => (await import("./views/compare.js")).comparer },
  score: { words: "", task: async () => (await import("./views/score.js")).scorer },
  scrub: { words: "Write at this step", task: async () => (await import("./views/scrub.js")).scrubber },
};

/** The task of the tab that is open. @type {Task} */
let task = writer;

/** Until it is there. */
let opening = Promise.resolve();

const tabs = new Tabs((tab) => {
  page.composer.hidden = tab === "score";
  page.scorer.hidden = tab !== "score";
  page.generate.textContent = TASKS[tab].words;
  page.see.hidden = tab !== "write";
  opening = open(tab);
});

/** @param {Tab} tab */
async function open(tab) {
  const panels = [element(`panel-${tab}`, HTMLElement), page.scorer];
  for (const panel of panels) panel.inert = true; // nothing in it would answer yet
  const next = await arrival(TASKS[tab].task());
  for (const panel of panels) panel.inert = false;
  if (tabs.current !== tab) return; // another was opened meanwhile
  if (!next) {
    tabs.choose("write");
    return;
  }
  task.leave?.();
  task = next;
  task.open?.();
}

async function act() {
  await opening;
  if (session.isReady) void task.act();
}

/** Takes over what a link says; its model is fetched when a person wants it. */
async function followLink() {
  page.linked.replaceChildren();
  if (location.hash === "") return;
  const { hub } = await fetchCatalog().catch(() => ({ hub: undefined }));
  const shared = readLink(location.hash, hub);
  if (!shared) return;
  const { place, prompt, fields, seed, rounds } = shared;
  tabs.choose("write");
  composer.prompt = prompt;
  composer.fields = fields;
  composer.seed = seed;
  writer.expect(rounds);
  if (!place) return;
  const name = decodeURIComponent(place.pathname.split("/").at(-1) ?? "");
  const button = make("button", { type: "button", className: "small" }, "Fetch it");
  button.addEventListener("click", () => {
    if (session.doing) return;
    page.linked.replaceChildren();
    void session.loadChoice({ place, name });
  });
  page.linked.append(`This link is for another model, ${name}. `, button);
}

/** @param {File} file */
async function takeFile(file) {
  if (file.name.endsWith(".pt")) return session.loadFile({ place: file, name: file.name });
  if (file.name.endsWith(".json") && session.lacksTokenizer) return session.giveTokenizer(file);
  if (tabs.current === "score") return (await import("./views/score.js")).scorer.readFile(file);
  composer.clearErrors();
  try {
    await composer.readFile(file);
  } catch (error) {
    composer.showError(asError(error));
    say("Nothing new was written.");
  }
}

session.onChange(() => {
  if (session.doing === "fetching" || session.doing === "working") stay();
  page.generate.ariaDisabled = String(!session.isReady);
  page.stop.ariaDisabled = String(session.doing !== "working");
  page.pick.ariaDisabled = String(session.doing !== undefined);
});
page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  act();
});
page.stop.addEventListener("click", session.stop);
page.cancel.addEventListener("click", session.stop);
page.pick.addEventListener("click", async () => {
  const part = await arrival(import("./models/picker.js"));
  if (session.doing === undefined) part?.pickModel(session.loadChoice);
});
page.file.addEventListener("change", () => {
  const [file] = page.file.files ?? [];
  if (file) void session.loadFile({ place: file, name: file.name });
  page.file.value = ""; // the same file can be chosen again
});
page.tokenizer.addEventListener("change", () => {
  const [file] = page.tokenizer.files ?? [];
  if (file) void session.giveTokenizer(file);
  page.tokenizer.value = "";
});
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer?.files ?? [];
  if (!file) return;
  event.preventDefault(); // the browser would leave the page for the file
  void takeFile(file);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    act();
  } else if (event.key === "Escape") {
    session.stop();
  }
});
window.addEventListener("hashchange", followLink);

page.isolation.textContent = hasRelaxed ? sayIsolation() : `${sayIsolation()} Plain SIMD: this browser lacks the relaxed instructions, which are faster.`;
void session.loadEmbedded().then(keepOffline);
void followLink();
