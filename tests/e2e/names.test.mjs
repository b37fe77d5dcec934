// What a person is asked about a file: which tensor plays a role, and what a model's tokens say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openReady } from "./support/page.mjs";
import { says } from "./support/site.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */

/** @param {string} name */
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const NAMES = JSON.parse(readFileSync(fixture("ambiguous.json"), "utf8"));

/** Opens the page, and a file in its model's place. @param {TestContext} t @param {string} file */
async function openFile(t, file) {
  const opened = await openReady(t, {}, { Seed: "7", Length: "24" });
  await opened.page.getByLabel("Open another CPU-1 checkpoint").setInputFiles(fixture(file));
  return opened;
}

/** @param {Page} page */
const form = (page) => page.getByRole("form", { name: /Which tensor is/ });

test("a person says which tensor it is", async (t) => {
  const known = await openFile(t, "run_14.unpacked.pt");
  await says(known.fact("Model"), /0\.0 M/);
  const want = await known.write();

  const { page, status, write } = await openFile(t, "ambiguous.pt");
  await page.getByRole("alert").filter({ hasText: "Which tensor is blocks.0.mixer.forget.weight?" }).waitFor();
  const choice = form(page).getByRole("combobox", { name: "Tensor" });
  const fitting = await choice.locator("optgroup").first().locator("option").allTextContents();
  assert.deepEqual(fitting, ["blocks.0.t0.weight, 24 × 24", "blocks.0.t1.weight, 24 × 24"]);
  await choice.selectOption("blocks.0.t0.weight");
  await form(page).getByRole("button", { name: "Try again" }).click();
  // What is said of one block holds for the others.
  await says(status, /^Ready/);
  assert.equal(await form(page).isVisible(), false);
  assert.equal(await write(), want);
  assert.notEqual(await page.title(), "pwned");
});

test("a choice can be taken back, and the map pasted whole", async (t) => {
  const { page, status } = await openFile(t, "ambiguous.pt");
  await form(page).getByRole("combobox", { name: "Tensor" }).selectOption({ label: "None: the file does not have it" });
  await form(page).getByRole("button", { name: "Try again" }).click();
  const settled = page.getByRole("list", { name: "Settled so far" }).getByRole("listitem");
  await settled.filter({ hasText: "blocks.0.mixer.forget.weight is not there" }).waitFor();
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
  await says(status, /^Ready/);
});

test("without a tokenizer a model of tokens reads and writes ids, and takes one", async (t) => {
  const { page, status, alert, prompt, press, write } = await openFile(t, "run_13.unpacked.pt");
  const tokenizer = page.getByLabel("Give its tokenizer.json");
  await page.getByText("This model reads BPE tokens").waitFor();
  await prompt.fill("12, 7 30");
  assert.match(await write(/^Done: 24 tokens in/), /^12 7 30 (\d+ ){24}$/);

  await prompt.fill("12 words");
  await press("Generate");
  await says(alert, /“words” is not a token id\./);

  await tokenizer.setInputFiles(fixture("ambiguous.json"));
  await page.getByRole("alert").filter({ hasText: /^ambiguous\.json: The tokenizer/ }).waitFor();
  await tokenizer.setInputFiles(fixture("tokenizers/small.json"));
  await says(status, /^Ready/);
  assert.equal(await page.getByText("This model reads BPE tokens").isVisible(), false);
  await prompt.fill("the owner");
  assert.match(await write(/^Done: \d+ bytes in/), /^the owner/);
});
