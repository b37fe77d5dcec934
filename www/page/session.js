// The page's model, and what the page does: it loads a model or it works, one thing at a time.
import { CPU1Error } from "../api/errors.js";
import { CPU1 } from "../cpu1.js";
import { element, make } from "../ui/dom.js";
import { Meter } from "../ui/meter.js";
import { fetchCatalog, findListed, sayPlace } from "./models/catalog.js";
import { arrival, asError, say, showProgress } from "./status.js";

/** @import { Found, ProbeProgress } from "../api/protocol.js" */
/** @import { ModelInfo, Stats } from "../cpu1.js" */
/** @import { ListedModel } from "./models/catalog.js" */
/** @import { Reading, ReadingNotes } from "./models/reading.js" */
/** @typedef {Awaited<ReturnType<typeof CPU1.load>>} Model */
/**
 * The file of a model: where it is, what it is called, and what a person said about it.
 *
 * @typedef {{ place: URL | File, name: string, sha256?: string | undefined, tokenizer?: File } & Reading} ModelFile
 */

const page = {
  cancel: element("cancel", HTMLButtonElement),
  origin: element("origin", HTMLElement),
  tokens: element("tokens", HTMLElement),
  facts: {
    model: element("fact-model", HTMLElement),
    speed: element("fact-speed", HTMLElement),
    dropped: element("fact-dropped", HTMLElement),
    memory: element("fact-memory", HTMLElement),
    kernel: element("fact-kernel", HTMLElement),
    threads: element("fact-threads", HTMLElement),
  },
  /** Where each kind of error is told: near what it is about. */
  errors: {
    load: element("load-error", HTMLElement),
    file: element("file-error", HTMLElement),
    tokens: element("tokens-error", HTMLElement),
  },
};
/** The form for a name map, once one was needed. @type {import("./models/name-form.js").NameForm | undefined} */
let nameForm;
/** What is told of a file, once there was something to tell. @type {ReadingNotes | undefined} */
let notes;

/** Bits per byte from which a model may be read wrongly. */
const BAD = 6;

/** @type {Model | undefined} */
let model;
/** Its file, to load it again with its tokenizer. @type {ModelFile | undefined} */
let file;
/** What the catalogue says of it. @type {ListedModel | undefined} */
let listed;
/** Ends what is done now. @type {AbortController | undefined} */
let work;
/** What is done now; only `fetching` and `working` can be stopped. @type {"loading" | "fetching" | "working" | undefined} */
let doing;
/** Those who show what can be done. @type {(() => void)[]} */
const listeners = [];

export const session = {
  get model() {
    return model;
  },
  get file() {
    return file;
  },
  get doing() {
    return doing;
  },
  /** Whether something can be begun with the model. */
  get isReady() {
    return model !== undefined && doing === undefined;
  },
  /** Whether the model reads tokens and has no tokenizer. */
  get lacksTokenizer() {
    return model?.info.reads === "tokens" && !model.info.tokenizer;
  },
  /** What the catalogue says of the model. */
  get listed() {
    return listed;
  },
  /** Whether the model can end a text by itself. */
  get endsTexts() {
    return model?.info.config.end_byte !== undefined;
  },
  /** @param {() => void} listener is told how things are, and when they have changed */
  onChange(listener) {
    listeners.push(listener);
    listener();
  },
  perform,
  stop,
  loadEmbedded,
  loadChoice,
  loadFile,
  giveTokenizer,
  doubt,
  showStats,
  clearErrors,
};

/** @param {typeof doing} what */
function become(what) {
  doing = what;
  page.cancel.hidden = what !== "fetching";
  showProgress(what === "loading" || what === "fetching");
  if (notes) notes.busy = what !== undefined;
  for (const listener of listeners) listener();
}

/**
 * Does one thing, and tells the listeners before and after.
 *
 * @param {"loading" | "fetching" | "working"} what
 * @param {(signal: AbortSignal) => Promise<void>} job
 * @param {(error: CPU1Error) => void} onError
 * @returns {Promise<CPU1Error | undefined>} why it failed; `aborted` where it was stopped
 */
async function run(what, job, onError) {
  clearErrors();
  const ends = new AbortController();
  if (what !== "loading") work = ends;
  become(what);
  try {
    await job(ends.signal);
    return undefined;
  } catch (caught) {
    const error = asError(caught);
    onError(error);
    return error;
  } finally {
    work = undefined;
    become(undefined);
  }
}

/**
 * Works with models, unless something is done already.
 *
 * @param {(signal: AbortSignal) => Promise<void>} job
 * @returns {Promise<CPU1Error | undefined>} why it failed; `aborted` where it was stopped
 */
