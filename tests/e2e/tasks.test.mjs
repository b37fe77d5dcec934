// What can be done with texts and models beside generating one: by role and label, as a person would.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assertAccessible } from "./support/axe.mjs";
import { fixture } from "./support/api.mjs";
import { standIn } from "./support/hub.mjs";
import { openReady, parts } from "./support/page.mjs";
import { scriptedModel } from "./support/scripted.mjs";
import { says, siteFor } from "./support/site.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const ARCHIVE = "Cukinator/cpu1-ablation-checkpoints";
const FINALS = "Cukinator/cpu1-ablations-final";
/** What the browser says of a Hub that is not there. */
const UNREACHABLE = [/huggingface\.co/];
const PERMISSIONS = { permissions: ["clipboard-read", "clipboard-write"] };

const FILES = {
  [`${ARCHIVE}/run_07/checkpoint_run_07_final.pt`]: fixture("run_07.compact"),
  [`${FINALS}/run_07/model.pt`]: fixture("run_07.unpacked"),
  [`${FINALS}/run_03/model.pt`]: fixture("run_03.unpacked"),
  [`${ARCHIVE}/run_14_v3/checkpoint_run_14_v3_step1000.pt`]: fixture("run_14.step"),
  [`${ARCHIVE}/run_14_v3/checkpoint_run_14_v3_step200.pt`]: fixture("run_09.step"),
  [`${ARCHIVE}/run_14_v3/checkpoint_run_14_v3_phase2_step100.pt`]: fixture("run_07.step"),
  [`${ARCHIVE}/run_14_v3/notes.txt`]: Buffer.from("no step"),
};

/** The page with a seed and a short length. @param {TestContext} t @param {PageOptions} [options] */
const openShort = (t, options) => openReady(t, options, { Length: "60", Seed: "7" });

/** The same with a stand-in for the Hub. @param {TestContext} t */
async function openWithHub(t) {
  const hub = await standIn(t, FILES);
  return { hub, ...(await openShort(t, { root: siteFor(t, hub), context: PERMISSIONS, allow: [/404/] })) };
}

/** A model that lays its texts out by words and ends them, as the page's own, with prompts of its own. */
const TALES = {
  prompts: [{ label: "Name a hero", prompt: "Zorvi didn't sleep. \"Who" }, { prompt: "Two bears", view: "compare" }],
  turns: { next: "\n\nAnd then?\n\n", ask: ["\n\nQ: ", "\nA:"] },
};

/** @param {Page} page */
async function beTales(page) {
  const catalog = JSON.parse(readFileSync(new URL("../../www/catalog.json", import.meta.url), "utf8"));
  Object.assign(catalog.models[0], TALES);
  await page.route("**/catalog.json", (route) => route.fulfill({ json: catalog }));
  await page.route("**/*.pt", (route) => route.fulfill({ body: fixture("tales.compact") }));
}

// --- A text ---------------------------------------------------------------------------------------

test("a text is continued, taken back, and continued the same way", async (t) => {
  const { press, button, text, status, write } = await openShort(t);
  assert.equal(await button("Continue").getAttribute("aria-disabled"), "true");
  assert.equal(await button("Undo").getAttribute("aria-disabled"), "true");
  const first = await write(/^Done: 60 bytes/);
  await press("Continue");
  await says(status, /^Done/);
  const second = await text.textContent();
  assert.ok(second?.startsWith(first ?? "?") && second.length > (first?.length ?? 0) + 30);
  await press("Undo");
  await says(status, /^Taken back/);
  assert.equal(await text.textContent(), first);
  await press("Continue");
  await says(status, /^Done/);
  assert.equal(await text.textContent(), second);
  await press("Undo");
  await press("Undo");
  assert.equal(await text.textContent(), "");
  assert.equal(await button("Undo").getAttribute("aria-disabled"), "true");
});

test("a die rolls a seed", async (t) => {
  const { press, setting } = await openShort(t);
  const rolled = new Set();
  for (let i = 0; i < 4; i += 1) {
    await press("Roll a seed");
    rolled.add(await setting("Seed").inputValue());
  }
  assert.ok(rolled.size > 1);
  for (const seed of rolled) assert.match(seed, /^\d{1,6}$/);
});

