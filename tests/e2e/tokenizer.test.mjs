// Where the tokenizer of a model of BPE tokens comes from, and what such a model does without one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hubAddress } from "../../www/hub.js";
import { openPage } from "./browser.mjs";
import { standIn } from "./hub.mjs";

/** @import { TestContext } from "node:test" */

const MODEL = readFileSync(new URL("../fixtures/run_01.unpacked.pt", import.meta.url));
const TOKENIZER = Buffer.from('{"model": {"type": "BPE"}}');
const FILES = {
  "owner/alone/model.pt": MODEL,
  "owner/both/model.pt": MODEL,
  "owner/both/tokenizer.json": TOKENIZER,
  "owner/bad/model.pt": MODEL,
  "owner/bad/tokenizer.json": Buffer.from("<html>"),
};

/** Of the program, what reads and writes tokens: any JSON is a tokenizer, and the text is what was given. */
const SCRIPT = `
  const { info } = Model.prototype;
  Model.prototype.info = function () { return JSON.stringify({ ...JSON.parse(info.call(this)), reads: "tokens" }); };
  Model.prototype.setTokenizer = (bytes) => {
    try {
      JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      throw new Error("This is no tokenizer.json.");
    }
  };
  Model.prototype.generate = (bytes) => Model.prototype.generateTokens(Uint32Array.from(bytes));
  Model.prototype.generateTokens = (ids) => ({
    done: false,
    advance() { this.done = true; return Uint8Array.from(ids); },
    tokens: () => ids,
    stats: () => '{ "prompt_patches": 1, "read_patches": 1, "patches": 1, "deleted_patches": 0, "bytes": 1 }',
    free() {},
  });`;

/**
 * The stand-in, and a function that loads a model, tries it on a text and on ids, and tells of it all.
 *
 * @param {TestContext} t
 */
async function open(t) {
  const hub = await standIn(t, FILES);
  const wrap = `globalThis.Worker = class extends Worker {
    constructor(url, options) {
      const program = new URL("./pkg/cpu1.js", url).href;
      const source = 'import ' + JSON.stringify(url) + '; import { Model } from ' + JSON.stringify(program) + ';' + ${JSON.stringify(SCRIPT)};
      super(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), options);
    }
  };`;
  const { page } = await openPage(t, {
    path: "/catalog.json",
    allow: [/favicon/, /Failed to load resource/],
    before: async (opened) => {
      await opened.addInitScript(wrap);
    },
  });
  /** @param {string} source an expression @param {string} [options] another */
  const load = (source, options = "{}") =>
    page.evaluate(`(async () => {
      const { CPU1 } = await import("/cpu1.js");
      const base64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt());
      const local = base64("${MODEL.toString("base64")}");
      const tokenizer = base64("${TOKENIZER.toString("base64")}");
      const said = (promise) => promise.then((done) => done, ({ code, message }) => code + ": " + message);
      return said((async () => {
        const model = await CPU1.load(${source}, { threads: 1, ...${options} });
        const write = async (prompt) => {
          for await (const { bytes, tokens } of model.generate(prompt)) return [...bytes, "from", ...tokens].join(" ");
        };
        const { reads, cache } = model.info;
        const result = { reads, cache, tokenizer: model.info.tokenizer, text: await said(write("AB")), ids: await said(write(Uint32Array.of(3, 4))) };
        if (!result.tokenizer) result.score = await said(model.score("some text"));
        model.dispose();
        return result;
      })());
    })()`);
  /** @param {string} repo */
  const address = (repo) => JSON.stringify(hubAddress(`owner/${repo}/model.pt`, hub.origin).href);
  return { hub, load, address };
}

test("a tokenizer beside the file is taken and kept with the model", async (t) => {
  const { hub, load, address } = await open(t);
  const want = { reads: "tokens", tokenizer: true, text: "65 66 from 65 66", ids: "3 4 from 3 4" };
  assert.deepEqual(await load(address("both")), { ...want, cache: { state: "stored", notice: "" } });
  assert.equal(hub.requests.at(-1), "/owner/both/resolve/main/tokenizer.json");
  const { length } = hub.requests;
  assert.deepEqual(await load(address("both")), { ...want, cache: { state: "hit", notice: "" } });
  assert.equal(hub.requests.length, length);
});

test("without a tokenizer a model continues tokens only, and says what is missing", async (t) => {
  const { hub, load, address } = await open(t);
  for (const state of ["stored", "hit"]) {
    const { text, score, ...rest } = await load(address("alone"));
    assert.deepEqual(rest, { reads: "tokens", tokenizer: false, ids: "3 4 from 3 4", cache: { state, notice: "" } });
    assert.match(text, /^tokenizer: This model reads BPE tokens and has no tokenizer: none lies beside its file\. .*\.$/);
    assert.equal(score, text);
  }
  assert.equal(hub.requests.filter((path) => path.endsWith("tokenizer.json")).length, 1);
  assert.match((await load("local")).text, /^tokenizer: This model .*: a file alone brings none\. .*\.$/);
});

test("a tokenizer that cannot be used is a sentence, and not kept", async (t) => {
  const { load, address } = await open(t);
  const { text, ids, cache } = await load(address("bad"));
  assert.deepEqual([text, ids], ["tokenizer: This is no tokenizer.json.", "3 4 from 3 4"]);
  assert.deepEqual(cache, { state: "off", notice: "The model is not kept for the next visit: its tokenizer cannot be used." });
  assert.equal(await load("local", "{ tokenizer: new Blob(['<html>']) }"), "tokenizer: This is no tokenizer.json.");
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
