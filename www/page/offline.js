// The page's service worker, sw.js: it isolates the page where its host does not, and keeps it for visits offline.
// Some private windows have no service workers; there the page is as its host sends it.

import { sharesMemory } from "../api/engine.js";

/** Milliseconds after which the page is kept: what a visitor does first comes first. */
const DELAY = 2000;

const SCRIPT = new URL("../sw.js", import.meta.url).href;

/** The page's address can ask to be left as its host sends it. */
const declined = new URLSearchParams(location.search).get("isolation") === "off";

const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));

/** What people type into. Browsers fill other fields by themselves. @type {NodeListOf<HTMLInputElement>} */
const fields = document.querySelectorAll("textarea, input[type=text], input[type=number]");

/** Whether loading the page again would cost its visitor something. */
let touched = [...fields].some(
  ({ value, defaultValue }) => value !== defaultValue,
);
for (const act of ["input", "keydown", "pointerdown", "drop"]) addEventListener(act, stay, { capture: true, once: true });

/** From now on the page is not loaded again: something on it would be lost. */
export function stay() {
  touched = true;
}

/**
 * Has the worker add the headers that isolate a page. For that the page has to be loaded once more, but never twice.
 */
async function isolate() {
  const inTop = window.top === window;
  if (crossOriginIsolated || declined || !inTop || visit === undefined || visit.type === "reload") return;
  if (!(await register())) return;
  await navigator.serviceWorker.ready;
  // If the page came from the worker already, it is not isolated for another reason.
  if (!touched && navigator.serviceWorker.controller?.scriptURL !== SCRIPT) location.reload();
}

/** Has the worker keep the page, and the model that comes with it, for visits offline. */
export async function keepOffline() {
  await new Promise((resolve) => setTimeout(resolve, DELAY));
  if (!(await register())) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage("keep");
}

/** @returns {Promise<ServiceWorkerRegistration | undefined>} nothing where the browser does not allow one */
async function register() {
  try {
    return await navigator.serviceWorker.register(SCRIPT, { updateViaCache: "none" });
  } catch {
    return undefined;
  }
}

/** Whether threads can share memory here, and if not, why. */
export function sayIsolation() {
  if (crossOriginIsolated) {
    const byWorker = visit?.serverTiming.some(({ name }) => name === "isolated-by-worker");
    const isolated = `this page is cross-origin isolated${byWorker ? " by its service worker" : ""}`;
    if (!sharesMemory) return `One thread: this browser does not let threads share memory, though ${isolated}.`;
    return `T${isolated.slice(1)}, so its threads can share memory.`;
  }
  const why = !isSecureContext
    ? "it was not loaded over https"
    : window.top !== window
      ? "the page around it is not"
      : declined
        ? "its address asks for that (isolation=off)"
        : "its server does not send the headers that ask for it (COOP and COEP), and no service worker has added them";
  return `One thread: this page is not cross-origin isolated, as ${why}.`;
}

isolate();