test("a link reproduces the text: prompt, settings, seed and continuation", async (t) => {
  const { page, context, press, prompt, setting, status, text, write } = await openShort(t, { context: PERMISSIONS });
  await prompt.fill("Ähm, “<b>&amp;#%+” 🦀 is\na");
  await setting("Temperature").fill("1.25");
  await setting("Top-k").fill("40");
  await setting("Seed").fill("18446744073709551615");
  await write();
  await press("Continue");
  await says(status, /^Done/);
  const written = await text.textContent();
  await press("Copy link");
  await says(status, /^The link is copied/);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());

  const other = await context.newPage();
  await other.goto(link);
  const there = parts(other);
  await says(there.status, /^Ready/);
  assert.equal(await there.prompt.inputValue(), await prompt.inputValue());
  assert.equal(await there.write(), written);
  assert.equal(await other.title(), await page.title());
});

test("a link to another model asks before it fetches", async (t) => {
  const { page, hub, press, button, status, text, write } = await openWithHub(t);
  await press("Choose another model");
  await page.getByRole("radio", { name: /^run_07 / }).check();
  await page.getByRole("radio", { name: /^Compact/ }).check();
  await page.getByRole("button", { name: "Download and load" }).click();
  await says(status, /^Ready/);
  const written = await write();
  await press("Copy link");
  await says(status, /^The link is copied/);
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  await page.evaluate(() => navigator.storage.getDirectory().then((root) => root.removeEntry("cpu1-models", { recursive: true })));

  const requests = hub.requests.length;
  await page.goto("about:blank");
  await page.goto(link.href);
  await says(status, /^Ready/);
  await page.getByText("This link is for another model, checkpoint_run_07_final.pt.").waitFor();
  assert.equal(hub.requests.length, requests);
  await button("Fetch it").click();
  await says(page.locator("#fact-model"), /^run_07/);
  await write();
  assert.equal(await text.textContent(), written);
});

test("whatever a fragment holds, it stays text and within its ranges", async (t) => {
  const hostile = `#prompt=${encodeURIComponent("<img src=x onerror=\"document.title='pwned'\">")}&temperature=1e999&topK=${"9".repeat(40)}&seed=-1&rounds=1e9&model=../../../evil&maxBytes=<b>`;
  const { page, prompt, setting, text, write } = await openShort(t, { path: `/${hostile}` });
  const title = await page.title();
  assert.equal(await setting("Temperature").inputValue(), "0.7");
  assert.equal(await setting("Top-k").inputValue(), "0");
  await write(/^Done: 60 bytes/);
  assert.ok((await text.textContent())?.startsWith(await prompt.inputValue()));
  assert.equal(await page.locator("#output img, #linked img").count(), 0);
  for (const fragment of ["#", "#prompt", "#prompt=%", `#prompt=${"x".repeat(500_000)}`, "#model=a/b/c.pt", "#prompt=x&model=//evil.example/a/b.pt"]) {
    await page.evaluate((hash) => void (location.hash = hash), fragment);
  }
  assert.equal(await page.title(), title);
});

test("a text is copied and saved with all that made it", async (t) => {
  const { page, press, status, text, write } = await openShort(t, { context: PERMISSIONS });
  await write();
  await press("Copy text");
  await says(status, /^The text is copied/);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await text.textContent());
  const [download] = await Promise.all([page.waitForEvent("download"), press("Save as JSON")]);
  assert.equal(download.suggestedFilename(), "cpu1-7.json");
  const saved = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.equal(saved.prompt + saved.text, await text.textContent());
  assert.equal(Buffer.from(saved.bytes, "base64").toString(), saved.text);
  assert.deepEqual([saved.settings.seed, saved.settings.maxBytes, saved.rounds, saved.model.run], ["7", 60, 1, "run_14"]);
});

