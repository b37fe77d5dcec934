// The page's service worker, in a browser that has some: it isolates the page, and keeps it for visits offline.
import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./support/browser.mjs";
import { SEEDED, isSeeded } from "./support/digests.mjs";
import { parts } from "./support/page.mjs";
import { says, temporary } from "./support/site.mjs";
import { until } from "./support/until.mjs";
import { LIST, listFiles } from "../tools/files.mjs";
import { serve } from "../tools/serve.mjs";

/** @import { BrowserContext, Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));
/** A browser that is offline says so in its console; a page that goes away breaks off what it began. */
const OFFLINE = [/Failed to load resource/, /request failed/, /^uncaught: $/];

/**
 * A host with a copy of the page, which can change and go away.
 *
 * @param {TestContext} t
 * @param {{ isolated?: boolean, folder?: string }} [options] `folder` of the page on the host
 */
async function startHost(t, { isolated = false, folder = "" } = {}) {
  const root = temporary(t);
  const www = join(root, folder);
  await mkdir(www, { recursive: true });
  await cp(WWW, www, { recursive: true, filter: (path) => !path.includes("node_modules") });
  const server = await serve({ root, isolated });
  t.after(server.close);
  const list = async () => writeFile(join(www, LIST), await listFiles(www));
  await list();
  return {
    origin: server.origin,
    path: `/${folder}`,
    url: `${server.origin}/${folder}`,
    stop: server.close,
    /** @param {string} path @param {(text: string) => string} change */
    async change(path, change) {
      await writeFile(join(www, path), change(await readFile(join(www, path), "utf8")));
    },
    /** @param {string} path @param {string} text */
    async write(path, text) {
      await mkdir(join(www, path, ".."), { recursive: true });
      await writeFile(join(www, path), text);
    },
    /** @param {string} path */
    remove: (path) => rm(join(www, path)),
    /** Has the list fit the files. */
    list,
  };
}
/** @typedef {Awaited<ReturnType<typeof startHost>>} Host */

/**
 * Opens the host's page in a fresh browser profile. Nothing is asked of the page before it is there: a browser takes
 * that for a person who is at work on it.
 *
 * @param {TestContext} t
 * @param {Host} host
 * @param {PageOptions & { query?: string }} [options]
 */
async function firstVisit(t, host, { query = "", before, ...options } = {}) {
  /** @type {Page[]} */
  const loads = [];
  const opened = await openPage(t, {
    origin: host.origin,
    path: host.path + query,
    until: "commit",
    allow: OFFLINE,
    ...options,
    context: { serviceWorkers: "allow" },
    async before(page, origin) {
      countLoads(page, loads);
      await page.context().addInitScript(hurry);
      await before?.(page, origin);
    },
  });
  return { ...opened, loads };
}

/** In the page: it is kept at once, not two seconds after it was opened. */
function hurry() {
  const later = /** @type {(...wanted: any[]) => number} */ (window.setTimeout);
  Object.assign(window, { setTimeout: (/** @type {() => void} */ run, /** @type {number} */ pause, /** @type {any[]} */ ...rest) => later(run, pause === 2000 ? 0 : pause, ...rest) });
}

/**
 * @param {BrowserContext} context
 * @param {string} url
 */
async function laterVisit(context, url) {
  const page = await context.newPage();
  /** @type {Page[]} */
  const loads = [];
  countLoads(page, loads);
  await page.goto(url);
  return { page, loads };
}

/**
 * @param {Page} page
 * @param {Page[]} loads gets an entry whenever the page is loaded
 */
function countLoads(page, loads) {
  page.on("framenavigated", (frame) => void (frame === page.mainFrame() && loads.push(page)));
}

/**
 * @param {Page[]} loads
 * @param {number} number
 */
async function loaded(loads, number) {
  await until(() => loads.length >= number, `the page is loaded ${number} times`);
}

/** @param {Page} page */
const isReady = (page) => says(page.getByRole("status"), /^Ready/);

/** @param {Page} page */
const isIsolated = (page) => page.evaluate(() => crossOriginIsolated);

/** What the page writes after its prompt with one seed. @param {Page} page */
async function writeText(page) {
  await isReady(page);
  const { settings, setting, write } = parts(page);
  await settings.click();
  await setting("Seed").fill(SEEDED.options.seed);
  await setting("Length").fill(String(SEEDED.options.maxBytes));
  return write();
}

