// Headless Chromium for the page tests: `openPage(t)` serves www/ and opens a page of it; both go
// when the test ends, which also fails if the page complained where the test did not look.
import { after } from "node:test";
import { chromium } from "playwright-core";
import { FLAGS, chromiumPath } from "./chromium.mjs";
import { serve } from "../../tools/serve.mjs";

/** @import { Edits } from "../../tools/serve.mjs" */
/** @import { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */

/**
 * @typedef {object} PageOptions
 * @property {boolean} [isolated] whether the server sends the headers of cross-origin isolation; true
 * @property {string} [root] folder to serve in the place of www/
 * @property {string} [path] what to open; "/"
 * @property {{ width: number, height: number }} [viewport] CSS pixels; 1280 × 800
 * @property {"light" | "dark"} [colorScheme] "light"
 * @property {boolean} [patient] whether the page waits as long as ever
 * @property {RegExp[]} [allow] complaints that the test provokes on purpose
 * @property {(page: Page, origin: string) => Promise<unknown>} [before] runs before the page is opened
 * @property {string[]} [flags] of a browser for this test alone
 * @property {string} [origin] of a server that is there, in the place of one for this test
 * @property {"load" | "commit"} [until] how much of the page has to be there; "load"
 * @property {BrowserContextOptions} [context] further settings of the browser. It has no service workers, which would
 *   fetch what a test wants to see, and isolate the page
 */

/** What a page complains of where its network fails. */
export const NETWORK = [/favicon/, /Failed to load resource/, /request failed/];

/** How long the page waits and measures, shorter than is good for visitors. @type {Edits} */
const HASTY = {
  "/api/remote.js": { "PAUSE = 500": "PAUSE = 5", "LONGEST_SILENCE = 20_000": "LONGEST_SILENCE = 2_000" },
  "/bench/bench.js": { "ROUNDS = 5": "ROUNDS = 1", "ROUND = 400": "ROUND = 40", "PROMPT_BYTES = 4096": "PROMPT_BYTES = 512" },
  "/cpu1.js": { "PATIENCE = 5000": "PATIENCE = 2000" },
};

/** @type {Promise<Browser> | undefined} */
let browser;
after(async () => (await browser)?.close());

/** One browser for all tests of a file. */
function launch() {
  browser ??= chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
  return browser;
}

/**
 * Serves www/ on a port of its own and opens a page of it in a fresh browser profile.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 * @returns {Promise<{ page: Page, context: BrowserContext, origin: string }>}
 */
export async function openPage(t, options = {}) {
  const { isolated = true, path = "/", viewport = { width: 1280, height: 800 }, colorScheme = "light" } = options;
  const edits = options.patient || options.context?.serviceWorkers ? {} : HASTY; // service workers know their files
  const server = options.origin ? undefined : await serve({ isolated, edits, ...(options.root && { root: options.root }) });
  const origin = options.origin ?? server?.origin ?? "";
  const own = options.flags && (await chromium.launch({ executablePath: chromiumPath(), args: [...FLAGS, ...options.flags] }));
  const context = await (own ?? (await launch())).newContext({ viewport, colorScheme, serviceWorkers: "block", ...options.context });
  /** @type {string[]} */
  const complaints = [];
  t.after(async () => {
    await context.close(); // first, as it may be fetching still
    await own?.close();
    await server?.close();
    const unexpected = complaints.filter((text) => !options.allow?.some((pattern) => pattern.test(text)));
    if (unexpected.length > 0) throw new Error(`The page complained:\n${unexpected.join("\n")}`);
  });

  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error().stack ?? error.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console.error: ${message.text()} (${message.location().url})`);
  });
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (why === "net::ERR_ABORTED") return; // the page cancelled it
    if (why === "net::ERR_BLOCKED_BY_RESPONSE" && request.url().endsWith("/helper.js")) return; // its worker had ended
    complaints.push(`request failed: ${request.url()} ${why}`);
  });

  const page = await context.newPage();
  await options.before?.(page, origin);
  await page.goto(origin + path, { waitUntil: options.until ?? "load" });
  return { page, context, origin };
}
