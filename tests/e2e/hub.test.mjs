// Files of the Hub, over a connection like the real one: redirects, ranges, and all that goes wrong.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hubAddress } from "../../www/api/hub.js";
import { BYTES, fixture, inPage, openBlank } from "./support/api.mjs";
import { NETWORK } from "./support/browser.mjs";
import { happened } from "./support/faults.mjs";
import { standIn } from "./support/hub.mjs";

/** @import { TestContext } from "node:test" */
/** @import { Page } from "playwright-core" */
/** @import { Fault } from "./support/hub.mjs" */

const FILES = {
  "owner/repo/run_14/model.pt": fixture("run_14.unpacked"),
  "owner/repo/run_14/compact.pt": fixture("run_14.compact"),
  "owner/repo/run_14/step 1.pt": fixture("run_14.step"),
  "owner/repo/run_14/model.safetensors": safetensors("run_14.safetensors"),
  "owner/repo/run_02/step.pt": fixture("run_02.step"),
  "owner/repo/run_02/model.safetensors": safetensors("run_02/model.safetensors"),
  "owner/repo/run_02/config.json": safetensors("run_02/config.json"),
  "owner/repo/run_02/model-00001-of-00002.safetensors": safetensors("run_02/model.safetensors"),
};

/** @param {string} name of a file that Python's safetensors wrote */
function safetensors(name) {
  return readFileSync(new URL(`../fixtures/safetensors/${name}`, import.meta.url));
}

/**
 * A page, the stand-in, and a function that loads a file by its name and writes 24 greedy bytes with it.
 *
 * @param {TestContext} t
 */
async function open(t) {
  const hub = await standIn(t, FILES);
  const { page } = await openBlank(t, { allow: NETWORK });
  /** @param {string} name */
  const write = (name) => textOf(page, hubAddress(name, hub.origin).href);
  return { hub, page, write };
}

/** The bytes that a model writes, or code and message of the error. @param {Page} page @param {string} url @returns {Promise<string>} */
const textOf = (page, url) =>
  inPage(
    page,
    `return attempt(async () => {
       const model = await CPU1.load(${JSON.stringify(url)}, { threads: 1, cache: false });
       const text = await bytesOf(model, "The Hub says");
       model.dispose();
       return text;
     });`,
  );

test("a name on the Hub is an address", () => {
  assert.equal(hubAddress("a/b/c/d.pt").href, "https://huggingface.co/a/b/resolve/main/c/d.pt");
  assert.equal(hubAddress("a/b/c d?.pt@refs/pr/1").href, "https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/c%20d%3F.pt");
  for (const bad of ["", "a", "a/b", "a/b/", "a/b@main", "a/b/../c", "../b/c", "a/b/c@..", "a/b/\ud800"]) assert.throws(() => hubAddress(bad), { code: "network" }, bad);
});

test("a file is read in ranges through the redirect, and no byte of an optimizer", async (t) => {
  const { hub, write } = await open(t);
  for (const name of ["model.pt", "compact.pt"]) assert.match(await write(`owner/repo/run_14/${name}`), BYTES);
  assert.ok(hub.ranges.every((range) => /^bytes=\d+-\d+$/.test(range ?? "")), `${hub.ranges}`);

  const before = hub.sent();
  assert.match(await write("owner/repo/run_14/step 1.pt@main"), BYTES);
  assert.ok(hub.ranges.length <= 3 * 7, `a handful of requests for each file, not ${hub.ranges.length}`);
  const share = (hub.sent() - before) / FILES["owner/repo/run_14/step 1.pt"].length;
  t.diagnostic(`of the step file with its optimizer ${(100 * share).toFixed(0)} % was fetched`);
  assert.ok(share < 0.8, `${share}`);
});

test("a safetensors file gives the text of its torch twin, with the config in its header or beside it", async (t) => {
  const { hub, write } = await open(t);
  for (const [name, twin] of [["run_14/model", "run_14/model.pt"], ["run_02/model", "run_02/step.pt"]]) {
    const text = await write(`owner/repo/${name}.safetensors`);
    assert.match(text, BYTES);
    assert.equal(text, await write(`owner/repo/${twin}`));
  }
  const asked = hub.requests.filter((path) => path.endsWith("config.json"));
  assert.equal(asked.length, 2, "once for each safetensors file, and one of them is not there");
  const part = await write("owner/repo/run_02/model-00001-of-00002.safetensors");
  assert.match(part, /^format: The file model-00001-of-00002\.safetensors is one of 2 that hold a model together\./);
});