/** The names of the page's caches. @param {Page} page */
const versions = (page) => page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith("cpu1-page")));

/**
 * Waits until so many versions of the page are kept as a whole, and no others are there.
 *
 * @param {Page} page
 * @param {number} [number]
 */
async function areKept(page, number = 1) {
  const whole = () =>
    page.evaluate(async (list) => {
      const names = (await caches.keys()).filter((name) => name.startsWith("cpu1-page"));
      const lists = await Promise.all(names.map((cacheName) => caches.match(new URL(list, document.baseURI), { cacheName })));
      return lists.every((found) => found) ? names.length : 0;
    }, LIST);
  await until(async () => (await whole()) === number, `${number} versions are kept`);
}

test("where the host sends no headers, the page is isolated after it was loaded once more, and writes the same", async (t) => {
  const host = await startHost(t);
  const { page, context, loads } = await firstVisit(t, host);
  await loaded(loads, 2);
  assert.ok(isSeeded(await writeText(page)));
  assert.ok(await isIsolated(page));
  assert.ok(Number(await page.locator("dl > div", { hasText: "Threads" }).getByRole("definition").textContent()) > 1);
  await page.getByText("This page is cross-origin isolated by its service worker, so its threads can share memory.").waitFor();
  assert.equal(loads.length, 2);

  const later = await laterVisit(context, host.url);
  await isReady(later.page);
  assert.ok(await isIsolated(later.page));
  assert.equal(later.loads.length, 1);
});

test("where the host sends them, the page is loaded once", async (t) => {
  const host = await startHost(t, { isolated: true });
  const { page, context, loads } = await firstVisit(t, host);
  await isReady(page);
  await page.getByText("This page is cross-origin isolated, so its threads can share memory.").waitFor();
  await areKept(page);
  const later = await laterVisit(context, host.url);
  await isReady(later.page);
  assert.deepEqual([loads.length, later.loads.length], [1, 1]);
});

/** What a visitor may have done when the worker is there. @type {Record<string, ((page: Page) => Promise<unknown>) | undefined>} */
const DEEDS = {
  "did nothing": undefined,
  "typed": (page) => page.getByRole("textbox", { name: "Prompt" }).fill("What I wrote"),
  "typed and took it back": (page) => page.keyboard.type("a").then(() => page.keyboard.press("Backspace")),
  // Not by the mouse, which is a sign by itself.
  "had text written": (page) => page.getByRole("button", { name: "Generate" }).evaluate((button) => /** @type {HTMLElement} */ (button).click()),
  "opened a file": (page) => page.getByLabel("Open another CPU-1 checkpoint").setInputFiles({ name: "a.pt", mimeType: "", buffer: Buffer.of() }),
};
for (const [deed, act] of Object.entries(DEEDS)) {
  test(`a page whose visitor ${deed} is ${act ? "not " : ""}loaded again`, async (t) => {
    const host = await startHost(t);
    const { page, loads } = await firstVisit(t, host, {
      // The worker comes late.
      before: (opened) =>
        opened.addInitScript(() => {
          const register = navigator.serviceWorker.register.bind(navigator.serviceWorker);
          const come = new Promise((resolve) => Object.assign(window, { letCome: resolve }));
          navigator.serviceWorker.register = async (...wanted) => {
            await come;
            return register(...wanted);
          };
        }),
    });
    await isReady(page);
    await act?.(page);
    const prompt = await page.getByRole("textbox", { name: "Prompt" }).inputValue();
    await page.evaluate(() => /** @type {any} */ (window).letCome());
    if (act) {
      // To be loaded again would break off a request.
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => fetch("icon.svg")).then((response) => response.blob()));
      assert.equal(loads.length, 1);
      assert.equal(await page.getByRole("textbox", { name: "Prompt" }).inputValue(), prompt);
      await page.getByText(/^One thread: .* no service worker has added them\.$/).waitFor();
    } else {
      await loaded(loads, 2);
    }
  });
}

test("its address can ask that the page be left as it is, for this visit", async (t) => {
  const host = await startHost(t);
  const { page, context, loads } = await firstVisit(t, host, { query: "?isolation=off" });
  await isReady(page);
  await page.getByText(/^One thread: .* its address asks for that \(isolation=off\)\.$/).waitFor();
  await areKept(page);
  await page.reload();
  assert.ok(isSeeded(await writeText(page)));
  assert.equal(await isIsolated(page), false);
  assert.equal(loads.length, 2); // that of the visitor

  const later = await laterVisit(context, host.url);
  await isReady(later.page);
  assert.ok(await isIsolated(later.page));
});