test("a text that the model ended says so; it is told anew, gone on with, and asked about", async (t) => {
  const tale = "Mina slept.";
  const { page, press, button, prompt, status, text, write, sticksOut } = await openShort(t, {
    viewport: { width: 320, height: 640 },
    before: async (opened) => {
      await scriptedModel(opened, [...Buffer.from(tale)], [0], { ends: [2, 5], ended: true });
      await beTales(opened);
    },
  });
  const next = button("What happens next?");
  assert.equal(await next.getAttribute("aria-disabled"), "true");
  await prompt.fill("A tale:\n");
  await write(/^Done: 11 bytes .* seed 7/);
  const sentence = "The model ended its text here.";
  await says(page.locator("#ended"), new RegExp(sentence));
  assert.equal(await page.getByRole("log").locator("p").last().textContent(), sentence);
  assert.deepEqual((await page.locator("#bytes span").allTextContents()).slice(-3), ["4d 69", "6e 61 20", "73 6c 65 70 74 2e"]);
  assert.equal(await button("Continue").getAttribute("aria-disabled"), "true");
  assert.equal(await sticksOut(), false);
  await assertAccessible(page);

  await next.click();
  const both = `A tale:\n${tale}\n\nAnd then?\n\n${tale}`;
  await page.waitForFunction((want) => document.querySelector("#output")?.textContent === want, both);
  await press("Another");
  await says(status, /^Done: 11 bytes .* seed (?!7\.|8\.)/);
  assert.equal(await text.textContent(), `A tale:\n${tale}`);
  await press("Undo");
  assert.equal(await text.textContent(), both);

  await press("Ask about it");
  await page.keyboard.type("Who slept?");
  assert.equal(await prompt.inputValue(), `${both}\n\nQ: Who slept?\nA:`);
});

test("prompts to try belong to the model, and are written or compared at once", async (t) => {
  const { page, status, press, prompt, text } = await openShort(t, { before: beTales });
  const offered = page.getByRole("group", { name: "Prompts to try" }).getByRole("button");
  assert.deepEqual(await offered.allTextContents(), ["Name a hero", "Two bears"]);
  await press("Name a hero");
  await says(status, /^Done/);
  assert.ok((await text.textContent())?.startsWith('Zorvi didn\'t sleep. "Who'));
  await press("Two bears");
  await page.getByRole("tabpanel", { name: "Compare" }).waitFor();
  assert.equal(await prompt.inputValue(), "Two bears");

  await page.getByLabel("Open another CPU-1 checkpoint").setInputFiles(new URL("../fixtures/run_03.compact.pt", import.meta.url).pathname);
  await offered.getByText("Once upon a time").waitFor();
  assert.equal(await offered.getByText("Two bears").count(), 0);
});

test("of a text laid out by words only the text is told of: inside, in scores, comparisons and links", async (t) => {
  const { page, context, tab, press, status, prompt, setting, see, text, inside, write } = await openShort(t, { context: PERMISSIONS, before: beTales });
  await prompt.fill('Zorvi didn\'t sleep. "Who');
  await setting("Temperature").fill("1");
  await setting("Seed").fill("3");
  await see.check();
  await write(/^Done: 29 bytes/);
  await page.getByText("The model ended its text here.").first().waitFor();
  await says(inside, /bits per byte over 29 bytes/);
  await see.uncheck();
  await press("What happens next?");
  await says(status, /^Done.* seed 3/);
  await press("Copy link");
  const written = await text.textContent();
  assert.ok(written?.includes("\n\nAnd then?\n\n"));
  const other = await context.newPage();
  await beTales(other);
  await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
  const there = parts(other);
  await says(there.status, /^Ready/);
  assert.equal(await there.write(), written);

  await tab("Compare");
  await press("Compare");
  await says(page.getByRole("list", { name: "Models to compare" }), /bits per byte, ended by itself/);
  await tab("Score");
  const golden = JSON.parse(readFileSync(new URL("../fixtures/tales.json", import.meta.url), "utf8"));
  await page.getByRole("textbox", { name: "Text to score" }).fill(Buffer.from(golden.text).toString());
  await see.check();
  await press("Score");
  await says(inside, new RegExp(`over ${golden.per_byte.length} bytes`));
  await page.locator("#scored-text .byte").first().hover();
  assert.equal(await inside.getByRole("figure", { name: /^Bolmo/ }).getByRole("meter").count(), "vi".length);
  await page.getByRole("row", { name: /^CPU-1/ }).getByText(golden.bits_per_byte.toFixed(3)).waitFor();
  assert.equal(await page.getByRole("region", { name: "Scored text" }).textContent(), Buffer.from(golden.text).toString());
});

