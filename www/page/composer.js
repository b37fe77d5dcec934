// The prompt and the settings, which writing, comparing and scrubbing share.
import { element } from "../ui/dom.js";
import { CPU1Error } from "../api/errors.js";
import { session } from "./session.js";
import { count, say } from "./status.js";

/** @import { GenerateOptions } from "../cpu1.js" */

const page = {
  prompt: element("prompt", HTMLTextAreaElement),
  promptSize: element("prompt-size", HTMLElement),
  promptError: element("prompt-error", HTMLElement),
  settings: element("settings", HTMLDetailsElement),
  summary: element("settings-summary", HTMLElement),
  settingsError: element("settings-error", HTMLElement),
  seed: element("seed", HTMLInputElement),
  die: element("die", HTMLButtonElement),
};
const numbers = [...page.settings.querySelectorAll("input")].filter((input) => input !== page.seed);

/** Settings by the names of their fields, as they stand there. @typedef {Record<string, string>} Fields */

export const composer = {
  get prompt() {
    return page.prompt.value;
  },
  /** @param {string} text */
  set prompt(text) {
    page.prompt.value = text;
    showPromptSize();
  },
  get seed() {
    return page.seed.value.trim();
  },
  /** @param {string} seed */
  set seed(seed) {
    page.seed.value = seed;
    showSummary();
  },
  /** @returns {Fields} */
  get fields() {
    return Object.fromEntries(numbers.map(({ name, value }) => [name, value]));
  },
  /** Takes over settings; what has no field is left out. @param {Fields} fields */
  set fields(fields) {
    for (const input of numbers) input.value = fields[input.name] ?? input.value;
    showSummary();
  },
  newSeed,
  ask,
  readSettings,
  showError,
  tell,
  clearErrors,
  readFile,
};

/**
 * @returns {GenerateOptions & { seed: string }} with a seed of its own where the field is empty
 * @throws {CPU1Error} `settings`
 */
function readSettings() {
  /** @type {Record<string, number>} */
  const options = {};
  for (const input of numbers) {
    if (input.validity.badInput) throw new CPU1Error("settings", `The ${nameOf(input)} is not a number.`);
    if (input.value !== "") options[input.name] = input.valueAsNumber;
  }
  return { ...options, seed: composer.seed || newSeed() };
}

function newSeed() {
  return String((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 1_000_000);
}

/**
 * Puts a text into the prompt, and the cursor into a gap in it.
 *
 * @param {string} before what stands before the cursor
 * @param {string} after
 */
function ask(before, after) {
  composer.prompt = before + after;
  page.prompt.focus();
  page.prompt.setSelectionRange(before.length, before.length);
  page.prompt.scrollTop = page.prompt.scrollHeight;
}

/** @param {HTMLInputElement} input */
function nameOf(input) {
  return (input.labels?.[0]?.textContent ?? input.name).toLowerCase();
}

/**
 * Tells an error beside what it is about.
 *
 * @param {CPU1Error} error
 * @returns {boolean} whether it was about the prompt or a setting
 */
function showError({ code, message }) {
  if (code === "prompt") {
    page.promptError.textContent = message;
    page.prompt.setAttribute("aria-invalid", "true");
    page.prompt.focus();
    return true;
  }
  if (code !== "settings") return false;
  const field = [...numbers, page.seed].find((input) => message.startsWith(`The ${nameOf(input)} `));
  if (field) {
    page.settings.open = true;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", page.settingsError.id);
    field.closest(".fields > div")?.append(page.settingsError);
    field.focus();
  }
  page.settingsError.textContent = message;
  return true;
}

/**
 * Tells why a job failed: beside the field it is about, else in `place`, else in the status line.
 *
 * @param {CPU1Error} failed
 * @param {string} outcome what that means, as a sentence
 * @param {HTMLElement} [place] for errors that are about no field
 */
function tell(failed, outcome, place) {
  if (failed.code === "aborted") return say("Stopped.", true);
  if (!showError(failed)) {
    if (!place) return say(failed.message);
    place.textContent = failed.message;
  }
  say(outcome);
}

function clearErrors() {
  for (const place of [page.promptError, page.settingsError]) place.textContent = "";
  for (const field of [page.prompt, page.seed, ...numbers]) field.removeAttribute("aria-invalid");
}

/**
 * Takes a text file as the prompt.
 *
 * @param {File} file
 * @throws {CPU1Error} `prompt`
 */
async function readFile(file) {
  const most = session.model?.info.maxPromptBytes ?? Infinity;
  if (file.size > most) {
    throw new CPU1Error("prompt", `${file.name} has ${count(file.size)} bytes; a prompt may have at most ${count(most)}.`);
  }
  try {
    composer.prompt = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw new CPU1Error("prompt", `${file.name} is not text in UTF-8, so it cannot stand in the prompt.`, { cause });
  }
}

/**
 * A prompt of token ids, for a model without its tokenizer.
 *
 * @param {string} text
 * @throws {CPU1Error} `prompt`
 */
export function readTokens(text) {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
  if (wrong !== undefined) {
    throw new CPU1Error("prompt", `“${wrong}” is not a token id. Without a tokenizer the prompt is numbers, like 12 7 301.`);
  }
  return Uint32Array.from(words, Number);
}

function showPromptSize() {
  const bytes = new TextEncoder().encode(page.prompt.value).length;
  page.promptSize.textContent = `${count(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
  if (bytes <= (session.model?.info.maxPromptBytes ?? Infinity) && page.promptError.textContent !== "") clearErrors();
}

function showSummary() {
  const { temperature, maxBytes } = composer.fields;
  page.summary.textContent = `temperature ${temperature}, ${maxBytes} bytes${composer.seed ? `, seed ${composer.seed}` : ""}`;
}

page.prompt.addEventListener("input", showPromptSize);
page.settings.addEventListener("input", showSummary);
page.die.addEventListener("click", () => {
  composer.seed = newSeed();
});
showPromptSize();
showSummary();