for (const [isolated, folder] of /** @type {const} */ ([[false, ""], [true, ""], [false, "some/where/"]])) {
  test(`the page writes offline${isolated ? ", from a host that isolates it" : ""}${folder && ", from a folder"}`, async (t) => {
    const host = await startHost(t, { isolated, folder });
    const { page, context, loads } = await firstVisit(t, host);
    if (!isolated) await loaded(loads, 2);
    await areKept(page);
    await host.stop();
    const later = await laterVisit(context, `${host.url}?threads=2#about`);
    assert.ok(isSeeded(await writeText(later.page)));
    assert.ok(await isIsolated(later.page));
    await later.page.goto(`${host.url}bench.html`);
    await later.page.getByRole("button", { name: "Measure" }).waitFor();
  });
}

/** Modules that tell which version they are of. */
const MARKED = ["ui/dom.js", "api/engine.js", "api/errors.js", "page/share.js"];

/**
 * @param {Host} host
 * @param {string} sign
 * @param {string[]} [files]
 */
async function mark(host, sign, files = ["index.html", ...MARKED]) {
  for (const file of files) {
    await host.change(file, (text) =>
      file === "index.html"
        ? text.replace(/<html lang="en"[^>]*>/, `<html lang="en" data-mark="${sign}">`)
        : `${text.replace(/\n\/\*mark\*\/.*\n$/, "\n")}/*mark*/ (globalThis.marks ??= []).push("${sign}");\n`,
    );
  }
}

/** The versions that the page's files are of, each once. @param {Page} page */
async function marksOf(page) {
  await isReady(page);
  const marks = await page.evaluate(() => [document.documentElement.dataset["mark"], .../** @type {any} */ (window).marks]);
  assert.equal(marks.length, MARKED.length + 1);
  return [...new Set(marks)].join();
}

test("a new version takes over as a whole, and nothing else does", async (t) => {
  const host = await startHost(t, { isolated: true });
  await mark(host, "first");
  await host.list();
  const { page, context } = await firstVisit(t, host);
  assert.equal(await marksOf(page), "first");
  await page.evaluate(async () => (await caches.open("cpu1-models")).put("model", new Response("kept")));
  await areKept(page);
  const old = await versions(page);
  await page.close();
  /** @param {(page: Page) => Promise<void>} [also] what to see besides */
  const visit = async (also) => {
    const later = await laterVisit(context, host.url);
    const marks = await marksOf(later.page);
    await also?.(later.page);
    await later.page.close();
    return marks;
  };

  // The host is in the middle of an upload: first the list is late, then a file.
  await mark(host, "second");
  assert.equal(await visit(), "first");
  await host.list();
  await mark(host, "late", ["ui/dom.js"]);
  assert.equal(await visit(), "first");

  await mark(host, "second");
  const tab = await laterVisit(context, host.url);
  assert.equal(await marksOf(tab.page), "second");
  await areKept(tab.page);
  assert.notDeepEqual(await versions(tab.page), old);

  // While a tab shows one version, that is what all get; loaded again on its own, it gets the next.
  await mark(host, "third");
  await host.list();
  assert.equal(await visit((other) => areKept(other, 2)), "second");
  await tab.page.reload();
  assert.equal(await marksOf(tab.page), "third");
  await areKept(tab.page);
  assert.equal(await tab.page.evaluate(async () => (await caches.match("model", { cacheName: "cpu1-models" }))?.text()), "kept");
  await tab.page.close();

  await host.stop();
  assert.equal(await visit(), "third");
});

test("without a list of its files the page is isolated, and the host's", async (t) => {
  const host = await startHost(t);
  await host.remove(LIST);
  await mark(host, "first");
  const { page, loads } = await firstVisit(t, host);
  await loaded(loads, 2);
  assert.equal(await marksOf(page), "first");
  assert.ok(await isIsolated(page));

  await host.list();
  await page.reload();
  await areKept(page);
  await mark(host, "second");
  await host.remove(LIST);
  await page.reload();
  assert.equal(await marksOf(page), "second");
  assert.deepEqual(await versions(page), []);
});

