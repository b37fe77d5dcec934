// Links that make a text again. The model, the prompt, the settings and the seed stand in the fragment,
// which browsers do not send to servers.
import { hubAddress, readAddress } from "../api/hub.js";

/** @import { GenerateOptions } from "../cpu1.js" */
/** @import { Fields } from "./composer.js" */
/** @import { Reading } from "./models/reading.js" */

/** Settings by the names they have in a link. @type {(keyof GenerateOptions)[]} */
const SETTINGS = ["maxBytes", "temperature", "topK", "topP", "minP", "repetitionPenalty"];

/** The most characters of a link; a longer one is not from this page. */
const LONGEST = 400_000;
/** Continuations that a link can ask for. */
const MOST_ROUNDS = 50;

/**
 * What a link says.
 *
 * @typedef {object} Shared
 * @property {URL} [place] of a model on the Hub; that of the page where there is none
 * @property {Reading} reading how its file is read
 * @property {string} prompt
 * @property {Fields} fields
 * @property {string} seed
 * @property {number} rounds
 */

/** @param {{ place: URL | File | undefined, reading: Reading, prompt: string, settings: GenerateOptions, rounds: number }} text */
export function linkTo({ place, reading: { names, weights, dialect }, prompt, settings, rounds }) {
  const words = new URLSearchParams();
  const name = place instanceof URL ? hubName(place) : undefined;
  if (name) words.set("model", name);
  if (names) words.set("names", JSON.stringify(names));
  if (weights === "ema") words.set("weights", weights);
  if (dialect) words.set("dialect", JSON.stringify(dialect));
  words.set("prompt", prompt);
  for (const key of SETTINGS) {
    if (settings[key] !== undefined) words.set(key, String(settings[key]));
  }
  words.set("seed", String(settings.seed));
  if (rounds > 1) words.set("rounds", String(rounds));
  return `${location.href.replace(/#.*/s, "")}#${words}`;
}

/**
 * What a fragment says, if it is a link of this page. Whatever it holds: values go into fields of the
 * page, which are checked when they are used, and a model can only be on the Hub or the page's own.
 *
 * @param {string} fragment
 * @param {string} [hub] origin of the Hub
 * @returns {Shared | undefined}
 */
export function readLink(fragment, hub) {
  if (fragment.length > LONGEST) return undefined;
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  const prompt = words.get("prompt");
  if (prompt === null) return undefined;
  /** @type {Fields} */
  const fields = {};
  for (const key of SETTINGS) {
    const value = words.get(key);
    if (value !== null && /^-?\d{1,9}(\.\d{1,9})?$/.test(value)) fields[key] = value;
  }
  const seed = words.get("seed") ?? "";
  const rounds = Math.trunc(Number(words.get("rounds") ?? 1));
  return {
    ...placeOf(words.get("model"), hub),
    reading: {
      ...mapOf("names", words),
      ...(words.get("weights") === "ema" && { weights: "ema" }),
      ...mapOf("dialect", words),
    },
    prompt,
    fields,
    seed: /^\d{1,20}$/.test(seed) ? seed : "",
    rounds: rounds >= 1 && rounds <= MOST_ROUNDS ? rounds : 1,
  };
}

/**
 * A JSON object of the link by its name. What its values may be is checked when a file is read by it.
 *
 * @param {"names" | "dialect"} name
 * @param {URLSearchParams} words
 */
function mapOf(name, words) {
  try {
    const map = JSON.parse(words.get(name) ?? "");
    return map !== null && typeof map === "object" && !Array.isArray(map) ? { [name]: map } : {};
  } catch {
    return {};
  }
}

/** @param {string | null} name @param {string} [hub] */
function placeOf(name, hub) {
  if (name === null) return {};
  try {
    return { place: hubAddress(name, hub) };
  } catch {
    return {}; // not a name of a file on the Hub
  }
}

/** The name of a file on the Hub, `owner/repo/path@revision`, by its address. @param {URL} address */
function hubName(address) {
  const file = address.origin === location.origin ? undefined : readAddress(address);
  return file && `${file.repository}/${file.path}@${file.revision}`;
}
