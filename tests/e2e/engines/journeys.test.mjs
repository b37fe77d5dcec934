// What people do with the page, in every engine asked for (ENGINES="chromium firefox webkit"), with isolation and
// without. What an engine lacks is found out by looking, not from a list: the page has to do without it, say so in a
// sentence, and write the same bytes. What came of it goes to target/engines/, from where table.mjs takes it.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Key } from "selenium-webdriver";
import { fixture } from "../support/api.mjs";
import { assertAccessible } from "../support/axe.mjs";
import { DIGESTS, SEEDED, digest, isSeeded } from "../support/digests.mjs";
import { standIn } from "../support/hub.mjs";
import { serve } from "../../tools/serve.mjs";
import { siteFor, temporary } from "../support/site.mjs";
import { Engine, KINDS, wantedEngines } from "./engine.mjs";
import { Visitor } from "./visitor.mjs";

/** @import { TestContext } from "node:test" */
/** @import { Digest } from "../support/digests.mjs" */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const WWW = join(ROOT, "www");
const RESULTS = join(ROOT, "target/engines");

const HUB = { "Cukinator/cpu1-ablations-final/run_03/model.pt": fixture("run_03.unpacked") };

/**
 * What an engine can do on a page, as the engine says.
 *
 * @typedef {object} Features
 * @property {boolean} isolated
 * @property {boolean} threads whether workers can share memory
 * @property {number} cores
 * @property {boolean} relaxed whether it has relaxed SIMD
 * @property {boolean} files whether it has a private file system
 * @property {boolean} cache whether it has the Cache API
 * @property {boolean} worker whether it has service workers
 */

/** @param {Visitor} visitor @returns {Promise<Features>} */
function featuresOf(visitor) {
  return visitor.evaluate(async () => {
    // A function that returns i8x16.relaxed_swizzle(i8x16.splat(1), i8x16.splat(2)).
    const code = [0x41, 1, 0xfd, 0x0f, 0x41, 2, 0xfd, 0x0f, 0xfd, 0x80, 2, 0x0b];
    const relaxed = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, code.length + 3, 1, code.length + 1, 0, ...code];
    return {
      isolated: crossOriginIsolated,
      threads: crossOriginIsolated && typeof SharedArrayBuffer === "function",
      cores: navigator.hardwareConcurrency,
      relaxed: WebAssembly.validate(Uint8Array.from(relaxed)),
      files: await Promise.resolve().then(() => navigator.storage.getDirectory()).then(() => true, () => false),
      cache: await Promise.resolve().then(() => caches.has("none")).then(() => true, () => false),
      worker: await Promise.resolve().then(() => navigator.serviceWorker.getRegistration()).then(() => true, () => false),
    };
  });
}

/** How a page is served, and what it is then called. */
const WAYS = /** @type {const} */ ([
  { isolated: true, way: "isolated", query: "" },
  { isolated: false, way: "not isolated", query: "?isolation=off" },
]);

/**
 * What is written down of an engine.
 *
 * @typedef {object} Results
 * @property {string} title
 * @property {boolean} isPrivate whether in a private window
 * @property {string} version
 * @property {Record<string, Features>} features by the way that the page was served
 * @property {Record<string, string[]>} passed by journey, in which ways
 * @property {string[]} failed
 * @property {string} programs those that wrote the same as native code
 */

/** Journeys in private windows: those that depend on what the browser keeps. */
const PRIVATE = new Set(["open", "pick a model, twice", "offline"]);

for (const name of wantedEngines()) {
  tour(name, false);
  if (kindOf(name).hidesFiles) tour(name, true);
}