// --- Inside ---------------------------------------------------------------------------------------

test("looking inside: shades, alternatives, gates, boundaries, by pointer and by keys", async (t) => {
  const { page, see, text, inside, write } = await openShort(t);
  assert.equal(await inside.count(), 0);
  await see.check();
  await write(/^Done: 60 bytes/);
  assert.match(await says(inside, /bits per byte over 60 bytes/), /The DeleteGate dropped \d+ of 18 patches/);
  assert.equal(await text.locator(".byte").count(), (await text.textContent())?.slice("Ownership is".length).length);
  assert.ok((await text.locator(".deleted").count()) > 0);

  const slider = inside.getByRole("slider", { name: "Character" });
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const second = await text.locator(".byte").nth(2).textContent();
  assert.ok((await slider.getAttribute("aria-valuetext"))?.startsWith(`“${second?.replace(" ", "␣").replace("\n", "↵")}”, `));
  await text.locator(".byte").nth(20).hover();
  assert.equal(await slider.inputValue(), "20");
  const expected = inside.getByRole("figure", { name: "What the model expected here" });
  assert.equal(await expected.getByRole("meter").count(), 5);
  assert.equal(await inside.getByRole("figure", { name: /^Bolmo/ }).getByRole("meter").count(), 4);
  assert.match((await inside.getByRole("img").getAttribute("aria-label")) ?? "", /overwrites, on average, from below: ([\d.]+ %(, )?){8}\.$/);

  // Off again, the text is what it was; on again, it is scored, with the same figures.
  const [words, summary] = [await text.textContent(), await inside.locator("#seen-summary").textContent()];
  await see.uncheck();
  assert.equal(await inside.count(), 0);
  assert.equal(await text.locator(".byte").count(), 0);
  assert.equal(await text.textContent(), words);
  await write(/^Done: 60 bytes/);
  await see.check();
  await says(inside, /bits per byte/);
  assert.equal(await inside.locator("#seen-summary").textContent(), summary);
  assert.equal(await text.textContent(), words);
});

test("what is no UTF-8 can be looked into", async (t) => {
  const bytes = [0x61, 0xff, 0xe2, 0x82, 0x21, 0xf0, 0x9f, 0xa6, 0x80];
  const symbols = bytes.map((byte) => [byte, 1, 0]).flat();
  const { page, see, text, inside, write } = await openShort(t, {
    before: (opened) => scriptedModel(opened, bytes, [bytes.length, ...symbols]),
  });
  await see.check();
  await write();
  await says(inside, /bits per byte over 9 bytes/);
  assert.equal(await text.textContent(), "Ownership isa\ufffd\ufffd!🦀");
  assert.equal(await page.locator(".byte").count(), 5);
});

// --- Models beside one another --------------------------------------------------------------------

test("models are compared in turn, each with its speed and bits", async (t) => {
  const { page, tab, press, button, choose, status, setting, write } = await openWithHub(t);
  await tab("Compare");
  for (const run of [/^run_07 /, /^run_03 /, /^run_07 /]) {
    await press("Add a model");
    await choose(run);
  }
  const rows = page.getByRole("list", { name: "Models to compare" }).getByRole("listitem");
  assert.equal(await rows.count(), 4);
  assert.equal(await button("Add a model").isVisible(), false);
  await page.getByRole("button", { name: "Remove run_07" }).last().click();
  assert.equal(await rows.count(), 3);
  await setting("Seed").fill("3");
  await press("Compare");
  await says(status, /^Done: all with seed 3/);
  const texts = await rows.getByRole("region").allTextContents();
  assert.equal(new Set(texts).size, 3);
  for (const text of texts) assert.ok(text.startsWith("Ownership is") && text.length > 20);
  for (const row of await rows.allTextContents()) assert.match(row, /[\d,]+ bytes\/s, \d+\.\d\d bits per byte/);

  // Alone on the other tab the model writes the same.
  await tab("Write");
  assert.equal(await write(/^Done: 60 bytes/), texts[0]);
});

