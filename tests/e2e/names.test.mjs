// What a person is asked about a file: which tensor plays a role, and what a model's tokens say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./support/browser.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */

/** @param {string} name */
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const NAMES = JSON.parse(readFileSync(fixture("ambiguous.json"), "utf8"));

/**
 * Opens the page, waits for its model, and opens a file in that one's place.
 *
 * @param {TestContext} t
 * @param {string} file
 */
async function openFile(t, file) {
  const { page } = await openPage(t);
  const status = page.getByRole("status");
  await status.filter({ hasText: /^Ready/ }).waitFor();
  await page.getByLabel("Open another CPU-1 checkpoint").setInputFiles(fixture(file));
  return { page, status };
}

/**
 * The text that the model on the page writes after a prompt, with a seed.
 *
 * @param {Page} page
 * @param {string} prompt
 */
async function write(page, prompt) {
  await page.getByRole("textbox", { name: "Prompt" }).fill(prompt);
  await page.getByText("Settings", { exact: false }).first().click();
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Length").fill("24");
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByRole("status").filter({ hasText: /^Done/ }).waitFor();
  return page.getByRole("region", { name: "Text" }).textContent();
}

/** @param {Page} page */
const form = (page) => page.getByRole("form", { name: /Which tensor is/ });

test("a person says role by role which tensor it is", async (t) => {
  const known = await openFile(t, "run_14.unpacked.pt");
  await known.page.locator("#fact-model").filter({ hasText: "0.0 M" }).waitFor();
  const want = await write(known.page, "let x");

  const { page, status } = await openFile(t, "ambiguous.pt");
  for (const block of [0, 1, 2, 3]) {
    const role = `blocks.${block}.mixer.forget.weight`;
    await page.getByRole("alert").filter({ hasText: `Which tensor is ${role}?` }).waitFor();
    const choice = form(page).getByRole("combobox", { name: "Tensor" });
    const fitting = await choice.locator("optgroup").first().locator("option").allTextContents();
    assert.deepEqual(fitting, [`blocks.${block}.t0.weight, 24 × 24`, `blocks.${block}.t1.weight, 24 × 24`]);
    await choice.selectOption(`blocks.${block}.t0.weight`);
    await form(page).getByRole("button", { name: "Try again" }).click();
  }
  await status.filter({ hasText: /^Ready/ }).waitFor();
  assert.equal(await form(page).isVisible(), false);
  assert.equal(await write(page, "let x"), want);
  assert.notEqual(await page.title(), "pwned");
});

test("a choice can be taken back, and the map pasted whole", async (t) => {
  const { page, status } = await openFile(t, "ambiguous.pt");
  await form(page).getByRole("button", { name: "Try again" }).click();
  const settled = page.getByRole("list", { name: "Settled so far" }).getByRole("listitem");
  await settled.filter({ hasText: "blocks.0.mixer.forget.weight is blocks.0.t0.weight" }).waitFor();
  await page.getByRole("button", { name: "Take back blocks.0.mixer.forget.weight" }).click();
  await page.getByRole("alert").filter({ hasText: "Which tensor is blocks.0.mixer.forget.weight?" }).waitFor();
  assert.equal(await settled.count(), 0);

  await page.getByText("All of it as JSON").click();
  const json = page.getByRole("textbox", { name: "Name map" });
  const use = page.getByRole("button", { name: "Use this map" });
  for (const wrong of ["{", "[]", "null", '{"a": 1}']) {
    await json.fill(wrong);
    await use.click();
    await page.getByRole("alert").filter({ hasText: "This is not a name map" }).waitFor();
  }
  await json.fill('{"norm.weight": "nothing of this name"}');
  await use.click();
  await page.getByRole("alert").filter({ hasText: "nothing of this name, which the file does not have" }).waitFor();
  await json.fill(JSON.stringify(NAMES));
  await use.click();
  await status.filter({ hasText: /^Ready/ }).waitFor();
});

test("without a tokenizer a model of tokens reads and writes ids, and takes one", async (t) => {
  const { page, status } = await openFile(t, "run_13.unpacked.pt");
  const tokenizer = page.getByLabel("Give its tokenizer.json");
  await page.getByText("This model reads BPE tokens").waitFor();
  const ids = await write(page, "12, 7 30");
  assert.match(ids ?? "", /^12 7 30 (\d+ ){24}$/);
  await status.filter({ hasText: /^Done: 24 tokens in/ }).waitFor();

  await page.getByRole("textbox", { name: "Prompt" }).fill("12 words");
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByRole("alert").filter({ hasText: "“words” is not a token id." }).waitFor();

  await tokenizer.setInputFiles(fixture("ambiguous.json"));
  await page.getByRole("alert").filter({ hasText: /^ambiguous\.json: The tokenizer/ }).waitFor();
  await tokenizer.setInputFiles(fixture("tokenizers/small.json"));
  await status.filter({ hasText: /^Ready/ }).waitFor();
  assert.equal(await page.getByText("This model reads BPE tokens").isVisible(), false);
  await page.getByRole("textbox", { name: "Prompt" }).fill("the owner");
  await page.getByRole("button", { name: "Generate" }).click();
  await status.filter({ hasText: /^Done: \d+ bytes in/ }).waitFor();
  assert.match((await page.getByRole("region", { name: "Text" }).textContent()) ?? "", /^the owner/);
});
