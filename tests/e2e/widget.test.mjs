// <cpu1-demo> as people meet it: within a page of somebody else's, on a server of theirs.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertAccessible } from "./support/axe.mjs";
import { openPage } from "./support/browser.mjs";
import { siteWith } from "./support/site.mjs";
import { serve } from "../tools/serve.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/**
 * Opens a page that embeds demos.
 *
 * @param {TestContext} t
 * @param {string} body HTML
 * @param {PageOptions & { css?: string, scripts?: string[], prepare?: (root: string) => void }} [options]
 *   `css` is the page's; `scripts` are the addresses of the demo's; `prepare` changes what is served
 */
async function embed(t, body, { css = "", scripts = ["/cpu1-demo.js"], prepare, ...options } = {}) {
  const tags = scripts.map((src) => `<script type="module" crossorigin src="${src}"></script>`).join("");
  const html = `<!doctype html><html lang="en"><title>A page</title><meta name="color-scheme" content="light dark">${tags}${css && `<style>${css}</style>`}<main><h1>A page</h1>${body}</main></html>`;
  const root = siteWith(t, { "embedding.html": html });
  prepare?.(root);
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
  return page.getByRole("group", { name: "What the model writes" }).first().textContent();
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

/** Another version of the script, beside the first: its button says something else. @param {string} root */
function prepareLater(root) {
  const later = join(root, "later");
  mkdirSync(later);
  for (const name of readdirSync(WWW)) if (name !== "cpu1-demo.js") symlinkSync(join(WWW, name), join(later, name));
  const script = readFileSync(join(WWW, "cpu1-demo.js"), "utf8");
  assert.ok(script.includes('"Write"'));
  writeFileSync(join(later, "cpu1-demo.js"), script.replace('"Write"', '"Compose"'));
  writeFileSync(join(root, "define.js"), `import { CPU1Demo } from "./later/cpu1-demo.js"; customElements.define("cpu1-later", CPU1Demo);`);
}

test("a later version of the script has a name of its own, and both write", async (t) => {
  const { page } = await embed(t, `${DEMO}<cpu1-later id="two" prompt="Ownership is" length="80" seed="7"></cpu1-later>`, {
    scripts: ["/cpu1-demo.js", "/define.js"],
    prepare: prepareLater,
  });
  const text = await writes(page);
  await page.getByRole("button", { name: "Compose" }).click();
  await page.getByText(/^Done: 80 bytes, seed 7\.$/).nth(1).waitFor();
  assert.equal(await page.getByRole("group", { name: "What the model writes" }).nth(1).textContent(), text);
  const ends = (await events(page)).filter(({ what }) => what === "done");
  assert.deepEqual(ends.map(({ id }) => id), ["one", "two"]);
});

const WRONG = `<cpu1-demo prompt="fn" temperature="-3"></cpu1-demo>`;

/** @type {[name: string, context: NonNullable<PageOptions["context"]>, css: string][]} */
const LOOKS = [
  ["light", {}, ""],
  ["dark", { colorScheme: "dark" }, ""],
  ["more contrast", { contrast: "more" }, ""],
  ["forced colours", { forcedColors: "active" }, ""],
  ["colours of the page", {}, ":root { --accent: #005fcc; } cpu1-demo { --cpu1-accent: var(--accent); --cpu1-on-accent: white; }"],
];
for (const [name, context, css] of LOOKS) {
  test(`axe-core finds nothing before, while and after writing, nor in an error: ${name}`, async (t) => {
    const demo = `<cpu1-demo prompt="fn" length="1000000"></cpu1-demo>`;
    const { page } = await embed(t, `${demo}<section>${WRONG}</section>`, { context, css });
    await assertAccessible(page);
    await page.getByRole("button", { name: "Write" }).first().click();
    await page.getByRole("button", { name: "Write" }).nth(1).click();
    await page.getByRole("alert").filter({ hasText: /^The temperature is -3; / }).waitFor();
    await page.waitForFunction("events.some(({ what }) => what === 'byte')");
    await assertAccessible(page);
    await page.getByRole("button", { name: "Stop" }).first().click();
    await page.getByText(/^Stopped: /).waitFor();
    await assertAccessible(page);
  });
}

test("the page's own colours reach the button through custom properties, whatever the page calls them", async (t) => {
  const css = ":root { --accent: rgb(0, 95, 204); --paper: red; } cpu1-demo { --cpu1-accent: var(--accent); }";
  const { page } = await embed(t, DEMO, { css });
  const button = page.getByRole("button", { name: "Write" });
  assert.equal(await button.evaluate((found) => getComputedStyle(found).backgroundColor), "rgb(0, 95, 204)");
});

const HOSTILE = {
  none: "",
  "all: unset": "* { all: unset }",
  "letters of all sorts":
    "* { font: 300 40px/0.8 fantasy !important; letter-spacing: 1em; text-transform: uppercase; white-space: pre; text-indent: 9em; word-spacing: 1em; color: white } p, button, label, textarea { display: none !important }",
  "a narrow column of huge letters": "html { font-size: 200% } main { width: 280px }",
};
for (const [name, css] of Object.entries(HOSTILE)) {
  test(`the page's styles do not spoil it: ${name}`, async (t) => {
    const { page } = await embed(t, DEMO, { css, viewport: { width: 320, height: 640 } });
    await writes(page);
    if (css === "") assert.ok(await page.evaluate("document.documentElement.scrollWidth <= 320"));
    for (const part of ["box", "prompt", "write", "stop", "text", "status"]) {
      const found = page.locator(`cpu1-demo [part="${part}"]`);
      const { x, width, height } = (await found.boundingBox()) ?? { x: NaN, width: 0, height: 0 };
      assert.ok(x >= 0 && x + width <= 320 && height >= 20, `${part}: ${x}, ${width} × ${height}`);
      const style = await found.evaluate((element) => {
        const { letterSpacing, textTransform, textIndent, color } = getComputedStyle(element);
        return { letterSpacing, textTransform, textIndent, white: color === "rgb(255, 255, 255)" };
      });
      assert.deepEqual(style, { letterSpacing: "normal", textTransform: "none", textIndent: "0px", white: false }, part);
    }
  });
}

test("in a page that is written from right to left, English is not", async (t) => {
  const { page } = await embed(t, `<div dir="rtl">${DEMO}</div>`);
  await writes(page);
  const direction = (/** @type {string} */ part) => page.locator(`[part="${part}"]`).evaluate((element) => getComputedStyle(element).direction);
  assert.deepEqual(await Promise.all(["box", "prompt", "text", "status"].map(direction)), ["rtl", "ltr", "ltr", "ltr"]);
  await page.getByRole("textbox", { name: "Prompt" }).fill("הבעלות היא");
  assert.equal(await direction("prompt"), "rtl");
});

test("what stands below it stays where it is, and nothing moves of its own accord", async (t) => {
  const { page } = await embed(t, `<cpu1-demo prompt="fn" length="600" seed="7"></cpu1-demo><p id="below">Below</p>`, {
    viewport: { width: 320, height: 800 },
    context: { reducedMotion: "reduce" },
  });
  await page.getByRole("button", { name: "Write" }).waitFor();
  await page.evaluate(`
    window.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value))).observe({ type: "layout-shift" });
    window.tops = new Set([below.offsetTop]);
    addEventListener("cpu1-progress", () => tops.add(below.offsetTop));
    addEventListener("cpu1-byte", () => tops.add(below.offsetTop));
    window.moving = 0;
    addEventListener("cpu1-byte", () => { moving += document.getAnimations().length; });`);
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByText("Done: 600 bytes, seed 7.").waitFor();
  assert.deepEqual(await page.evaluate("[shifts, tops.size, moving]"), [[], 1, 0]);
});

test("the Tab key reaches everything in its order, and Enter works it", async (t) => {
  const { page } = await embed(t, `<a href="#">Before</a><cpu1-demo prompt="fn" length="1000000"></cpu1-demo><a href="#">After</a>`);
  await page.getByRole("link", { name: "Before" }).focus();
  /** @type {(string | null)[]} */
  const order = [];
  const focused = () => page.evaluate("document.activeElement.shadowRoot?.activeElement.getAttribute('part') ?? document.activeElement.textContent");
  const press = async (/** @type {string} */ key) => {
    await page.keyboard.press(key);
    order.push(await focused());
  };
  for (let i = 0; i < 2; i += 1) await press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction("events.some(({ what }) => what === 'byte')");
  await press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText(/^Stopped: \d+ bytes, seed \d+\.$/).waitFor();
  for (let i = 0; i < 2; i += 1) await press("Tab");
  assert.deepEqual(order, ["prompt", "write", "stop", "text", "After"]);
});