test("what passes is waited out, and the text is the same", async (t) => {
  const { hub, write } = await open(t);
  const name = "owner/repo/run_14/model.pt";
  const want = await write(name);
  assert.match(want, BYTES);
  const requests = hub.ranges.length;
  /** @type {[string, (Fault | undefined)[]][]} */
  const passing = [
    ["busy at first", [{ status: 429, retryAfter: 1 }]],
    ["broken later", [undefined, { status: 500 }, { status: 503 }]],
    ["cut at a byte", [undefined, { cut: 1000 }, undefined, { cut: 1 }]],
    ["cut before the first byte", [{ cut: 0 }, { cut: 0 }]],
    ["a slow drip", [undefined, { drip: 4000 }, { drip: 4000 }]],
    ["a length too large", [undefined, { length: 7 }]],
    ["a length too small", [undefined, { length: -7 }]],
    ["more than the range", [undefined, { extra: -5 }, undefined, { extra: 9 }]],
    ["another range", [undefined, { range: (start, end, total) => `bytes ${start + 1}-${end}/${total}` }]],
    ["ranges ignored", [{ whole: true }]],
    ["ranges ignored, and a length too large", [{ whole: true, length: 7 }, { whole: true }]],
    ["ranges ignored, and cut", [{ whole: true, cut: 5000 }, { whole: true }]],
  ];
  for (const [what, faults] of passing) {
    hub.ranges.length = 0;
    hub.faults.push(...faults);
    assert.equal(await write(name), want, what);
    assert.equal(hub.faults.length, 0, `${what}: every fault was met`);
    if (what === "ranges ignored") assert.equal(hub.ranges.length, 1, "one plain GET");
    else assert.ok(hub.ranges.length <= requests + faults.length, what);
  }
  happened("the server is busy (429), fails (500, 503), ends at any byte, sends more or less than it says, another range, or no ranges", "asked again, at most 5 times; the same text");
});

test("where a server falls silent, the reading goes on at that byte", async (t) => {
  const { hub, write } = await open(t);
  const name = "owner/repo/run_14/model.pt";
  const want = await write(name);
  hub.ranges.length = 0;
  hub.faults.push(undefined, { silent: 1000 });
  assert.equal(await write(name), want);
  const [[start = 0, end] = [], again] = [1, 2].map((i) => /^bytes=(\d+)-(\d+)$/.exec(hub.ranges[i] ?? "")?.slice(1).map(Number));
  assert.deepEqual(again, [start + 1000, end]);
  happened("the server falls silent in the middle of a range", "after 20 s it is asked for the rest; the same text");
});

test("what does not pass is a sentence", async (t) => {
  const { hub, write } = await open(t);
  const name = "owner/repo/run_14/model.pt";
  assert.match(await write("owner/repo/run_14/none.pt"), /^network: The file none\.pt could not be fetched: it is not there\.$/);

  hub.faults.push({ status: 403 });
  assert.match(await write(name), /^network: .*the server answered 403\.$/);

  hub.faults.push(undefined, { file: Buffer.from("another file by now") });
  const changed = await write(name);
  assert.match(changed, /^network: The file model\.pt changed on its server while it was read\. Load it again\.$/);
  happened("the file changes on its server between two ranges", `“${changed.slice("network: ".length)}”`);

  hub.faults.push(undefined, { range: (start, end, total) => `bytes ${start}-${end - 1}/${total + 1}` });
  assert.match(await write(name), /^network: The file model\.pt changed on its server/);

  hub.faults.push({ range: () => "bytes */*" });
  assert.match(await write(name), /^network: The server of model\.pt does not tell the size of the file\.$/);

  hub.faults.push(undefined, ...Array(5).fill({ range: () => "bytes 0-0/192051" }));
  assert.match(await write(name), /^network: .* in 5 tries: the server sent another range than it was asked for\.$/);

  hub.faults.push({ whole: true, length: -7 });
  assert.match(await write(name), /^format: .*\.$/);

  hub.faults.push(...Array(5).fill({ status: 502 }));
  assert.match(await write(name), /^network: The file model\.pt could not be fetched in 5 tries: the server answered 502\.$/);

  hub.faults.push({ whole: true, file: Buffer.from("<!doctype html><title>Sign in</title>") });
  const hotel = await write(name);
  assert.match(hotel, /^format: .*\.$/);
  happened("a hotel's network answers with its own page", `“${hotel.slice("format: ".length)}”`);

  assert.match(await write(name), BYTES, "and the next try is like the first");
});

