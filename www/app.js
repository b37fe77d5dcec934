// The page: a prompt becomes text. It only ever talks to cpu1.js; whatever a model, a file, a link
// or a person wrote goes into text, never into markup.
import { fetchCatalog } from "./catalog.js";
import { comparer } from "./compare.js";
import { composer } from "./composer.js";
import { element, make } from "./dom.js";
import { pickModel } from "./pick.js";
import { scorer } from "./score.js";
import { scrubber } from "./scrub.js";
import { session } from "./session.js";
import { readLink } from "./share.js";
import { asError, say } from "./status.js";
import { Tabs } from "./tabs.js";
import { writer } from "./write.js";

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

/** What the main button does, and what it says. @type {Record<Tab, { begin?: () => unknown, act: () => unknown, words: string }>} */
const TASKS = {
  write: { act: writer.generate, words: "Generate" },
  compare: { begin: comparer.begin, act: comparer.compare, words: "Compare" },
  score: { begin: scorer.begin, act: scorer.score, words: "" },
  scrub: { begin: scrubber.begin, act: scrubber.write, words: "Write at this step" },
};

const tabs = new Tabs((tab) => {
  page.composer.hidden = tab === "score";
  page.scorer.hidden = tab !== "score";
  page.generate.textContent = TASKS[tab].words;
  page.see.hidden = tab !== "write";
  scorer.hide();
  if (tab === "write") writer.showSeen();
  else writer.inside.hide();
  void TASKS[tab].begin?.();
});

function act() {
  if (session.isReady) void TASKS[tabs.current].act();
}

/** Whether threads can share memory here, and if not, why. */
function isolation() {
  if (crossOriginIsolated) return "This page is cross-origin isolated, so its threads can share memory.";
  const why = !isSecureContext
    ? "it was not loaded over https"
    : window.top !== window
      ? "the page around it is not"
      : "its server does not send the headers that ask for it (COOP and COEP)";
  return `One thread: this page is not cross-origin isolated, as ${why}.`;
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
  if (tabs.current === "score") return scorer.readFile(file);
  composer.clearErrors();
  try {
    await composer.readFile(file);
  } catch (error) {
    composer.showError(asError(error));
    say("Nothing new was written.");
  }
}

session.onChange(() => {
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
page.pick.addEventListener("click", () => {
  if (session.doing === undefined) pickModel(session.loadChoice);
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

page.isolation.textContent = isolation();
void session.loadEmbedded();
void followLink();
