// The static server, which the page tests rely on to behave as real hosts do.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { temporary } from "../e2e/support/site.mjs";
import { serve } from "./serve.mjs";

/** @import { TestContext } from "node:test" */

/**
 * Serves a folder with `digits.wasm` (ten bytes) and an empty `index.html`.
 *
 * @param {TestContext} t
 * @param {Parameters<typeof serve>[0]} [options]
 */
async function serveDigits(t, options) {
  const root = temporary(t);
  await writeFile(join(root, "digits.wasm"), "0123456789");
  await writeFile(join(root, "index.html"), "");
  const server = await serve({ root, ...options });
  t.after(server.close);
  return server.origin;
}

test("files come with their type and length", async (t) => {
  const origin = await serveDigits(t);
  const file = await fetch(`${origin}/digits.wasm`);
  assert.equal(file.headers.get("content-type"), "application/wasm");
  assert.equal(await file.text(), "0123456789");
  const head = await fetch(`${origin}/digits.wasm`, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), "10");
  const folder = await fetch(`${origin}/`);
  assert.equal(folder.status, 200);
  assert.equal(folder.headers.get("content-type"), "text/html; charset=utf-8");
});

test("byte ranges", async (t) => {
  const origin = await serveDigits(t);
  /** @type {[string, number, string, string | null][]} */
  const cases = [
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=4-2", 200, "0123456789", null],
    ["bytes=0-1,4-5", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ];
  for (const [range, status, text, contentRange] of cases) {
    const response = await fetch(`${origin}/digits.wasm`, { headers: { range } });
    assert.equal(response.status, status, range);
    assert.equal(await response.text(), text, range);
    assert.equal(response.headers.get("content-range"), contentRange, range);
  }
});

test("isolation headers come unless they are left out", async (t) => {
  const name = "cross-origin-embedder-policy";
  assert.equal((await fetch(await serveDigits(t))).headers.get(name), "require-corp");
  assert.equal((await fetch(await serveDigits(t, { isolated: false }))).headers.get(name), null);
});

test("words are served in the place of others, which have to be there", async (t) => {
  const edited = (/** @type {string} */ words) => serveDigits(t, { edits: { "/digits.wasm": { [words]: "x" } } }).then((origin) => fetch(`${origin}/digits.wasm`));
  assert.equal(await (await edited("345")).text(), "012x6789");
  assert.equal((await edited("543")).status, 500);
});

test("nothing outside the folder is served, and nothing is written", async (t) => {
  const origin = await serveDigits(t);
  // Raw paths: `fetch` would tidy them up first.
  for (const path of ["/../../../etc/hosts", "/..%2f..%2f..%2fetc%2fhosts", "/%2e%2e/%2e%2e/etc/hosts", "/%00", "/%ff", "//["]) {
    assert.equal(await statusOf(origin, path), 404, path);
  }
  assert.equal((await fetch(`${origin}/digits.wasm`, { method: "PUT", body: "x" })).status, 405);
});

/**
 * @param {string} origin
 * @param {string} path
 * @returns {Promise<number | undefined>}
 */
function statusOf(origin, path) {
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(origin);
    const sent = request({ hostname, port, path }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    sent.on("error", fail);
    sent.end();
  });
}