test("a part of the page that does not come is a sentence, and comes another time", async (t) => {
  const { page, tab, press, status } = await openShort(t, { allow: [/ERR_FAILED/] });
  const late = ["views/compare.js", "models/picker.js"];
  for (const part of late) await page.route(`**/${part}`, (route) => route.abort("failed"));
  await tab("Compare");
  await says(status, /^A part of the page could not be fetched/);
  await page.getByRole("tabpanel", { name: "Write" }).waitFor();
  await press("Choose another model");
  await says(status, /^A part of the page could not be fetched/);
  for (const part of late) await page.unroute(`**/${part}`);
  await tab("Compare");
  await press("Compare");
  await says(status, /^Done/);
});

test("a model that cannot be had leaves the others", async (t) => {
  const { page, hub, tab, press, choose, status } = await openWithHub(t);
  await tab("Compare");
  await press("Add a model");
  await choose(/^run_05 /);
  await press("Compare");
  await says(status, /^Done/);
  const rows = page.getByRole("list", { name: "Models to compare" }).getByRole("listitem");
  assert.match(await says(rows.first(), /bits per byte/), /Ownership is/);
  await says(rows.last().getByRole("alert"), /could not be fetched|is not there/);
  assert.ok(hub.requests.length > 0);
});

test("a text is scored beside gzip and a uniform guess", async (t) => {
  const { page, tab, press, choose, status, see, inside, alert } = await openWithHub(t);
  await tab("Score");
  const field = page.getByRole("textbox", { name: "Text to score" });
  const text = "Ein Text, “ours”, of some length; and some more of the same, the same, the same.";
  await field.fill(text);
  await press("Add a model");
  await choose(/^run_03 /);
  await see.check();
  await press("Score");
  await says(status, /^Done/);
  const row = (/** @type {RegExp} */ name) => page.getByRole("row", { name }).getByRole("cell").first();
  const bits = await Promise.all([/^CPU-1/, /^run_03/, /^gzip/, /uniform/].map(async (name) => Number(await row(name).textContent())));
  const bytes = Buffer.from(text);
  assert.ok(bits[0] !== undefined && bits[0] > 1 && bits[0] < 6);
  assert.ok(bits[1] !== undefined && bits[1] > 5);
  assert.ok(Math.abs((bits[2] ?? 0) - (8 * gzipSync(bytes).length) / bytes.length) < 0.5);
  assert.equal(bits[3], 8);
  assert.match(await says(inside, /bits per byte/), new RegExp(`over ${String(bytes.length - 4)} bytes`));
  assert.equal(await page.getByRole("region", { name: "Scored text" }).textContent(), text);

  await field.fill("abc");
  await press("Score");
  await says(status, /^Done/);
  await says(page.getByRole("row", { name: /^CPU-1/ }), /The text has 3 bytes/);
  await page.getByLabel("Take a file").setInputFiles({ name: "large.bin", mimeType: "", buffer: Buffer.alloc(2 ** 20 + 1) });
  await says(alert, /^large\.bin has 1,048,577 bytes; here it may have at most 1,048,576\.$/);
  await page.getByLabel("Take a file").setInputFiles({ name: "bytes.bin", mimeType: "", buffer: Buffer.from(bytes.map((byte) => byte | 0x80)) });
  await press("Score");
  await says(row(/^CPU-1/), /\d\.\d{3}/);
  await says(page.locator("#scored-size"), /^bytes\.bin, \d+ bytes$/);
});

test("the page's own model is scrubbed through its training, and gets better", async (t) => {
  const { page, hub, tab, press, status } = await openWithHub(t);
  await tab("Scrub");
  const slider = page.getByRole("slider", { name: "Step" });
  await page.getByText(/^step 40, /).waitFor();
  assert.equal(await page.getByRole("button", { name: "List its steps" }).isVisible(), false);
  const text = page.getByRole("region", { name: "Text at this step" });
  await press("Write at this step");
  /** @type {number[]} */
  const bits = [];
  const texts = new Set();
  for (;;) {
    const words = (await slider.getAttribute("aria-valuetext")) ?? "";
    bits.push(Number(/([\d.]+) bits per byte/.exec(words)?.[1]));
    await says(status, new RegExp(`^Done: ${words.split(", ")[0]}, .*seed 7`));
    texts.add(await text.textContent());
    if (words.startsWith("as it ships")) break;
    await slider.focus();
    await page.keyboard.press("ArrowRight");
  }
  assert.deepEqual(bits, [...bits].sort((a, b) => b - a));
  assert.deepEqual([bits.length, texts.size], [6, 6]);
  assert.deepEqual(hub.requests.filter((path) => !path.startsWith("/api/")), []);
});

