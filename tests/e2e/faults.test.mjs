// What may befall a tab, provoked in a real browser: the page says a sentence, loses nothing that it need not, and
// goes on. What servers and storage do wrong besides is in hub.test.mjs, store.test.mjs and offline.test.mjs.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { hubAddress } from "../../www/api/hub.js";
import { BYTES, inPage, openBlank } from "./support/api.mjs";
import { NETWORK, openPage } from "./support/browser.mjs";
import { FLAGS, chromiumPath } from "./support/chromium.mjs";
import { happened } from "./support/faults.mjs";
import { standIn } from "./support/hub.mjs";
import { openReady, parts } from "./support/page.mjs";
import { serve } from "../tools/serve.mjs";
import { says } from "./support/site.mjs";
import { until } from "./support/until.mjs";

/** @import { Worker } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const EMBEDDED = await readFile(new URL("../../www/models/cpu1-rust-docs.pt", import.meta.url));
const NAME = "owner/repo/run_14/model.pt";

/**
 * A page, and a stand-in for the Hub with one model.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 */
async function open(t, options) {
  const hub = await standIn(t, { [NAME]: EMBEDDED });
  const opened = await openBlank(t, { allow: NETWORK, ...options });
  const url = JSON.stringify(hubAddress(NAME, hub.origin).href);
  const load = () => inPage(opened.page, `return attempt(async () => { const model = await CPU1.load(${url}, { threads: 1, cache: false }); const text = await bytesOf(model); model.dispose(); return text; });`);
  return { ...opened, hub, url, load };
}

for (const [how, comesBack] of /** @type {const} */ ([["for a moment", true], ["for long", false]])) {
  test(`the tab goes offline in the middle of a model, ${how}`, async (t) => {
    const { context, hub, load } = await open(t, { patient: comesBack });
    const want = await load();
    assert.match(want, BYTES);
    hub.ranges.length = 0;
    // What is on its way breaks off, and nothing new gets through.
    hub.faults.push(undefined, undefined, undefined, { silent: 1_000_000 });
    const loading = load();
    await until(() => hub.ranges.length >= 4, "the model's bytes are asked for");
    await context.setOffline(true);
    hub.hangUp();
    if (comesBack) {
      await context.waitForEvent("requestfailed");
      await context.setOffline(false);
      assert.equal(await loading, want);
      const [, start = 0] = /^bytes=(\d+)-/.exec(hub.ranges[4] ?? "")?.map(Number) ?? [];
      assert.ok(start > 500_000, `it went on at byte ${start}`);
      happened("the tab goes offline in the middle of a download, and comes back", "the download goes on at the byte where it broke off");
    } else {
      const said = await loading;
      assert.match(said, /^network: The file model\.pt could not be fetched in 5 tries: .*\.$/);
      await context.setOffline(false);
      assert.equal(await load(), want);
      happened("the tab goes offline in the middle of a download, and stays so", `“${said.slice("network: ".length)}” Back online, it loads`);
    }
  });
}

/** Writes garbage over all memory of the program, while it runs. @param {Worker} worker */
function garble(worker) {
  return worker.evaluate(
    () =>
      new Promise((done) => {
        const { prototype } = WebAssembly.Memory;
        const kept = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, "buffer"));
        // The worker looks at its memory's size after each burst.
        Object.defineProperty(prototype, "buffer", {
          configurable: true,
          get() {
            Object.defineProperty(prototype, "buffer", kept);
            new Uint8Array(this.buffer).fill(0xab);
            done(undefined);
            return this.buffer;
          },
        });
      }),
  );
}