for (const [what, hinder] of /** @type {[string, () => void][]} */ ([
  ["has no service workers", () => Reflect.deleteProperty(Navigator.prototype, "serviceWorker")],
  ["refuses them", () => void (navigator.serviceWorker.register = () => Promise.reject(new DOMException("No.", "SecurityError")))],
  ["keeps nothing", () => void (CacheStorage.prototype.open = () => Promise.reject(new DOMException("No.", "SecurityError")))],
])) {
  test(`the page writes in a window that ${what}`, async (t) => {
    const host = await startHost(t, { isolated: what === "keeps nothing" });
    const { page, loads } = await firstVisit(t, host, { before: (opened) => opened.addInitScript(hinder) });
    assert.ok(isSeeded(await writeText(page)));
    assert.equal(loads.length, 1);
  });
}

test("of the model's training, what was looked at is there offline, and the rest is not fetched before", async (t) => {
  const host = await startHost(t, { isolated: true });
  const { page, context } = await firstVisit(t, host);
  await isReady(page);
  await areKept(page);
  const kept = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))).flat().map(({ url }) => url).filter((url) => url.includes("_step")).length);
  /** @param {Page} shown @param {string} key @param {RegExp} outcome */
  const write = async (shown, key, outcome) => {
    await shown.getByRole("tab", { name: "Scrub" }).click();
    await shown.getByText(/^step 40, /).waitFor();
    await shown.getByRole("slider", { name: "Step" }).focus();
    await shown.keyboard.press(key);
    await shown.getByRole("status").filter({ hasText: outcome }).waitFor();
  };
  const later = await laterVisit(context, host.url);
  await isReady(later.page);
  assert.equal(await kept(), 0);
  await write(later.page, "ArrowRight", /^Done: step 150, /);
  assert.equal(await kept(), 1);
  await host.stop();
  const offline = await laterVisit(context, host.url);
  await isReady(offline.page);
  await write(offline.page, "ArrowRight", /^Done: step 150, /);
  await offline.page.keyboard.press("ArrowRight");
  await offline.page.getByRole("alert").filter({ hasText: /^The file cpu1-rust-docs_step500\.pt could not be fetched/ }).waitFor();
});

test("what is not the page's is left alone", async (t) => {
  const host = await startHost(t, { folder: "page/" });
  const other = "<!doctype html><title>Other</title><script>navigator.serviceWorker.register('sw.js')</script>";
  for (const folder of ["../other/", "blog/"]) {
    await host.write(`${folder}index.html`, other);
    await host.write(`${folder}sw.js`, "// another's");
  }
  await host.write("mine.pt", "0123456789");
  const { page, context, loads } = await firstVisit(t, host);
  await loaded(loads, 2);
  await areKept(page);

  // Others' pages, beside it and under it, and their workers.
  for (const url of [`${host.origin}/other/`, `${host.url}blog/`]) {
    const later = await laterVisit(context, url);
    assert.equal(await isIsolated(later.page), false);
    await later.page.evaluate(() => navigator.serviceWorker.ready);
    await later.page.close();
  }
  const scopes = await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname));
  assert.deepEqual(scopes.sort(), ["/other/", "/page/", "/page/blog/"]);

  // Parts of files, other models, and what is not a GET come from the host.
  const seen = await page.evaluate(async () => {
    const range = await fetch("models/cpu1-rust-docs.pt", { headers: { Range: "bytes=2-5" } });
    const mine = await fetch("mine.pt");
    const head = await fetch("page/app.js", { method: "HEAD" });
    return [range.status, (await range.arrayBuffer()).byteLength, await mine.text(), head.headers.get("cache-control")];
  });
  assert.deepEqual(seen, [206, 4, "0123456789", "no-store"]);
  await host.stop();
  const away = await page.evaluate(() =>
    Promise.all([fetch("mine.pt"), fetch("page/app.js", { method: "HEAD" }), fetch("page/app.js")].map((sent) => sent.then(() => true, () => false))),
  );
  assert.deepEqual(away, [false, false, true]);
});

test("the page can be installed", async (t) => {
  const host = await startHost(t, { isolated: true });
  const { page, context } = await firstVisit(t, host);
  await areKept(page);
  const session = await context.newCDPSession(page);
  const { errors, data = "" } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // Tests run in windows that keep nothing, from which nothing can be installed.
  assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito"), []);
  assert.equal(JSON.parse(data).short_name, "CPU-1");
});