async function perform(job) {
  if (doing) return undefined;
  return run("working", job, (error) => {
    if (error.code !== "internal" && error.code !== "memory") return;
    // After a fault of the program, or when its memory is used up, all its models are gone.
    model?.dispose();
    model = undefined;
    offerRetry(error);
  });
}

/** Ends what is done now, if it can be stopped. */
function stop() {
  work?.abort();
}

// --- Loading ------------------------------------------------------------------------------------

/** Loads the model that comes with the page. */
async function loadEmbedded() {
  const found = await loadFrom(async () => {
    const [ours] = (await fetchCatalog()).models;
    return { place: new URL(ours.file ?? "", document.baseURI), name: ours.name };
  });
  if (found instanceof CPU1Error) offerRetry(found);
}

/** Loads a file that comes over the network; this can be stopped. @param {ModelFile} choice */
async function loadChoice(choice) {
  const found = await loadFrom(async () => choice, true);
  if (found === undefined || found.code === "aborted") return;
  if (await askNames(found, choice, loadChoice)) return;
  page.errors.load.textContent = `${choice.name}: ${found.message}`;
  addButton("Try again", () => loadChoice(choice));
}

/** @param {ModelFile} from a local file, or what comes with one */
async function loadFile(from) {
  const found = await loadFrom(async () => from);
  if (found === undefined || (await askNames(found, from, loadFile))) return;
  const place = from.tokenizer ? page.errors.tokens : page.errors.file;
  place.textContent = `${(from.tokenizer ?? from).name}: ${found.message}`;
}

/**
 * Shows the form for a name map, if such a map can settle what went wrong.
 *
 * @param {CPU1Error} error
 * @param {ModelFile} from
 * @param {(from: ModelFile) => void} again
 */
async function askNames(error, from, again) {
  if (error.code !== "names") return false;
  const loaded = await arrival(import("./models/name-form.js"));
  if (!loaded) return false;
  nameForm ??= new loaded.NameForm();
  nameForm.ask(error, from.names ?? {}, (names) => again({ ...from, names }));
  return true;
}

/**
 * Tells of the file what there is to tell.
 *
 * @param {Model} loaded
 * @param {ModelFile} from
 * @param {AbortSignal} signal
 */
async function tellReading(loaded, from, signal) {
  const isForeign = from.place instanceof File || from.place.origin !== location.origin;
  const needed = isForeign || loaded.notes.length > 0 || loaded.info.report.copies.length > 1;
  if (needed) await prepareNotes();
  notes?.show(loaded, from);
  if (isForeign) await doubt((await notes?.glance(loaded, signal)) ?? 0, "plain English");
}

async function prepareNotes() {
  const module = notes ?? (await arrival(import("./models/reading.js")));
  if (module && "ReadingNotes" in module) notes = new module.ReadingNotes(readOtherwise, searchReading);
}

/**
 * Offers other readings of the page's model, if it scored badly.
 *
 * @param {number} bitsPerByte
 * @param {string} text what was scored
 */
async function doubt(bitsPerByte, text) {
  if (!(bitsPerByte > BAD)) return;
  await prepareNotes();
  if (model) await notes?.doubt(bitsPerByte, text, model);
}

/** Loads the model's file again. @param {Reading} reading */
async function readOtherwise(reading) {
  if (!file) return;
  const load = file.place instanceof File ? loadFile : loadChoice;
  await load({ ...file, ...reading });
}

/** Looks for another reading of the model's file, and loads it so. */
async function searchReading() {
  const [of, from] = [model, file];
  if (!of || !from || doing) return;
  /** @type {Found | undefined} */
  let found;
  const search = async (/** @type {AbortSignal} */ signal) => {
    say("Trying other readings.", true);
    const meter = new Meter(from.name);
    const { place, names, weights } = from;
    found = await CPU1.probe(place, {
      names,
      weights,
      signal,
      ...threadsOfAddress(),
      onProgress: (progress) => {
        const { sentence, share } = progress.phase === "probe" ? sayTried(progress) : meter.note(progress);
        showProgress(true, share);
        say(sentence);
      },
    });
    say("Done.", true);
  };
  const failed = await run("fetching", search, (error) => say(error.code === "aborted" ? "Stopped." : error.message, true));
  if (failed || !found) return;
  if (Object.keys(found.dialect).length > 0) await readOtherwise({ dialect: found.dialect });
  if (model) await notes?.tell(found, model);
}

