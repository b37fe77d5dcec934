// What a visitor downloads before the first byte of text, and what showing text costs: in bytes, requests and counts of
// work, which are the same on every machine.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { openPage } from "./support/browser.mjs";
import { openReady, parts } from "./support/page.mjs";
import { scriptedModel } from "./support/scripted.mjs";
import { says, temporary } from "./support/site.mjs";
import { publish } from "../tools/publish.mjs";

/** @import { Page } from "playwright-core" */

const PACKAGE = new URL("../../www/pkg/", import.meta.url);

/**
 * Bytes of one wasm file, compressed as hosts do: most by Brotli, the plainest by gzip. Before the program read files of
 * others it had 149,167 and 176,486. Reading them was to take 20,000 more by gzip, and takes 103,000: the budget says what
 * is, so that no more is added unseen, until what reads foreign files is a file of its own that few visits need.
 */
const WASM_BUDGETS = [
  { name: "Brotli", compress: brotliCompressSync, most: 236_000 },
  { name: "gzip", compress: (/** @type {Buffer} */ file) => gzipSync(file, { level: 9 }), most: 284_000 },
];

/** Bytes by gzip of the page's own HTML, CSS and JavaScript, up to where it is ready to write. */
const PAGE_BUDGET = 60_000;

/** Requests of a first visit up to the first byte of text. */
const REQUESTS = 40;
/** Characters that are laid out anew when some come, however long the text is. */
const LAID_OUT = 4000;

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

test("the first byte of text needs no more than its budget of files, and one program and one model of them", async (t) => {
  /** Of the page's own text also how much it is. @type {Map<string, Promise<number> | undefined>} */
  const sizes = new Map();
  const root = temporary(t);
  await publish(root);
  const { page, origin } = await openPage(t, {
    root,
    before: async (opened, host) => {
      await opened.addInitScript(writeAtOnce);
      opened.on("response", (response) => {
        const url = response.url();
        if (!url.startsWith(host) || sizes.has(url)) return;
        const isText = /^text\/(html|css|javascript)/.test(response.headers()["content-type"] ?? "");
        sizes.set(url, isText ? response.body().then((body) => gzipSync(body, { level: 9 }).length) : undefined);
      });
    },
  });
  await page.waitForFunction(() => "firstByte" in window);
  const needed = [...sizes.keys()].map((url) => url.slice(origin.length));
  assert.ok(needed.length <= REQUESTS, `${String(needed.length)} requests, ${String(REQUESTS)} at most:\n${needed.join("\n")}`);
  for (const kind of [".wasm", ".pt"]) assert.equal(needed.filter((path) => path.endsWith(kind)).length, 1, kind);

  // What comes once the page is at rest counts, too.
  await page.waitForLoadState("networkidle");
  const own = [...sizes].filter(([, size]) => size);
  const files = own.map(([url]) => url.slice(origin.length));
  for (const file of ["/", "/style.css", "/page/app.js", "/worker/worker.js", "/pkg/cpu1.js"]) assert.ok(files.includes(file), file);
  const sum = (await Promise.all(sizes.values())).reduce((/** @type {number} */ all, size = 0) => all + size, 0);
  t.diagnostic(`${String(sum)} bytes in ${String(own.length)} files; ${String(needed.length)} requests to the first byte`);
  assert.ok(sum <= PAGE_BUDGET, `${String(sum)} bytes compressed, ${String(PAGE_BUDGET)} at most`);
});

test("while text is written only its end is laid out anew", async (t) => {
  const text = "What a model may write, in lines of an ordinary length.\n".repeat(300);
  const { page } = await openReady(t, { before: (opened) => scriptedModel(opened, [...Buffer.from(text)]) });
  await page.evaluate(() => {
    const seen = { most: 0 };
    Object.assign(window, { seen });
    const output = /** @type {HTMLElement} */ (document.querySelector("#output"));
    new MutationObserver((changes) => {
      const blocks = changes.map(({ target }) => (target === output ? output.lastElementChild : [...output.children].find((block) => block.contains(target))));
      const changed = [...new Set(blocks)].reduce((sum, block) => sum + (block?.textContent?.length ?? 0), 0);
      seen.most = Math.max(seen.most, changed);
    }).observe(output, { childList: true, characterData: true, subtree: true });
  });
  await writeToTheEnd(page);
  const most = await page.evaluate(() => /** @type {any} */ (window).seen.most);
  t.diagnostic(`${String(most)} characters of ${String(text.length)}`);
  assert.ok(most > 0 && most <= LAID_OUT, `${String(most)} characters at a time, ${String(LAID_OUT)} at most`);
});

test("nothing moves while text is written", async (t) => {
  const { page } = await openReady(t, {}, { Length: "8000" });
  await page.evaluate(() => {
    const seen = { moved: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) if (!entry.hadRecentInput) seen.moved += entry.value;
    }).observe({ type: "layout-shift" });
  });
  await writeToTheEnd(page);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).seen.moved), 0);
});

/** @param {Page} page */
async function writeToTheEnd(page) {
  // By a script: what moves just after an input by a person is excused.
  const { generate, status } = parts(page);
  await generate.evaluate((button) => /** @type {HTMLButtonElement} */ (button).click());
  await says(status, /^Done/);
}

/** Runs in the page before all else: asks for text as soon as that can be, and notes that its first byte is there. */
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
    if (said > prompt.value.length) Object.assign(window, { firstByte: true });
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
}
