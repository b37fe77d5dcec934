// The page: a prompt becomes text. It only ever talks to cpu1.js; whatever a model, a file or a
// person wrote goes into textContent.
import { CPU1 } from "./cpu1.js";
import { fetchCatalog } from "./catalog.js";
import { element, make } from "./dom.js";
import { CPU1Error } from "./errors.js";
import { Meter } from "./meter.js";
import { NameForm } from "./names.js";
import { Announcer, ByteRow, Paper } from "./paper.js";
import { Picker, describe } from "./pick.js";

/** @import { Choice } from "./catalog.js" */
/** @import { Chunk, GenerateOptions, LoadProgress, Stats } from "./cpu1.js" */
/** @typedef {Awaited<ReturnType<typeof CPU1.load>>} Model */
/**
 * What to load, and what a person said about it.
 *
 * @typedef {{ place: URL | File, name: string, sha256?: string, names?: Record<string, string>, tokenizer?: File }} Source
 */

const page = {
  composer: element("composer", HTMLFormElement),
  prompt: element("prompt", HTMLTextAreaElement),
  promptSize: element("prompt-size", HTMLElement),
  generate: element("generate", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
  settings: element("settings", HTMLDetailsElement),
  settingsSummary: element("settings-summary", HTMLElement),
  seed: element("seed", HTMLInputElement),
  keepSeed: element("keep-seed", HTMLButtonElement),
  cancel: element("cancel", HTMLButtonElement),
  pick: element("pick", HTMLButtonElement),
  origin: element("origin", HTMLElement),
  progress: element("progress", HTMLProgressElement),
  status: element("status", HTMLElement),
  file: element("file", HTMLInputElement),
  tokens: element("tokens", HTMLElement),
  tokenizer: element("tokenizer", HTMLInputElement),
  facts: {
    model: element("fact-model", HTMLElement),
    speed: element("fact-speed", HTMLElement),
    dropped: element("fact-dropped", HTMLElement),
    kernel: element("fact-kernel", HTMLElement),
    threads: element("fact-threads", HTMLElement),
  },
  isolation: element("isolation", HTMLElement),
  /** Where each kind of error is told: near what it is about. */
  errors: {
    prompt: element("prompt-error", HTMLElement),
    settings: element("settings-error", HTMLElement),
    load: element("load-error", HTMLElement),
    file: element("file-error", HTMLElement),
    tokens: element("tokens-error", HTMLElement),
  },
};
const numbers = [...page.settings.querySelectorAll("input")].filter((input) => input !== page.seed);

const paper = new Paper(element("output", HTMLElement));
const byteRow = new ByteRow(element("bytes", HTMLElement));
const announcer = new Announcer(element("heard", HTMLElement));
const nameForm = new NameForm();
const picker = new Picker((choice) => loadChoice(choice));

/** @type {Model | undefined} */
let model;
let loading = false;
/** Gives up the model that is fetched in the place of the one that is there. @type {AbortController | undefined} */
let fetching;
/** Stops the text that is being written. @type {AbortController | undefined} */
let writing;
/** Where the model came from, to load it again with its tokenizer. @type {Source | undefined} */
let source;
/** Seed of the text on the page. */
let lastSeed = "";
/** Tokens of the text on the page that nothing could say in bytes. */
let tokensWritten = 0;

// --- Loading ------------------------------------------------------------------------------------

/** Loads the model that comes with the page. */
async function loadEmbedded() {
  const found = await loadFrom(async () => {
    const [{ file = "", name }] = (await fetchCatalog()).models;
    return { place: new URL(file, document.baseURI), name };
  });
  if (found instanceof CPU1Error) offerRetry(found);
}

/** @param {Choice & Source} choice */
async function loadChoice(choice) {
  fetching = new AbortController();
  const found = await loadFrom(async () => choice);
  fetching = undefined;
  showWork();
  if (found === undefined || found.code === "aborted") return;
  if (askNames(found, choice, loadChoice)) return;
  tell(page.errors.load, `${choice.name}: ${found.message}`);
  addButton("Try again", () => loadChoice(choice));
}

/** @param {Source} from a local file */
async function loadFile(from) {
  const found = await loadFrom(async () => from);
  if (found === undefined || askNames(found, from, loadFile)) return;
  const place = from.tokenizer ? page.errors.tokens : page.errors.file;
  tell(place, `${(from.tokenizer ?? from).name}: ${found.message}`);
}

/**
 * Shows the form for a name map, where one settles what went wrong.
 *
 * @template {Source} S
 * @param {CPU1Error} error
 * @param {S} from
 * @param {(from: S) => void} again
 */
function askNames(error, from, again) {
  return nameForm.ask(error, from.names ?? {}, (names) => again({ ...from, names }));
}

/**
 * Loads the model again, with the tokenizer that it lacked.
 *
 * @param {File} tokenizer
 */
async function giveTokenizer(tokenizer) {
  const from = source;
  if (!from) return;
  const found = await loadFrom(async () => ({ ...from, tokenizer }));
  if (found) tell(page.errors.tokens, `${tokenizer.name}: ${found.message}`);
}

/** Whether the model reads tokens and cannot say what they mean. */
function lacksTokenizer() {
  return model?.info.reads === "tokens" && !model.info.tokenizer;
}

/**
 * Loads a model; the one before stays until the new one is there, and when it does not come.
 *
 * @param {() => Promise<Source>} choose
 * @returns {Promise<CPU1Error | undefined>} why it failed
 */
async function loadFrom(choose) {
  if (loading || writing) return new CPU1Error("busy", "The model is at work; stop it or wait, then try again.");
  loading = true;
  clearErrors();
  showWork();
  say("Fetching the model.", true);
  try {
    const chosen = await choose();
    const { place, name, sha256, names, tokenizer } = chosen;
    const meter = new Meter(fetching ? name : "the model");
    const onProgress = (/** @type {LoadProgress} */ progress) => showLoading(meter.note(progress));
    const loaded = await CPU1.load(place, { onProgress, sha256, names, tokenizer, signal: fetching?.signal, ...threadsOfAddress() });
    model?.dispose();
    model = loaded;
    source = chosen;
    nameForm.hide();
    page.tokens.hidden = !lacksTokenizer();
    showFacts(name);
    page.origin.textContent = describe(model.info, place);
    say("Ready.", true);
    return undefined;
  } catch (error) {
    say(model ? "The model before is still here." : "There is no model.", true);
    return asError(error);
  } finally {
    loading = false;
    showWork();
  }
}

/** @returns {{ threads?: number }} the wish of `?threads=N`, where it makes sense */
function threadsOfAddress() {
  const wish = new URLSearchParams(location.search).get("threads") ?? "";
  return /^([1-9]|1[0-6])$/.test(wish) ? { threads: Number(wish) } : {};
}

/** @param {ReturnType<Meter["note"]>} noted */
function showLoading({ sentence, share }) {
  if (share !== undefined) page.progress.value = share;
  else page.progress.removeAttribute("value");
  page.status.textContent = sentence;
}

/** @param {CPU1Error} error */
function offerRetry(error) {
  tell(page.errors.load, error.message);
  addButton("Load the model again", loadEmbedded);
}

/**
 * Puts a way out under an error about loading.
 *
 * @param {string} words
 * @param {() => void} act
 */
function addButton(words, act) {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", act);
  page.errors.load.append(button);
}

/** @param {string} name */
function showFacts(name) {
  if (!model) return;
  const { info } = model;
  const size = `${(info.parameters / 1e6).toFixed(1)} M weights`;
  page.facts.model.textContent = `${info.run || name}, ${size}`;
  page.facts.model.title = `${name}: ${info.summary}`;
  page.facts.kernel.textContent = info.kernel;
  page.facts.threads.textContent = String(info.threads);
  page.facts.speed.textContent = "–";
  page.facts.dropped.textContent = info.deletesPatches ? "–" : "none";
  showPromptSize();
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

// --- Writing ------------------------------------------------------------------------------------

async function generate() {
  if (!model || loading || writing) return;
  clearErrors();
  writing = new AbortController();
  showWork();
  page.status.textContent = "Writing…";
  /** @type {Stats | undefined} */
  let stats;
  try {
    const settings = readSettings();
    const prompt = page.prompt.value;
    const { signal } = writing;
    const given = lacksTokenizer() ? readTokens(prompt) : prompt;
    for await (const chunk of model.generate(given, { ...settings, signal })) {
      if (!stats) begin(typeof given === "string" ? given : `${[...given].join(" ")} `, String(settings.seed));
      stats = chunk.stats;
      show(chunk);
    }
    finish(stats, "Done");
  } catch (error) {
    const { code, message } = asError(error);
    if (code === "aborted") finish(stats, "Stopped");
    else showError(code, message);
  } finally {
    writing = undefined;
    showWork();
  }
}

/**
 * A prompt of token ids.
 *
 * @param {string} text
 */
function readTokens(text) {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
  if (wrong !== undefined) {
    throw new CPU1Error("prompt", `“${wrong}” is no token id. Without a tokenizer the prompt is numbers, like 12 7 301.`);
  }
  return Uint32Array.from(words, Number);
}

/** @returns {GenerateOptions} */
function readSettings() {
  /** @type {Record<string, number | string>} */
  const options = {};
  for (const input of numbers) {
    if (input.validity.badInput) throw new CPU1Error("settings", `The ${nameOf(input)} is not a number.`);
    if (input.value !== "") options[input.name] = input.valueAsNumber;
  }
  options.seed = page.seed.value.trim() || String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
  return options;
}

/** @param {HTMLInputElement} input */
function nameOf(input) {
  return (input.labels?.[0]?.textContent ?? input.name).toLowerCase();
}

/**
 * @param {string} prompt
 * @param {string} seed
 */
function begin(prompt, seed) {
  lastSeed = seed;
  tokensWritten = 0;
  paper.begin(prompt);
  byteRow.begin(new TextEncoder().encode(prompt).length);
  announcer.begin();
}

/** @param {Chunk} chunk */
function show({ bytes, text, stats, tokens }) {
  const ids = lacksTokenizer() ? [...(tokens ?? [])] : [];
  tokensWritten += ids.length;
  const shown = text + ids.map((id) => `${id} `).join("");
  paper.write(shown);
  byteRow.write(bytes);
  announcer.write(shown);
  if (stats.readPatches < stats.promptPatches) {
    page.progress.value = stats.readPatches / stats.promptPatches;
    page.progress.classList.add("shown");
    page.status.textContent = `Reading the prompt: ${stats.readPatches} of ${stats.promptPatches} patches`;
  } else {
    page.progress.classList.remove("shown");
    page.status.textContent = `Writing: ${sayWritten(stats)}`;
    if (model?.info.deletesPatches) {
      page.facts.dropped.textContent = `${Math.round((100 * stats.deletedPatches) / stats.patches)} %`;
    }
    page.facts.speed.textContent = `${count(Math.round(stats.bytesPerSecond))} bytes/s`;
  }
}

/**
 * @param {Stats | undefined} stats
 * @param {"Done" | "Stopped"} how
 */
function finish(stats, how) {
  announcer.flush();
  if (!stats) {
    say(`${how}.`, true);
    return;
  }
  say(`${how}: ${sayWritten(stats)} in ${stats.seconds.toFixed(1)} s, seed ${lastSeed}.`, true);
  page.keepSeed.hidden = page.seed.value.trim() === lastSeed;
}

/**
 * @param {import("./errors.js").ErrorCode} code
 * @param {string} message
 */
function showError(code, message) {
  if (code === "prompt") {
    tell(page.errors.prompt, message);
    page.prompt.setAttribute("aria-invalid", "true");
    page.prompt.focus();
  } else if (code === "settings") {
    const field = [...numbers, page.seed].find((input) => message.startsWith(`The ${nameOf(input)} `));
    if (field) {
      page.settings.open = true;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-errormessage", page.errors.settings.id);
      field.parentElement?.append(page.errors.settings);
      field.focus();
    }
    tell(page.errors.settings, message);
  } else {
    model?.dispose();
    model = undefined;
    offerRetry(new CPU1Error(code, message));
  }
  say("Nothing new was written.", false);
}

/**
 * Takes a text file as the prompt.
 *
 * @param {File} file
 */
async function readPrompt(file) {
  clearErrors();
  try {
    const most = model?.info.maxPromptBytes ?? Infinity;
    if (file.size > most) {
      throw new CPU1Error("prompt", `${file.name} has ${count(file.size)} bytes; a prompt may have at most ${count(most)}.`);
    }
    page.prompt.value = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    showPromptSize();
  } catch (error) {
    const known = error instanceof CPU1Error;
    showError("prompt", known ? error.message : `${file.name} is not text in UTF-8, so it cannot stand in the prompt.`);
  }
}

// --- The rest of the page -----------------------------------------------------------------------

/** Shows what can be done now. */
function showWork() {
  page.generate.setAttribute("aria-disabled", String(!model || loading || writing !== undefined));
  page.stop.setAttribute("aria-disabled", String(!writing));
  page.pick.setAttribute("aria-disabled", String(loading || writing !== undefined));
  page.cancel.hidden = !(loading && fetching);
  page.progress.classList.toggle("shown", loading);
  paper.setWriting(writing !== undefined);
  if (writing) page.keepSeed.hidden = true;
}

/**
 * @param {string} sentence
 * @param {boolean} aloud whether screen readers are to hear it
 */
function say(sentence, aloud) {
  page.status.textContent = sentence;
  if (aloud) announcer.say(sentence);
}

/**
 * @param {HTMLElement} place
 * @param {string} sentence
 */
function tell(place, sentence) {
  place.textContent = sentence;
}

function clearErrors() {
  for (const place of Object.values(page.errors)) place.textContent = "";
  for (const field of [page.prompt, page.seed, ...numbers]) field.removeAttribute("aria-invalid");
}

/**
 * @param {unknown} error
 * @returns {CPU1Error}
 */
function asError(error) {
  if (error instanceof CPU1Error) return error;
  return new CPU1Error("internal", `The page has a fault: ${error instanceof Error ? error.message : error}.`);
}

/** @param {Stats} stats */
function sayWritten({ bytes }) {
  return tokensWritten > 0 ? `${count(tokensWritten)} tokens` : `${count(bytes)} bytes`;
}

/** @param {number} n */
function count(n) {
  return n.toLocaleString("en");
}

function showPromptSize() {
  const bytes = new TextEncoder().encode(page.prompt.value).length;
  page.promptSize.textContent = `${count(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
  const most = model?.info.maxPromptBytes ?? Infinity;
  if (bytes <= most && page.errors.prompt.textContent !== "") clearErrors();
}

function showSettingsSummary() {
  const { temperature, maxBytes } = Object.fromEntries(numbers.map((input) => [input.name, input.value]));
  const seed = page.seed.value.trim();
  page.settingsSummary.textContent = `temperature ${temperature}, ${maxBytes} bytes${seed ? `, seed ${seed}` : ""}`;
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  generate();
});
page.stop.addEventListener("click", () => writing?.abort());
page.cancel.addEventListener("click", () => fetching?.abort());
page.pick.addEventListener("click", () => {
  if (!loading && !writing) picker.show();
});
page.prompt.addEventListener("input", showPromptSize);
page.settings.addEventListener("input", showSettingsSummary);
page.keepSeed.addEventListener("click", () => {
  page.seed.value = lastSeed;
  page.keepSeed.hidden = true;
  showSettingsSummary();
});
page.file.addEventListener("change", () => {
  const [file] = page.file.files ?? [];
  if (file) loadFile({ place: file, name: file.name });
  page.file.value = ""; // the same file can be chosen again
});
page.tokenizer.addEventListener("change", () => {
  const [file] = page.tokenizer.files ?? [];
  if (file) giveTokenizer(file);
  page.tokenizer.value = "";
});
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer?.files ?? [];
  if (!file) return;
  event.preventDefault(); // the browser would leave the page for the file
  if (file.name.endsWith(".pt")) loadFile({ place: file, name: file.name });
  else if (file.name.endsWith(".json") && lacksTokenizer()) giveTokenizer(file);
  else readPrompt(file);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    generate();
  } else if (event.key === "Escape") {
    writing?.abort();
    fetching?.abort();
  }
});

page.isolation.textContent = isolation();
showPromptSize();
showSettingsSummary();
loadEmbedded();