/** @param {string} name @param {boolean} isPrivate */
function tour(name, isPrivate) {
  const { title: browser, forgets } = kindOf(name);
  describe(isPrivate ? `${browser}, private window` : browser, () => {
    /** @type {Engine} */
    let engine;
    /** @type {Visitor} */
    let visitor;
    /** @type {Results} */
    const results = { title: browser, isPrivate, version: "", features: {}, passed: {}, failed: [], programs: "" };

    before(async () => {
      engine = await Engine.start(name, isPrivate);
      visitor = new Visitor(engine.driver);
      results.version = String((await engine.driver.getCapabilities()).getBrowserVersion());
    });
    after(async () => {
      await engine?.close();
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(join(RESULTS, `${name}${isPrivate ? "-private" : ""}.json`), `${JSON.stringify(results, null, 1)}\n`);
    });

    /**
     * A test whose outcome goes into the table.
     *
     * @param {string} what
     * @param {string} way
     * @param {(t: TestContext) => Promise<void>} run
     */
    function journey(what, way, run) {
      if (isPrivate && !PRIVATE.has(what)) return;
      results.failed.push(`${what}, ${way}`); // until it has passed
      test(`${what}, ${way}`, async (t) => {
        await run(t);
        await engine.driver.get("about:blank"); // what the page held is given back
        results.failed.splice(results.failed.indexOf(`${what}, ${way}`), 1);
        (results.passed[what] ??= []).push(way);
      });
    }

    /**
     * Serves a folder and opens a page of it.
     *
     * @param {TestContext} t
     * @param {{ isolated: boolean, query: string, root?: string }} options
     */
    async function open(t, { isolated, query, root = WWW }) {
      const server = await serve({ root, isolated, lists: true, also: { "/tests/": join(ROOT, "tests"), "/www/": WWW } });
      t.after(server.close);
      await engine.driver.get(`${server.origin}/${query}`);
      return server;
    }

    /** The same, and waits until the page's model is there. @type {typeof open} */
    async function openReady(t, options) {
      const server = await open(t, options);
      await visitor.hears(/^Ready/);
      return server;
    }

    /** @param {string | number} length @param {string} seed */
    async function settle(length, seed) {
      await visitor.unfold(/^Settings/);
      await visitor.type("textbox", "Length", String(length));
      await visitor.type("textbox", "Seed", seed);
    }

    /** What an element shows. @param {string} role @param {string} called */
    const textOf = async (role, called) => String(await (await visitor.find(role, called)).getProperty("textContent"));

    /** Holds a prompt and its continuation against native code. @param {string} text */
    const assertSeeded = (text) => assert.ok(isSeeded(text), text);

    for (const options of isPrivate ? WAYS.slice(0, 1) : WAYS) {
      const { way } = options;

      journey("open", way, async (t) => {
        await openReady(t, options);
        const found = await featuresOf(visitor);
        results.features[way] = found;
        assert.equal(found.isolated, options.isolated);
        const threads = found.threads ? Math.min(found.cores, 4, Math.max(2, Math.floor(found.cores / 2))) : 1;
        assert.equal(await visitor.fact("Threads"), String(threads));
        assert.match(await visitor.fact("Kernel"), found.relaxed ? /^relaxed SIMD, (pairs|dot)$/ : /^simd128$/);
        const said = await visitor.reads("#isolation", /./);
        if (found.threads) assert.match(said, /^This page is cross-origin isolated, so its threads can share memory\./);
        else if (found.isolated) assert.match(said, /^One thread: this browser does not let threads share memory, though this page is cross-origin isolated\./);
        else assert.match(said, /^One thread: this page is not cross-origin isolated, as its address asks for that \(isolation=off\)\./);
        const lacking = /Plain SIMD: this browser lacks the relaxed instructions, which are faster\./;
        if (found.relaxed) assert.doesNotMatch(said, lacking);
        else assert.match(said, lacking);
      });

      journey("write, stop, continue", way, async (t) => {
        await openReady(t, options);
        await settle(SEEDED.options.maxBytes, SEEDED.options.seed);
        await visitor.click("button", "Generate");
        await visitor.hears(/^Done: 200 bytes.*seed 7/);
        assertSeeded(await textOf("region", "Text"));

        await visitor.type("textbox", "Length", "500000");
        await visitor.click("button", "Generate");
        await visitor.hears(/^Writing: \d/);
        await visitor.click("button", "Stop");
        await visitor.hears(/^Stopped: [\d,]+ bytes/);
        const begun = await textOf("region", "Text");
        await visitor.click("button", "Continue");
        await visitor.hears(/^Writing: \d/);
        await visitor.click("button", "Stop");
        await visitor.hears(/^Stopped: [\d,]+ bytes/);
        const longer = await textOf("region", "Text");
        assert.ok(longer.startsWith(begun) && longer.length > begun.length);
      });

      journey("a link, by the keyboard", way, async (t) => {
        const { prompt, options: settings } = SEEDED;
        const link = new URLSearchParams({ prompt: String(prompt), ...settings });
        await openReady(t, { ...options, query: `${options.query}#${link}` });
        await (await visitor.find("textbox", "Prompt")).click();
        await visitor.press(Key.CONTROL, Key.ENTER);
        await visitor.hears(/^Done/);
        assertSeeded(await textOf("region", "Text"));
        await settle(500_000, settings.seed);
        await visitor.press(Key.CONTROL, Key.ENTER);
        await visitor.hears(/^Writing: \d/);
        await visitor.press(Key.ESCAPE);
        await visitor.hears(/^Stopped/);
        await assertAccessible(visitor);
      });

      journey("score", way, async (t) => {
        await openReady(t, options);
        await visitor.click("tab", "Score");
        await visitor.click("button", "Score");
        await visitor.hears(/^Done/);
        const rows = await visitor.evaluate(() => Array.from(document.querySelectorAll("#scores tr"), (row) => row.querySelector("td")?.textContent));
        assert.equal(rows.length, 3);
        const [model, gzip, uniform] = rows.map(Number);
        assert.ok(model > 1 && model < gzip && gzip < uniform && uniform === 8, String(rows));
        await assertAccessible(visitor);
      });

      journey("see inside", way, async (t) => {
        await openReady(t, options);
        await settle("40", "7");
        await visitor.click("checkbox", "See inside");
        await visitor.click("button", "Generate");
        await visitor.hears(/^Done/);
        await visitor.find("region", "Inside");
        await visitor.reads("#seen-summary", /^\d\.\d\d bits per byte over 40 bytes.*The DeleteGate dropped \d+ of \d+ patches/);
        assert.ok((await visitor.evaluate(() => document.querySelectorAll("#seen-alternatives li").length)) > 1);
        const line = await visitor.evaluate(() => {
          const dropped = document.querySelector("#output .deleted");
          return dropped && [getComputedStyle(dropped).textDecorationLine, getComputedStyle(dropped).textDecorationStyle];
        });
        assert.deepEqual(line, ["underline", "dotted"]);
        const pixels = await visitor.evaluate(() => {
          const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("#seen-picture"));
          return canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
        });
        assert.equal(pixels, true);
        await assertAccessible(visitor);
      });

      journey("compare two", way, async (t) => {
        const hub = await standIn(t, HUB);
        await openReady(t, { ...options, root: siteFor(t, hub) });
        await settle("60", "7");
        await visitor.click("tab", "Compare");
        await visitor.click("button", "Add a model");
        await visitor.click("radio", /^run_03 /);
        await visitor.click("button", "Add");
        await visitor.click("button", "Compare");
        await visitor.hears(/^Done: all with seed 7/);
        const texts = await visitor.evaluate(() => Array.from(document.querySelectorAll("#compared [role=region]"), (region) => region.textContent));
        assert.equal(texts.length, 2);
        for (const text of texts) assert.match(text ?? "", /^Ownership is[^]{20}/);
        assert.notEqual(texts[0], texts[1]);
      });

      journey("pick a model, twice", way, async (t) => {
        const hub = await standIn(t, HUB);
        await openReady(t, { ...options, root: siteFor(t, hub) });
        const found = await featuresOf(visitor);
        const pick = async () => {
          await visitor.click("button", "Choose another model");
          await visitor.click("radio", /^run_03 /);
          await assertAccessible(visitor, "#picker");
          await visitor.click("button", /^(Download and load|Load)$/);
          await visitor.fact("Model", /run_03/);
          return visitor.reads("#origin", /Read from /);
        };
        const said = await pick();
        if (forgets) await keepOrigin(t);
        const fetched = hub.sent();
        assert.ok(fetched > 0);
        if (found.files) assert.match(said, /kept from now on\.$/);
        else if (found.cache) assert.match(said, /kept from now on\. It is in the Cache API, as the browser gives this page no private file system\.$/);
        else assert.match(said, /The model is not kept for the next visit: this browser keeps no files for this page\.$/);
        await engine.driver.navigate().refresh();
        await visitor.hears(/^Ready/);
        const again = await pick();
        if (found.files || found.cache) assert.match(again, /kept on this machine/);
        assert.equal(hub.sent() - fetched, found.files || found.cache ? 0 : fetched);
      });

      journey("drop a file", way, async (t) => {
        await openReady(t, options);
        await visitor.evaluate(
          (content) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([Uint8Array.from(content)], "run_03.pt"));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
          },
          [...fixture("run_03.compact")],
        );
        await visitor.fact("Model", /run_03/);
        await visitor.click("button", "Generate");
        await visitor.hears(/^Done/);
      });

      journey("the widget on another page", way, async (t) => {
        const far = await serve({ isolated: false, open: /./ });
        t.after(far.close);
        const policy = `default-src 'none'; script-src ${far.origin} 'wasm-unsafe-eval'; worker-src blob: ${far.origin}; connect-src ${far.origin}`;
        const element = `<cpu1-demo prompt="${SEEDED.prompt}" length="200" temperature="0.7" seed="7"></cpu1-demo>`;
        const script = `<script type="module" crossorigin src="${far.origin}/cpu1-demo.js"></script>`;
        const html = `<meta http-equiv="Content-Security-Policy" content="${policy}">${script}${element}`;
        await open(t, { ...options, root: blankSite(t, html) });
        await visitor.click("button", "Write");
        await visitor.reads("[part=status]", /^Done: 200 bytes, seed 7\.$/);
        assertSeeded(await textOf("group", "What the model writes"));
        await assertAccessible(visitor, "cpu1-demo");
      });

      journey("same bytes", way, async (t) => {
        await open(t, { ...options, root: blankSite(t) });
        const { threads, relaxed } = await featuresOf(visitor);
        const kernels = [...(relaxed ? ["relaxed SIMD, pairs", "relaxed SIMD, dot"] : []), "simd128"];
        for (const kernel of kernels) {
          for (const members of threads ? [1, 2, 3] : [1]) {
            const texts = await visitor.evaluate(writeAll, DIGESTS, kernel, members);
            assert.deepEqual(texts.map(digest), DIGESTS.map((entry) => entry.digest), `${kernel}, ${members} threads`);
          }
        }
        if (options.isolated) results.programs = `${kernels.join("; ")}; each on ${threads ? "1, 2 and 3 threads" : "one thread"}`;
      });
    }

    journey("offline", "isolated by its service worker", async (t) => {
      const server = await openReady(t, { isolated: false, query: "" });
      // It is about to load itself again.
      await visitor.until("the page to be isolated", () => crossOriginIsolated);
      await visitor.hears(/^Ready/);
      results.features["isolated by its service worker"] = await featuresOf(visitor);
      await visitor.until("the page to be kept", async (list) => {
        const names = (await caches.keys()).filter((cache) => cache.startsWith("cpu1-page"));
        return names.length > 0 && Boolean(await caches.match(new URL(list, document.baseURI), { cacheName: names[0] ?? "" }));
      }, "pkg/files.json");
      await server.close();
      await engine.driver.get(server.origin); // Firefox's driver reloads past service workers
      await visitor.hears(/^Ready/);
      await settle(SEEDED.options.maxBytes, SEEDED.options.seed);
      await visitor.click("button", "Generate");
      await visitor.hears(/^Done/);
      assertSeeded(await textOf("region", "Text"));
    });

    /** Opens another page of this one's origin that uses its caches, so that they are not forgotten. @param {TestContext} t */
    async function keepOrigin(t) {
      const { driver } = engine;
      const [here, address] = [await driver.getWindowHandle(), await driver.getCurrentUrl()];
      await driver.switchTo().newWindow("tab");
      await driver.get(new URL("icon.svg", address).href);
      await visitor.evaluate(() => caches.keys());
      const other = await driver.getWindowHandle();
      t.after(async () => {
        await driver.switchTo().window(other);
        await driver.close();
        await driver.switchTo().window(here);
      });
      await driver.switchTo().window(here);
    }
  });
}