test("a folder is listed, page by page", async (t) => {
  const { hub, page } = await open(t);
  /** @param {string} name */
  const list = (name) =>
    inPage(
      page,
      `return attempt(async () => {
         const entries = [];
         for await (const entry of CPU1.files(${JSON.stringify(name)}, { hub: ${JSON.stringify(hub.origin)} })) entries.push(entry);
         return entries;
       });`,
    );

  hub.faults.push({ status: 429 });
  const entries = await list("owner/repo/run_14@v1.0");
  assert.equal(entries.length, 4);
  assert.deepEqual(hub.requests.at(-1), "/api/models/owner/repo/tree/v1.0/run_14?cursor=2");
  const file = FILES["owner/repo/run_14/step 1.pt"];
  assert.deepEqual(entries[2], {
    type: "file",
    path: "run_14/step 1.pt",
    size: file.length,
    sha256: createHash("sha256").update(file).digest("hex"),
    url: `${hub.origin}/owner/repo/resolve/v1.0/run_14/step%201.pt`,
  });
  assert.match(await textOf(page, entries[2].url), BYTES);
  const folder = { type: "directory", size: 0, sha256: "", url: "" };
  assert.deepEqual(await list("owner/repo"), [{ ...folder, path: "run_14" }, { ...folder, path: "run_02" }]);

  assert.match(await list("owner/repo/none"), /^network: There is no folder owner\/repo\/none on the Hub, or it is not public\.$/);
  assert.match(await list("owner"), /^network: “owner” is not a name on the Hub; .*\.$/);
  const text = JSON.stringify;
  /** @type {[Fault, RegExp][]} */
  const hostile = [
    [{ list: "<html>" }, /it is not JSON/],
    [{ list: "{}" }, /it is not a list/],
    [{ list: "[null]" }, /an entry lacks its path or its size/],
    [{ list: text([{ type: "file", path: "a", size: -1 }]) }, /an entry lacks its path or its size/],
    [{ list: text([{ type: "file", path: "a", size: "1" }]) }, /an entry lacks its path or its size/],
    [{ list: text([{ type: "file", path: ["a"], size: 1 }]) }, /an entry lacks its path or its size/],
    [{ list: text([{ type: "file", path: "../../../other/repo", size: 1 }]) }, /leads out of the repository/],
    [{ list: text([{ type: "file", path: "/evil.example/x", size: 1 }]) }, /leads out of the repository/],
    [{ list: text("x".repeat(9_000_000)) }, /too large/],
    [{ link: `<${hub.store}/next>; rel="next"` }, /its next page is on another server/],
    [{ link: '<javascript:alert(1)>; rel="next"' }, /its next page is on another server/],
    [{ link: '<http://[>; rel="next"' }, /its next page is on another server/],
    [{ link: '<>; rel="next"' }, /its pages go round in a circle/],
  ];
  for (const [fault, sentence] of hostile) {
    hub.faults.push(fault);
    const said = await list("owner/repo/run_14");
    assert.match(said, /^network: .*\.$/);
    assert.match(said, sentence);
  }
  hub.faults.push(...Array.from({ length: 100 }, (_, i) => ({ link: `<?cursor=${i}>; rel="next"` })));
  assert.match(await list("owner/repo/run_14"), /it goes on after 100 pages/);
});

test("a signal ends the listing, also while it waits", async (t) => {
  const { hub, page } = await open(t);
  const told = page.waitForResponse((response) => response.status() === 503);
  hub.faults.push({ status: 503, retryAfter: 30 });
  const code = inPage(page, `
    const stop = new AbortController();
    globalThis.stop = stop;
    const files = CPU1.files("owner/repo/run_14", { hub: ${JSON.stringify(hub.origin)}, signal: stop.signal });
    return files.next().then(() => "listed", (error) => error.code);
  `);
  await told;
  await page.evaluate("stop.abort()");
  assert.equal(await code, "aborted");
});
