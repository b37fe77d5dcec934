// The status line, for eyes and for screen readers, and the progress bar.
import { CPU1Error } from "../api/errors.js";
import { Announcer } from "../ui/announcer.js";
import { element } from "../ui/dom.js";

const line = element("status", HTMLElement);
const bar = element("progress", HTMLProgressElement);

export const announcer = new Announcer(element("heard", HTMLElement));

/** @param {string} sentence @param {boolean} [aloud] whether screen readers are to hear it */
export function say(sentence, aloud = false) {
  line.textContent = sentence;
  if (aloud) announcer.say(sentence);
}

/**
 * Shows how far something is.
 *
 * @param {boolean} shown
 * @param {number} [share] left out where it is not known
 */
export function showProgress(shown, share) {
  bar.classList.toggle("shown", shown);
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = share;
}

/** @param {number} n */
export function count(n) {
  return n.toLocaleString("en");
}

/** @param {unknown} error @returns {CPU1Error} */
export function asError(error) {
  if (error instanceof CPU1Error) return error;
  return new CPU1Error("internal", `The page has a fault: ${error instanceof Error ? error.message : error}.`);
}

/**
 * Waits for a module that is fetched when it is needed. If it cannot be fetched, that is said.
 *
 * @template T
 * @param {Promise<T>} module
 * @returns {Promise<T | undefined>}
 */
export function arrival(module) {
  return module.catch(() => {
    say("A part of the page could not be fetched from its server; try again when the connection is back.", true);
    return undefined;
  });
}
