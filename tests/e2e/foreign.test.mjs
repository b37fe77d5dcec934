// Files of others in the page: what is asked about their names, what is told of how they were read, and how another reading of
// them is found.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fixture } from "./support/api.mjs";
import { assertAccessible } from "./support/axe.mjs";
import { openReady, parts } from "./support/page.mjs";
import { says } from "./support/site.mjs";

/** @import { TestContext } from "node:test" */

/** @param {string} name */
const path = (name) => new URL(`../fixtures/${name}`, import.meta.url);

/** A file for the page. @param {string} name @param {Buffer} buffer */
const file = (name, buffer) => ({ name, mimeType: "", buffer });

/** Opens a page with a small text to write. @param {TestContext} t */
async function open(t) {
  const opened = await openReady(t, { context: { permissions: ["clipboard-read", "clipboard-write"] } }, { Seed: "7", Length: "24" });
  const choose = opened.page.getByLabel("Open another CPU-1 checkpoint");
  const load = (/** @type {ReturnType<typeof file>} */ given) => choose.setInputFiles(given);
  return { ...opened, load };
}

test("a file whose names do not tell: the map is mended, saved, and goes with the link", async (t) => {
  const { page, context, load, press, status, write } = await open(t);
  const strange = file("ambiguous.pt", fixture("ambiguous"));
  await load(strange);
  await page.getByText("All of it as JSON").click();
  const json = page.getByRole("textbox", { name: "Name map" });
  await assertAccessible(page);
  const guess = JSON.parse(await json.inputValue());
  assert.equal(guess["norm.weight"], "norm.weight");
  const map = { ...guess, ...JSON.parse(readFileSync(path("ambiguous.json"), "utf8")) };
  await json.fill(JSON.stringify(map));
  const [download] = await Promise.all([page.waitForEvent("download"), press("Save as a file")]);
  assert.deepEqual(JSON.parse(readFileSync(await download.path(), "utf8")), map);
  await press("Use this map");
  await says(page.locator("#fact-model"), /0\.0 M/);
  await says(status, /^Ready/);
  const written = await write();

  await press("Copy link");
  await says(status, /^The link is copied/);
  const other = await context.newPage();
  await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
  const there = parts(other);
  await other.getByText("This link says how to read a file of your own.").waitFor();
  await says(there.status, /^Ready/);
  await other.getByLabel("Open another CPU-1 checkpoint").setInputFiles(strange);
  await says(there.fact("Model"), /0\.0 M/);
  await says(there.status, /^Ready/);
  assert.equal(await there.write(), written);
});

/**
 * A safetensors file that holds a model twice: its average as it was, and its live weights with two parts of each block
 * exchanged.
 *
 * @param {Buffer} bytes of the model
 */
function twice(bytes) {
  const length = Number(bytes.readBigUInt64LE());
  const data = bytes.subarray(8 + length);
  const { __metadata__, ...tensors } = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  const pair = ["ffn.gate", "ffn.up"];
  const live = Object.entries(tensors).map(([name, tensor]) => [name.replace(/ffn\.(gate|up)/, (part) => pair[1 - pair.indexOf(part)] ?? ""), tensor]);
  const average = Object.entries(tensors).map(([name, tensor]) => {
    const offsets = tensor.data_offsets.map((/** @type {number} */ at) => at + data.length);
    return [`ema.${name}`, { ...tensor, data_offsets: offsets }];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__, ...Object.fromEntries([...live, ...average]) }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, data, data]);
}

test("a file that holds a model twice: its averaged weights can be chosen, and the notes say which were read", async (t) => {
  const { page, load, press, status, write } = await open(t);
  const model = readFileSync(path("safetensors/run_14.safetensors"));
  const notes = page.locator("#notes");
  await load(file("once.safetensors", model));
  await says(page.locator("#origin"), /once\.safetensors/);
  await says(status, /^Ready/);
  const want = await write();
  await load(file("twice.safetensors", twice(model)));
  await notes.getByText("the weights of the last step were read").waitFor();
  await says(status, /^Ready/);
  assert.notEqual(await write(), want);
  await press("Use the averaged weights (EMA)");
  await notes.getByText("the averaged weights were read").waitFor();
  await says(status, /^Ready/);
  assert.equal(await write(), want);
  await press("Copy link");
  assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("weights"), "ema");
});

test("other readings of a file are tried until it foresees its text", async (t) => {
  const { page, load, tab, press, status, button } = await open(t);
  const golden = JSON.parse(readFileSync(path("dialects/residual.json"), "utf8"));
  await load(file("residual.pt", fixture("dialects/residual")));
  await says(page.locator("#fact-model"), /residual/);
  await says(status, /^Ready/);
  await tab("Score");
  const field = page.getByRole("textbox", { name: "Text to score" });
  await field.fill("0123456789 zyxw ".repeat(9));
  await press("Score");
  await says(status, /^Done/);
  await press("Try other readings of this file");
  await page.getByText("It is read otherwise than usual: local split: columns, residual: x. Read so, the text takes").waitFor();
  await says(status, /^Ready/);

  await field.fill(golden.text);
  await press("Score");
  await says(status, /^Done/);
  const got = Number(await page.getByRole("row", { name: /^residual/ }).getByRole("cell").first().textContent());
  assert.ok(Math.abs(got - golden.bits_per_byte) < 4e-3, `${got} is not ${golden.bits_per_byte}`);
  assert.equal(await button("Try other readings of this file").isVisible(), false);

  await tab("Write");
  await press("Generate");
  await says(status, /^Done/);
  await press("Copy link");
  assert.deepEqual(JSON.parse(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("dialect") ?? ""), golden.dialect);
});