test("a run is scrubbed through its steps, each of which is fetched once", async (t) => {
  const { page, hub, tab, press, status, alert } = await openWithHub(t);
  await tab("Scrub");
  const folder = page.getByRole("combobox", { name: "Run" });
  await folder.getByRole("option", { name: "run_14_v3" }).waitFor({ state: "attached" });
  await folder.selectOption("run_14_v3");
  await press("Write at this step");
  await says(alert, /^No steps are listed yet/);
  await press("List its steps");
  await says(status, /^run_14_v3 has 3 steps/);
  const slider = page.getByRole("slider", { name: "Step" });
  const text = page.getByRole("region", { name: "Text at this step" });
  /** @type {(string | null)[]} */
  const texts = [];
  for (const [key, step] of /** @type {const} */ ([["Home", "step 200"], ["ArrowRight", "step 1,000"], ["End", "phase 2, step 100"]])) {
    await slider.focus();
    await page.keyboard.press(key);
    assert.ok((await slider.getAttribute("aria-valuetext"))?.startsWith(step));
    if (key === "Home") await press("Write at this step");
    await says(status, new RegExp(`^Done: ${step}, seed 7`));
    texts.push(await text.textContent());
  }
  assert.equal(new Set(texts).size, 3);
  const asked = hub.requests.length;
  await slider.focus();
  await page.keyboard.press("Home");
  await says(status, /^Done: step 200/);
  assert.equal(await text.textContent(), texts[0]);
  assert.equal(hub.requests.length, asked);

  await folder.selectOption("run_05");
  await press("List its steps");
  await says(alert, /run_05/);
});

// --- For everyone -----------------------------------------------------------------------------------

test("axe finds nothing to complain of on any tab, light and dark", async (t) => {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const { page, tab, press, see, status, write } = await openShort(t, { colorScheme });
    await see.check();
    await write();
    await assertAccessible(page);
    for (const [name, act] of /** @type {const} */ ([["Compare", "Compare"], ["Score", "Score"]])) {
      await tab(name);
      await press(act);
      await says(status, /^Done/);
      await assertAccessible(page);
    }
    await tab("Write");
    await press("Choose another model");
    await page.getByRole("radio", { name: /^run_10 / }).waitFor();
    await assertAccessible(page);
  }
});

test("tabs go by arrow keys, and the main key does what the tab says", async (t) => {
  const { page, status } = await openShort(t, { allow: UNREACHABLE });
  await page.getByRole("tab", { name: "Write" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("tab", { name: "Compare" }).getAttribute("aria-selected"), "true");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("tabpanel", { name: "Score" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await says(status, /^Done/);
  await page.getByRole("row", { name: /^CPU-1/ }).getByText(/bytes\/s/).waitFor();
});

for (const [what, options] of /** @type {[string, PageOptions][]} */ ([
  ["320 px", { viewport: { width: 320, height: 640 } }],
  // Half the pixels of a small laptop are what 200 % zoom leaves.
  ["200 % zoom", { viewport: { width: 640, height: 360 }, context: { deviceScaleFactor: 2 } }],
  ["reduced motion", { context: { reducedMotion: "reduce" } }],
  ["forced colours", { context: { forcedColors: "active" } }],
])) {
  test(`every tab can be used with ${what}`, async (t) => {
    const { tab, press, see, status, sticksOut } = await openShort(t, { ...options, allow: UNREACHABLE });
    await see.check();
    for (const [name, act] of /** @type {const} */ ([["Write", "Generate"], ["Compare", "Compare"], ["Score", "Score"]])) {
      await tab(name);
      await press(act);
      await says(status, /^Done/);
      assert.equal(await sticksOut(), false, name);
    }
    await tab("Scrub");
    assert.equal(await sticksOut(), false);
  });
}
