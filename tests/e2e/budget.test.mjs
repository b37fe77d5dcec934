// What a visitor downloads before the first byte of text, and waits for.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { openPage } from "./support/browser.mjs";
import { publish } from "../tools/publish.mjs";

/** @import { Page } from "playwright-core" */

const PACKAGE = new URL("../../www/pkg/", import.meta.url);

/** Bytes of one wasm file, compressed as hosts do: most by Brotli, the plainest by gzip. */
const WASM_BUDGETS = [
  { name: "Brotli", compress: brotliCompressSync, most: 150_000 },
  { name: "gzip", compress: gzipSync, most: 180_000 },
];

/** Bytes by gzip of the page's own HTML, CSS and JavaScript, up to where it is ready to write. */
const PAGE_BUDGET = 60_000;

/** Milliseconds from the navigation, with an empty cache, to the first byte of text. */
const FIRST_BYTE = 1500;
/** Milliseconds that the page's thread may be busy at a time while text is written. */
const LONGEST_TASK = 50;
/** Machines are shared: of so many tries the best counts. */
const TRIES = 5;

test("each variant of the wasm keeps its budget", async () => {
  const variants = (await readdir(PACKAGE)).filter((name) => name.endsWith(".wasm"));
  assert.deepEqual(variants.sort(), ["cpu1_bg.wasm", "cpu1_relaxed.wasm"]);
  for (const name of variants) {
    const file = await readFile(new URL(name, PACKAGE));
    for (const { name: way, compress, most } of WASM_BUDGETS) {
      const { length } = compress(file);
      assert.ok(length <= most, `${name}: ${String(length)} bytes by ${way}, ${String(most)} at most`);
    }
  }
});

test("the page's own files keep their budget", async (t) => {
  /** @type {Map<string, Promise<number>>} */
  const sizes = new Map();
  const root = await mkdtemp(join(tmpdir(), "cpu1-site-"));
  t.after(() => rm(root, { recursive: true }));
  await publish(root);
  const { page, origin } = await openPage(t, {
    root,
    before: async (opened, host) => {
      opened.on("response", (response) => {
        const url = response.url();
        const type = response.headers()["content-type"] ?? "";
        if (!url.startsWith(host) || !/^text\/(html|css|javascript)/.test(type) || sizes.has(url)) return;
        sizes.set(url, response.body().then((body) => gzipSync(body, { level: 9 }).length));
      });
    },
  });
  await isReady(page);
  await page.waitForLoadState("networkidle");
  const files = [...sizes.keys()].map((url) => url.slice(origin.length));
  for (const file of ["/", "/style.css", "/page/app.js", "/worker/worker.js", "/pkg/cpu1.js"]) assert.ok(files.includes(file), file);
  const sum = (await Promise.all(sizes.values())).reduce((all, size) => all + size, 0);
  t.diagnostic(`${String(sum)} bytes in ${String(sizes.size)} files`);
  assert.ok(sum <= PAGE_BUDGET, `${String(sum)} bytes compressed, ${String(PAGE_BUDGET)} at most`);
});

test("the first byte of text comes in time, on a first visit", async (t) => {
  const best = await bestOf(FIRST_BYTE, async () => {
    const { page, context } = await openPage(t, {
      context: { serviceWorkers: "allow" },
      before: (opened) => opened.addInitScript(writeAtOnce),
    });
    const first = await page.waitForFunction(() => /** @type {any} */ (window).firstByte);
    const took = /** @type {number} */ (await first.jsonValue());
    await context.close();
    return took;
  });
  t.diagnostic(`${best.toFixed(0)} ms`);
  assert.ok(best <= FIRST_BYTE, `${best.toFixed(0)} ms, ${String(FIRST_BYTE)} at most`);
});

test("while text is written the page's thread is never busy for long, and nothing moves", async (t) => {
  const { page } = await openPage(t);
  await isReady(page);
  await page.locator("summary", { hasText: "Settings" }).click();
  await page.getByLabel("Length", { exact: true }).fill("8000");
  await page.evaluate(() => {
    const seen = { longest: 0, moved: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) if (!entry.hadRecentInput) seen.moved += entry.value;
    }).observe({ type: "layout-shift" });
  });
  // By a script: what moves just after an input by a person is excused.
  const generate = page.getByRole("button", { name: "Generate" });
  let moved = 0;
  const best = await bestOf(LONGEST_TASK, async () => {
    await page.evaluate(() => void Object.assign(/** @type {any} */ (window).seen, { longest: 0 }));
    await generate.evaluate((button) => /** @type {HTMLButtonElement} */ (button).click());
    await page.getByRole("status").filter({ hasText: /^Writing/ }).waitFor();
    await page.getByRole("status").filter({ hasText: /^Done/ }).waitFor();
    const seen = await page.evaluate(() => /** @type {any} */ (window).seen);
    moved = seen.moved;
    return seen.longest;
  });
  t.diagnostic(`longest task: ${best.toFixed(0)} ms (0: none over 50)`);
  assert.ok(best <= LONGEST_TASK, `${best.toFixed(0)} ms, ${String(LONGEST_TASK)} at most`);
  assert.equal(moved, 0);
});

/**
 * The least of several tries, or the first that is little enough.
 *
 * @param {number} most
 * @param {() => Promise<number>} measure
 */
async function bestOf(most, measure) {
  let best = Infinity;
  for (let i = 0; i < TRIES && best > most; i += 1) best = Math.min(best, await measure());
  return best;
}

/** @param {Page} page */
const isReady = (page) => page.getByRole("status").filter({ hasText: /^Ready/ }).waitFor();

/** Runs in the page before all else: asks for text as soon as that can be, and notes when its first byte is there. */
function writeAtOnce() {
  let pressed = false;
  new MutationObserver(() => {
    const button = document.querySelector("#generate[aria-disabled=false]");
    if (button instanceof HTMLElement && !pressed) {
      pressed = true;
      button.click();
    }
    const prompt = document.querySelector("#prompt");
    const said = document.querySelector("#output")?.textContent.length ?? 0;
    if (!pressed || "firstByte" in window || !(prompt instanceof HTMLTextAreaElement)) return;
    if (said > prompt.value.length) Object.assign(window, { firstByte: performance.now() });
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
}
