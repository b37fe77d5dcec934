// Where the tokenizer of a model of BPE tokens comes from, and what such a model does without one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hubAddress } from "../../www/api/hub.js";
import { fixture, inPage, openBlank } from "./support/api.mjs";
import { NETWORK } from "./support/browser.mjs";
import { standIn } from "./support/hub.mjs";

/** @import { TestContext } from "node:test" */

const MODEL = fixture("run_01.unpacked");
const TOKENIZER = readFileSync(new URL("../fixtures/tokenizers/small.json", import.meta.url));
const FILES = {
  "owner/alone/model.pt": MODEL,
  "owner/both/model.pt": MODEL,
  "owner/both/tokenizer.json": TOKENIZER,
  "owner/bad/model.pt": MODEL,
  "owner/bad/tokenizer.json": Buffer.from("<html>"),
};

/** What the tokens of that file say, by id. */
const VOCABULARY = Object.entries(JSON.parse(TOKENIZER.toString()).model.vocab);
const SAYS = new Map(VOCABULARY.map(([text, id]) => [id, text.replaceAll("Ġ", " ").replaceAll("Ċ", "\n")]));

/**
 * The stand-in, and a function that loads a model, tries it on a text and on ids, and tells of it all.
 *
 * @param {TestContext} t
 */
async function open(t) {
  const hub = await standIn(t, FILES);
  const { page } = await openBlank(t, { allow: NETWORK });
  /** @param {string} source an expression @param {string} [options] another */
  const load = (source, options = "{}") =>
    inPage(
      page,
      `const base64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt());
       const local = base64("${MODEL.toString("base64")}");
       const tokenizer = base64("${TOKENIZER.toString("base64")}");
       return attempt(async () => {
         const model = await CPU1.load(${source}, { threads: 1, ...${options} });
         const write = async (prompt) => {
           const ids = [];
           let text = "";
           for await (const chunk of model.generate(prompt, { temperature: 0, maxBytes: 12 })) {
             text += chunk.text;
             ids.push(...chunk.tokens);
           }
           return { text, ids };
         };
         const { reads, cache, tokenizer: has } = model.info;
         const texts = { text: await attempt(() => write("the owner")), ids: await attempt(() => write(Uint32Array.of(3, 4))) };
         const result = { reads, cache, tokenizer: has, ...texts, score: await attempt(() => model.score("the owner of it")) };
         model.dispose();
         return result;
       });`,
    );
  /** @param {string} repo */
  const address = (repo) => JSON.stringify(hubAddress(`owner/${repo}/model.pt`, hub.origin).href);
  return { hub, load, address };
}

/**
 * Whether a text is there, and is what its tokens say.
 *
 * @param {{ text: string, ids: number[] }} written
 */
function isSaid({ text, ids }) {
  assert.equal(ids.length, 12);
  assert.equal(text, ids.map((id) => SAYS.get(id)).join(""));
}

test("a tokenizer beside the file is taken and kept with the model", async (t) => {
  const { hub, load, address } = await open(t);
  const first = await load(address("both"));
  assert.equal(hub.requests.at(-1), "/owner/both/resolve/main/tokenizer.json");
  const { length } = hub.requests;
  const { cache, ...again } = await load(address("both"));
  assert.equal(hub.requests.length, length);
  assert.deepEqual([first.cache.state, cache.state], ["stored", "hit"]);
  assert.deepEqual(again, { reads: "tokens", tokenizer: true, text: first.text, ids: first.ids, score: first.score });
  isSaid(first.text);
  isSaid(first.ids);
  const { bitsPerByte, bytes, perByte } = first.score;
  assert.equal(bytes, "the owner of it".length);
  const total = perByte.reduce((/** @type {number} */ sum, /** @type {number} */ bits) => sum + bits, 0);
  assert.ok(perByte.length < bytes && Math.abs(total - bitsPerByte * bytes) < 1e-3);
});

test("without a tokenizer a model continues tokens only, and says what is missing", async (t) => {
  const { hub, load, address } = await open(t);
  for (const state of ["stored", "hit"]) {
    const { text, score, ids, ...rest } = await load(address("alone"));
    assert.deepEqual(rest, { reads: "tokens", tokenizer: false, cache: { state, notice: "" } });
    assert.equal(ids.ids.length, 12);
    assert.equal(ids.text, "");
    assert.match(text, /^tokenizer: This model reads BPE tokens and has no tokenizer: none lies beside its file\. .*\.$/);
    assert.equal(score, text);
  }
  assert.equal(hub.requests.filter((path) => path.endsWith("tokenizer.json")).length, 1);
  assert.match((await load("local")).text, /^tokenizer: This model .*: a file alone brings none\. .*\.$/);
});

test("a tokenizer that cannot be used is a sentence, and not kept", async (t) => {
  const { load, address } = await open(t);
  const { text, ids, cache } = await load(address("bad"));
  const sentence = /^tokenizer: The tokenizer file is not JSON: .*\. Give the model's tokenizer\.json\.$/;
  assert.match(text, sentence);
  assert.equal(ids.ids.length, 12);
  assert.deepEqual(cache, { state: "off", notice: "The model is not kept for the next visit: its tokenizer cannot be used." });
  assert.match(await load("local", "{ tokenizer: new Blob(['<html>']) }"), sentence);
  const none = address("alone").replace("model.pt", "tokenizer.json");
  assert.equal(await load("local", `{ tokenizer: ${none} }`), "tokenizer: The tokenizer tokenizer.json could not be fetched: it is not there.");
});

test("a tokenizer comes from an address, a file or bytes", async (t) => {
  const { load, address } = await open(t);
  const url = address("both").replace("model.pt", "tokenizer.json");
  for (const option of [url, `new URL(${url})`, "new Blob([tokenizer])", "tokenizer"]) {
    assert.equal((await load("local", `{ tokenizer: ${option} }`)).tokenizer, true, option);
  }
  // A model that is kept without a tokenizer is another than the one with it.
  const states = [];
  for (const options of ["{}", "{ tokenizer }", "{ tokenizer }", "{ tokenizer: new Blob([tokenizer]) }", "{}"]) {
    const { cache, tokenizer } = await load(address("alone"), options);
    states.push(`${cache.state} ${tokenizer}`);
  }
  assert.deepEqual(states, ["stored false", "stored true", "hit true", "hit true", "hit false"]);
});