/** What ends a worker while it generates. @type {[string, (worker: Worker) => Promise<unknown>, RegExp][]} */
const ENDS = [
  ["the worker is ended while it generates", (worker) => worker.evaluate("self.close()"), /^The model's worker is gone; the browser ended it\. Load the model again\./],
  ["the program traps while it generates", garble, /^The program stopped: .*\./],
];
for (const threads of [1, 2]) {
  for (const [what, end, sentence] of ENDS) {
    test(`${what}, with ${threads} threads`, async (t) => {
      const options = { path: `/?threads=${threads}`, allow: [/RuntimeError|Uncaught/] };
      const { page, press, setting, status, alert, text, write } = await openReady(t, options, { Length: "1000000" });
      await press("Generate");
      await page.waitForFunction(() => (document.querySelector("[role=region]")?.textContent ?? "").length > 100);
      const worker = page.workers().find((one) => one.url().endsWith("/worker.js"));
      assert.ok(worker);
      await end(worker).catch(() => {}); // it is gone before it answers
      const said = await says(alert, sentence);
      assert.ok(((await text.textContent()) ?? "").length > 100, "what was written stays");
      await press("Load the model again");
      await says(status, /^Ready/);
      await setting("Length").fill("100");
      await write();
      happened(what, `“${sentence.exec(said)?.[0]}” What was written stays; with the model loaded again, it writes`);
    });
  }
}

test("storage is cleared under a running page, and while a model is being kept", async (t) => {
  const { page, context, origin, hub, url } = await open(t);
  const client = await context.newCDPSession(page);
  const clear = () => client.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  const load = `CPU1.load(${url}, { threads: 1 })`;
  const first = await inPage(page, `const model = await ${load}; globalThis.model = model; return [model.info.cache.state, await bytesOf(model)];`);
  assert.equal(first[0], "stored");
  await clear();
  const later = await inPage(page, `return [await bytesOf(globalThis.model), (await CPU1.cached()).length];`);
  assert.deepEqual(later, [first[1], 0]);
  await inPage(page, "globalThis.model.dispose();");

  // Again and again while it is fetched, packed and kept.
  hub.faults.push(undefined, undefined, undefined, { drip: 50_000 });
  let loading = true;
  const again = inPage(page, `return attempt(async () => { const model = await ${load}; const text = await bytesOf(model); model.dispose(); return [model.info.cache, text]; });`).finally(() => (loading = false));
  while (loading) await clear();
  const kept = await again;
  assert.ok(Array.isArray(kept), kept);
  const [cache, text] = kept;
  assert.equal(text, first[1]);
  assert.match(cache.notice, /^(The model is not kept for the next visit: .*\.)?$/);
  const third = await inPage(page, `await CPU1.removeAll(); const model = await ${load}; return [model.info.cache.state, await bytesOf(model)];`);
  assert.deepEqual(third, first);
  happened("storage is cleared under a running page, and while a model is being kept", "the model at hand writes on; the next load fetches and keeps it again");
});

test("storage is forbidden by the browser's settings", async (t) => {
  const hub = await standIn(t, { [NAME]: EMBEDDED });
  const server = await serve();
  const profile = await mkdtemp(join(tmpdir(), "cpu1-profile-"));
  await mkdir(join(profile, "Default"));
  const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(settings));
  const context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath(), args: FLAGS });
  t.after(async () => {
    await context.close();
    await server.close();
    await rm(profile, { recursive: true, force: true });
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const uncaught = [];
  context.on("weberror", (error) => uncaught.push(String(error.error())));
  await page.goto(`${server.origin}/`);
  assert.match(await page.evaluate(() => navigator.storage.getDirectory().then(() => "allowed", String)), /^SecurityError/);
  const { status, write } = parts(page);
  await says(status, /^Ready/);
  await write();
  const url = JSON.stringify(hubAddress(NAME, hub.origin).href);
  await page.goto(`${server.origin}/catalog.json`);
  const [cache, text] = await inPage(page, `const model = await CPU1.load(${url}, { threads: 1 }); return [model.info.cache, await bytesOf(model)];`);
  assert.match(text, BYTES);
  assert.deepEqual(await inPage(page, "await CPU1.remove('x'); await CPU1.removeAll(); return CPU1.cached();"), []);
  assert.deepEqual(cache, { state: "off", notice: "The model is not kept for the next visit: this browser keeps no files for this page." });
  assert.deepEqual(uncaught, []);
  happened("the browser forbids the page all storage", `it writes; of a model from the Hub it says: “${cache.notice}”`);
});

test("a model is larger than the memory that can be had", async (t) => {
  // Pages of 64 KiB that any program may have: 19 MB.
  const { page } = await openBlank(t, { flags: ["--js-flags=--wasm-max-mem-pages=300"], allow: NETWORK });
  const [texts, refusal, still] = await inPage(
    page,
    `const bytes = new Uint8Array(await (await fetch("/models/cpu1-rust-docs.pt")).arrayBuffer());
     const models = [];
     const refusal = await attempt(async () => {
       while (models.length < 50) models.push(await CPU1.load(bytes.slice(), { threads: 1 }));
     });
     const texts = [];
     for (const model of models) texts.push(await attempt(() => bytesOf(model)));
     while (models.length > 1) models.pop().dispose();
     return [texts, refusal, await attempt(async () => bytesOf(await CPU1.load(bytes.slice(), { threads: 1 })))];`,
  );
  assert.match(refusal, /^memory: The model needs \d+ MB of memory, which is more than can be had; .*\.$/);
  assert.ok(texts.length >= 2, `${texts.length} models have room`);
  for (const text of texts) assert.match(text, BYTES);
  assert.match(still, BYTES, `after ${texts.length} models`);
  happened("a model is larger than the memory that can be had", `“${refusal.slice("memory: ".length)}” The models before it write on, and once they are given up it loads`);
});

test("there is no memory even for the program", async (t) => {
  const { page } = await openPage(t, { flags: ["--js-flags=--wasm-max-mem-pages=8"], allow: NETWORK });
  const said = await says(parts(page).alert, /^There is not enough memory to start; close other tabs and try again\./);
  happened("there is not even memory for the program", `“${said.replace(/\.[^.]*$/, ".")}”`);
});