/** @param {ProbeProgress} progress */
function sayTried({ loaded, total }) {
  const share = loaded / total;
  return { sentence: `Trying other readings: ${Math.floor(100 * share)} %`, share };
}

/** Loads the model again, with the tokenizer that it lacked. @param {File} tokenizer */
async function giveTokenizer(tokenizer) {
  if (file) await loadFile({ ...file, tokenizer });
}

/**
 * Loads a model. The one before stays until the new one is there, and also if that fails.
 *
 * @param {() => Promise<ModelFile>} choose
 * @param {boolean} [far] whether it may take long, so that it can be stopped
 * @returns {Promise<CPU1Error | undefined>} why it failed
 */
async function loadFrom(choose, far = false) {
  if (doing) return new CPU1Error("busy", "The model is at work; stop it or wait, then try again.");
  const load = async (/** @type {AbortSignal} */ signal) => {
    say("Fetching the model.", true);
    const chosen = await choose();
    const loaded = await loadModel(chosen, far ? chosen.name : "the model", signal);
    model?.dispose();
    model = loaded;
    file = chosen;
    listed = await findListed(chosen.place);
    nameForm?.hide();
    await tellReading(model, chosen, signal);
    page.tokens.hidden = !session.lacksTokenizer;
    showFacts(chosen.name);
    page.origin.textContent = describe(model.info, chosen.place);
    say("Ready.", true);
  };
  return run(far ? "fetching" : "loading", load, () => say(model ? "The model before is still here." : "There is no model.", true));
}

/**
 * Loads a model and shows how far that is.
 *
 * @param {ModelFile} from
 * @param {string} name to call it by meanwhile
 * @param {AbortSignal} [signal]
 */
export function loadModel({ place, sha256, names, config, weights, dialect, tokenizer }, name, signal) {
  const meter = new Meter(name);
  return CPU1.load(place, {
    onProgress: (progress) => {
      const { sentence, share } = meter.note(progress);
      showProgress(true, share);
      say(sentence);
    },
    sha256,
    names,
    config,
    weights,
    dialect,
    tokenizer,
    signal,
    ...threadsOfAddress(),
  });
}

/** @returns {{ threads?: number }} what `?threads=N` asks for, if it is from 1 to 16 */
function threadsOfAddress() {
  const wish = new URLSearchParams(location.search).get("threads") ?? "";
  return /^([1-9]|1[0-6])$/.test(wish) ? { threads: Number(wish) } : {};
}

/** @param {CPU1Error} error */
function offerRetry(error) {
  page.errors.load.textContent = error.message;
  addButton("Load the model again", loadEmbedded);
}

/**
 * Puts a button under an error about loading.
 *
 * @param {string} words
 * @param {() => void} act
 */
function addButton(words, act) {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", act);
  page.errors.load.append(button);
}

function clearErrors() {
  for (const place of Object.values(page.errors)) place.textContent = "";
}

// --- Facts --------------------------------------------------------------------------------------

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
  showMemory();
}

function showMemory() {
  if (model) page.facts.memory.textContent = `${(model.info.memoryBytes / 1e6).toFixed(1)} MB`;
}

/** @param {Stats} stats */
function showStats({ deletedPatches, patches, bytesPerSecond }) {
  if (model?.info.deletesPatches && patches > 0) {
    page.facts.dropped.textContent = `${Math.round((100 * deletedPatches) / patches)} %`;
  }
  page.facts.speed.textContent = `${Math.round(bytesPerSecond).toLocaleString("en")} bytes/s`;
  showMemory();
}

/** How many unused tensors are named at most. */
const MOST_NAMED = 4;

/**
 * What was loaded and how: architecture, file, tensors that are not used, and why the model is not kept if it was to be.
 *
 * @param {Readonly<ModelInfo>} info
 * @param {URL | File} place where it came from
 */
function describe({ summary, flavour, report, cache }, place) {
  const from = place instanceof File ? place.name : sayPlace(place.href);
  const step = report.step === null ? "" : `, step ${report.step.toLocaleString("en")}`;
  const how = { hit: ", kept on this machine", stored: ", kept from now on", off: "" }[cache.state];
  const what = summary.charAt(0).toUpperCase() + summary.slice(1);
  const sentences = [`${what}.`, `Read from ${from} (${flavour.replace("_2bit", "")}${step})${how}.`];
  if (report.unused.length > 0) {
    const more = report.unused.length - MOST_NAMED;
    const names = report.unused.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
    sentences.push(`Not used, as no part of the model has that role: ${names}.`);
  }
  if (cache.notice) sentences.push(cache.notice);
  return sentences.join(" ");
}
