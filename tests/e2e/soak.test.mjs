// Long runs in a browser: memory stands still after the first moments, the same bits come again, and a page that a
// monkey has played with still works. A short version by default; `./build.sh soak` sets CPU1_SOAK for the whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, inPage as run, openBlank } from "./support/api.mjs";
import { NETWORK } from "./support/browser.mjs";
import { openReady } from "./support/page.mjs";
import { Random } from "../bench/shape.mjs";
import { until } from "./support/until.mjs";

/** @import { Page } from "playwright-core" */

const LONG = process.env.CPU1_SOAK !== undefined;
/** A small model: what stands still does so at any size. */
const MODEL = fixture("run_14.compact").toString("base64");

/** Runs the body of an async function in a page, where `load()` loads a small model with a thread or two. @param {Page} page @param {string} body */
const inPage = (page, body) =>
  run(
    page,
    `const file = Uint8Array.from(atob("${MODEL}"), (letter) => letter.charCodeAt(0));
     const load = (threads) => CPU1.load(file, { threads });
     const digestOf = async (bytes) => String(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
     ${body}`,
  );

for (const threads of [1, 2]) {
  test(`writing needs no memory after the first moments, with ${threads} threads`, async (t) => {
    const { page } = await openBlank(t);
    const [first, again] = await inPage(
      page,
      `const model = await load(${threads});
       // All threads from the start, or the stack of one that comes late would count as growth.
       const write = async () => {
         const bytes = [];
         const sizes = new Set();
         for await (const chunk of model.generate("For ever and ", { maxBytes: ${LONG ? 100_000 : 5000}, temperature: 1, topP: 1, seed: 7, steady: true })) {
           bytes.push(...chunk.bytes);
           if (bytes.length > 2000) sizes.add(model.info.memoryBytes);
         }
         return { length: bytes.length, digest: await digestOf(Uint8Array.from(bytes)), sizes: [...sizes] };
       };
       return [await write(), await write()];`,
    );
    assert.equal(first.length, LONG ? 100_000 : 5000);
    assert.equal(first.sizes.length, 1, `${first.sizes} bytes`);
    assert.deepEqual(again, first);
  });
}

test("scoring needs no memory after the first text", async (t) => {
  const { page } = await openBlank(t);
  const texts = await inPage(
    page,
    `const model = await load(1);
     const scores = [];
     // The bits of a whole text come at once, so that ten texts stand for one of ten times the length.
     for (let i = 0; i < ${LONG ? 10 : 3}; i += 1) {
       const text = Uint8Array.from({ length: ${LONG ? 1_000_000 : 50_000} }, (_, at) => ((at * at) >> 7) % 97);
       const { bitsPerByte, perByte } = await model.score(text);
       let size = 0;
       for await (const _ of model.generate("x", { maxBytes: 1 })) size = model.info.memoryBytes;
       scores.push({ bitsPerByte, digest: await digestOf(Float32Array.from(perByte)), size });
     }
     return scores;`,
  );
  for (const score of texts) assert.deepEqual(score, texts[0]);
});

test("models that are given up leave nothing", async (t) => {
  const { page, context } = await openBlank(t, { allow: [/helper\.js/] });
  const client = await context.newCDPSession(page);
  await client.send("HeapProfiler.enable");
  const heap = async () => {
    await client.send("HeapProfiler.collectGarbage");
    return (await client.send("Runtime.getHeapUsage")).usedSize;
  };
  /** @param {number} cycles @param {string} extra @returns {Promise<number[]>} */
  const cycle = (cycles, extra) =>
    inPage(
      page,
      `globalThis.kept ??= ${extra};
       const sizes = [];
       for (let i = 0; i < ${cycles}; i += 1) {
         const model = await load(1);
         for await (const _ of model.generate("x", { maxBytes: 8 }));
         sizes.push(model.info.memoryBytes);
         model.dispose();
       }
       return sizes;`,
    );
  // One model stays, so that all the others come and go in the memory of its worker.
  await cycle(5, "await load(1)");
  const before = await heap();
  const sizes = await cycle(LONG ? 200 : 10, "await load(1)");
  assert.equal(new Set(sizes).size, 1, `${[...new Set(sizes)]} bytes`);
  const grown = (await heap()) - before;
  t.diagnostic(`the page's heap: ${before} bytes, and ${grown} more`);
  assert.ok(grown < 200_000, `${grown} bytes`);
  assert.equal(page.workers().length, 1);

  // Now none stays, and each has a worker of its own.
  await inPage(page, "globalThis.kept.dispose();");
  await cycle(LONG ? 50 : 3, "undefined");
  await until(() => page.workers().length === 0, "all workers are gone");
});

const KEYS = ["Tab", "Shift+Tab", "Enter", "Space", "Escape", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "Backspace", "PageDown", "Control+a", "Control+z", "a", "7", "-", "."];

test("a monkey leaves a page that works", async (t) => {
  const seed = Number(process.env.CPU1_MONKEY ?? 7);
  const most = LONG ? 3000 : 150;
  const { page, origin, tab, generate, settings, setting, prompt, status, alert, write } = await openReady(t, {
    allow: NETWORK,
    // The Hub is far: it answers to nobody here.
    before: (opened) => opened.route(/^https:/, (route) => route.abort()),
  });
  page.on("dialog", (dialog) => void dialog.dismiss());
  page.on("popup", (popup) => void popup.close());
  const random = new Random(seed);
  const controls = page.locator("button, input, select, textarea, summary, [role=tab], a[href^='#'], [tabindex]");
  for (let steps = 0; steps < most; steps += 1) {
    const what = random.next(10);
    const [x, y, control] = [random.next(1280), random.next(800), random.next(1000)];
    // What is not there, or not to be had right now, is no fault.
    const act = async () => {
      if (what < 3) return page.mouse.click(x, y);
      if (what < 6) return page.keyboard.press(KEYS[control % KEYS.length] ?? "Tab");
      const visible = await controls.filter({ visible: true }).all();
      const one = visible[control % visible.length];
      if (!one) return undefined;
      if (what < 9) return one.click({ timeout: 500, force: true });
      return one.fill(String(control), { timeout: 500, force: true });
    };
    await act().catch(() => {});
    assert.equal(new URL(page.url()).origin, origin, `seed ${seed}, step ${steps}`);
    if (new URL(page.url()).pathname !== "/") await page.goto(`${origin}/`);
  }

  // What it left open is closed, what it began is stopped; then the page has to write.
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("Escape");
  await page.evaluate(() => document.querySelectorAll("dialog[open]").forEach((dialog) => /** @type {HTMLDialogElement} */ (dialog).close()));
  await tab("Write");
  await until(async () => {
    if ((await generate.isVisible()) && (await generate.isEnabled())) return true;
    for (const name of ["Stop", "Cancel", "Load the model again"]) await page.getByRole("button", { name, exact: true }).click({ timeout: 100 }).catch(() => {});
    return false;
  }, `seed ${seed}: the page is ready again`);
  if (!(await setting("Seed").isVisible())) await settings.click();
  const values = { Temperature: "0.7", Length: "200", "Top-p": "0.95", "Top-k": "0", "Min-p": "0", "Repetition penalty": "1", Seed: "7" };
  for (const [name, value] of Object.entries(values)) await setting(name).fill(value);
  await prompt.fill("Ownership is");
  const text = await write().catch(async () => assert.fail(`seed ${seed}: “${await status.textContent()}” “${await alert.allTextContents()}”`));
  assert.match(text, /^Ownership is./);
});