/** A folder with an empty page. @param {TestContext} t @param {string} [html] what it holds */
function blankSite(t, html = "") {
  const root = temporary(t);
  writeFileSync(join(root, "index.html"), `<!doctype html><html lang="en"><title>A page</title>${html}</html>`);
  return root;
}

/**
 * In the page: writes the texts of the list.
 *
 * @param {Digest[]} list
 * @param {string} kernel
 * @param {number} threads
 * @returns {Promise<number[][]>} bytes, of tokens four each
 */
async function writeAll(list, kernel, threads) {
  const address = "/www/cpu1.js";
  /** @type {typeof import("../../../www/cpu1.js")} */
  const { CPU1 } = await import(address);
  const texts = [];
  /** @type {Awaited<ReturnType<typeof CPU1.load>>[]} */
  const models = []; // held to the end, so that all share a worker
  for (const { model: file, prompt, options } of list) {
    const simd = kernel === "simd128" ? { simd: /** @type {const} */ ("plain") } : {};
    const model = await CPU1.load(`/${file}`, { threads, kernel, cache: false, ...simd });
    models.push(model);
    if (model.info.kernel !== kernel || model.info.threads !== threads) throw new Error(`It runs on ${model.info.kernel}, ${model.info.threads}.`);
    const readsTokens = model.info.reads === "tokens";
    const symbols = typeof prompt === "string" ? prompt : readsTokens ? Uint32Array.from(prompt) : Uint8Array.from(prompt);
    const bytes = [];
    for await (const chunk of model.generate(symbols, { ...options, steady: true })) {
      const written = readsTokens ? new Uint8Array(Uint32Array.from(chunk.tokens ?? []).buffer) : chunk.bytes;
      bytes.push(...written);
    }
    texts.push(bytes);
  }
  for (const model of models) model.dispose();
  return texts;
}

/** @param {string} name */
function kindOf(name) {
  return /** @type {import("./engine.mjs").Kind} */ (KINDS[name]);
}
