// <cpu1-demo> as people meet it: within a page of somebody else's, on a server of theirs.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./browser.mjs";
import { serve } from "./server.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./browser.mjs" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/**
 * Opens a page that embeds demos.
 *
 * @param {TestContext} t
 * @param {string} body HTML
 * @param {PageOptions & { csp?: string, scripts?: string[] }} [options] `scripts` are the addresses of the demo's
 */
async function embed(t, body, { csp = "", scripts = ["/cpu1-demo.js"], ...options } = {}) {
  const tags = scripts.map((src) => `<script type="module" crossorigin src="${src}"></script>`).join("");
  const policy = csp && `<meta http-equiv="Content-Security-Policy" content="${csp}">`;
  const html = `<!doctype html><html lang="en"><title>A page</title>${policy}${tags}<main><h1>A page</h1>${body}</main></html>`;
  const root = mkdtempSync(join(tmpdir(), "cpu1-widget-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const name of readdirSync(WWW)) symlinkSync(join(WWW, name), join(root, name));
  writeFileSync(join(root, "embedding.html"), html);
  return openPage(t, {
    path: "/embedding.html",
    root,
    ...options,
    allow: [/favicon/, ...(options.allow ?? [])],
    before: async (page, origin) => {
      await page.addInitScript(`
        window.events = [];
        for (const what of ["load", "progress", "byte", "done", "error"]) {
          addEventListener("cpu1-" + what, ({ target, detail }) => events.push({ what, id: target.id, detail }));
        }`);
      await options.before?.(page, origin);
    },
  });
}

/**
 * Another server of www/, which the page is not from.
 *
 * @param {TestContext} t
 * @param {RegExp} [open] what it lets other origins read
 */
async function elsewhere(t, open = /./) {
  const server = await serve({ isolated: false, open });
  t.after(server.close);
  return server.origin;
}

const DEMO = `<cpu1-demo id="one" prompt="Ownership is" length="80" seed="7"></cpu1-demo>`;

/** @param {Page} page */
async function writes(page) {
  await page.getByRole("button", { name: "Write" }).first().click();
  await page.getByText(/^Done: 80 bytes, seed 7\.$/).first().waitFor();
  return page.getByRole("region", { name: "What the model writes" }).first().textContent();
}

/**
 * @param {Page} page
 * @returns {Promise<{ what: string, id: string, detail: any }[]>}
 */
const events = (page) => page.evaluate("events.map(({ what, id, detail }) => ({ what, id, detail: what === 'error' ? detail.code : detail }))");

for (const isolated of [true, false]) {
  test(`nothing is loaded before it is asked for, then it writes: ${isolated ? "isolated" : "not isolated"}`, async (t) => {
    /** @type {string[]} */
    const fetched = [];
    const { page } = await embed(t, DEMO, {
      isolated,
      before: async (opened) => void opened.on("request", (request) => fetched.push(request.url())),
    });
    await page.getByRole("textbox", { name: "Prompt" }).waitFor();
    await page.waitForLoadState("networkidle");
    assert.deepEqual(fetched.filter((url) => /\.(pt|wasm)$|worker/.test(url)), []);
    const text = await writes(page);
    assert.match(text ?? "", /^Ownership is/);
    const heard = await events(page);
    assert.deepEqual([...new Set(heard.map(({ what }) => what))].sort(), ["byte", "done", "load", "progress"]);
    assert.equal(`Ownership is${heard.at(-1)?.detail.text}`, text);
    assert.equal(heard.find(({ what }) => what === "load")?.detail.run, "run_14");
  });
}

test("from another origin, under a strict policy, it writes the same", async (t) => {
  const far = await elsewhere(t);
  const csp = `default-src 'none'; script-src ${far} 'wasm-unsafe-eval'; worker-src blob: ${far}; connect-src ${far}`;
  const { page } = await embed(t, DEMO, { scripts: [`${far}/cpu1-demo.js`], csp, isolated: false });
  const there = await writes(page);
  const { page: near } = await embed(t, DEMO);
  assert.equal(await writes(near), there);
});

// One file at a time is kept back: the program and the model are fetched side by side, and either may fail first.
for (const [what, open, sentence] of /** @type {const} */ ([
  ["program", /\.(js|pt)$/, /^The program itself, .* could not be loaded .*\.$/],
  ["model", /\.(js|wasm)$/, /^The file cpu1-rust-docs\.pt could not be fetched: .*\.$/],
])) {
  test(`another origin that keeps its ${what} to itself is a sentence`, async (t) => {
    const far = await elsewhere(t, open);
    const { page } = await embed(t, DEMO, { scripts: [`${far}/cpu1-demo.js`], isolated: false, allow: [/CORS/, /ERR_FAILED/] });
    await page.getByRole("button", { name: "Write" }).click();
    assert.match((await page.getByRole("alert").filter({ hasText: /./ }).textContent()) ?? "", sentence);
    assert.equal((await events(page)).at(-1)?.detail, "network");
  });
}

test("two demos share a worker and a model, and two versions of the script do not collide", async (t) => {
  const far = await elsewhere(t);
  /** @type {string[]} */
  const fetched = [];
  const { page } = await embed(t, `${DEMO}<cpu1-demo id="two" length="80" seed="7" label="Another" prompt="A trait"></cpu1-demo>`, {
    scripts: ["/cpu1-demo.js", `${far}/cpu1-demo.js`],
    isolated: false,
    before: async (opened) => void opened.on("request", (request) => fetched.push(request.url())),
  });
  for (const button of await page.getByRole("button", { name: "Write" }).all()) await button.click();
  await page.waitForFunction("events.filter(({ what }) => what === 'done').length === 2");
  assert.equal(page.workers().length, 1);
  assert.equal(fetched.filter((url) => url.endsWith(".pt")).length, 1);
  const gone = page.workers()[0]?.waitForEvent("close");
  await page.evaluate("document.querySelectorAll('cpu1-demo').forEach((demo) => demo.remove())");
  await gone;
});

test("the keyboard writes and stops, and another press goes on", async (t) => {
  const { page } = await embed(t, `<cpu1-demo prompt="fn" length="1000000"></cpu1-demo>`);
  await page.getByRole("textbox", { name: "Prompt" }).press("Control+Enter");
  await page.waitForFunction("events.some(({ what }) => what === 'byte')");
  await page.keyboard.press("Escape");
  await page.getByText(/^Stopped: \d+ bytes, seed \d+\.$/).waitFor();
  await page.evaluate("Object.assign(document.querySelector('cpu1-demo'), { length: 20, topK: 5, seed: 3 })");
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByText("Done: 20 bytes, seed 3.").waitFor();
});

test("hostile attributes stay text, and are told in sentences", async (t) => {
  const evil = "<img src=x onerror=window.owned=1>";
  const { page } = await embed(t, `<cpu1-demo length="40"></cpu1-demo>`);
  const settings = [
    { src: `javascript:${evil}`, code: "network" },
    { src: "", run: `run_1${evil}/../..`, code: "network" },
    { run: null, temperature: evil, code: "settings" },
    { temperature: null, seed: evil, code: "settings" },
    { seed: null, threads: evil, code: "settings" },
  ];
  for (const { code, ...attributes } of settings) {
    await page.evaluate(`events.length = 0; Object.assign(document.querySelector("cpu1-demo"), ${JSON.stringify({ ...attributes, prompt: evil, label: evil })})`);
    await page.getByRole("button", { name: "Write" }).click();
    await page.waitForFunction("events.some(({ what }) => what === 'error')");
    assert.equal((await events(page)).at(-1)?.detail, code, JSON.stringify(attributes));
    assert.match((await page.getByRole("alert").textContent()) ?? "", /^[^]*\.$/);
  }
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.evaluate("window.owned"), undefined);
});

test("it fits into 320 pixels", async (t) => {
  const { page } = await embed(t, DEMO, { viewport: { width: 320, height: 640 } });
  await page.getByRole("button", { name: "Stop" }).waitFor();
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= 320"));
});
