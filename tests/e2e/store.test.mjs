// The cache of packed models, in a real browser's storage: kept, found, full, forbidden, damaged, shared.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hubAddress } from "../../www/api/hub.js";
import { fixture, inPage, openBlank } from "./support/api.mjs";
import { NETWORK } from "./support/browser.mjs";
import { happened } from "./support/faults.mjs";
import { standIn } from "./support/hub.mjs";

/** @import { TestContext } from "node:test" */
/** @import { Page } from "playwright-core" */
/** @import { PageOptions } from "./support/browser.mjs" */

const FILES = {
  "owner/repo/run_14/model.pt": fixture("run_14.unpacked"),
  "owner/repo/run_07/model.pt": fixture("run_07.unpacked"),
  "owner/repo/run_07/step.pt": fixture("run_07.step"),
};

/**
 * A page and the stand-in, and functions to use them with.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 */
async function open(t, options) {
  const hub = await standIn(t, FILES);
  const { page, context, origin } = await openBlank(t, { allow: NETWORK, ...options });
  /** @param {string} name @param {object} [settings] @param {Page} [where] */
  const load = (name, settings, where = page) => inPage(where, `${LOAD} return load(${JSON.stringify(hubAddress(name, hub.origin).href)}, ${JSON.stringify(settings ?? {})});`);
  const cached = () => inPage(page, "return CPU1.cached();");
  /** The requests that the model needs from now on. @param {() => Promise<any>} step */
  const requests = async (step) => {
    const before = hub.requests.length + hub.ranges.length;
    await step();
    return hub.requests.length + hub.ranges.length - before;
  };
  return { hub, page, context, origin, load, cached, requests };
}

/** For a page: loads a model, writes with it, and tells of both; or of the error. */
const LOAD = `
  const load = async (url, options) => {
    try {
      const model = await CPU1.load(url, { threads: 1, ...options });
      const bytes = await bytesOf(model);
      model.dispose();
      const { run, flavour, fetchedBytes, memoryBytes, cache, report } = model.info;
      return { bytes, run, flavour, fetchedBytes, memoryBytes, cache, roles: report.decisions.length };
    } catch (error) {
      return { error: error.code + ": " + error.message };
    }
  };`;

/** The names of all that lies in the origin's storage. @param {Page} page @returns {Promise<string[]>} */
function filesOf(page) {
  return page.evaluate(`(async () => {
    if (!navigator.storage.getDirectory) return (await (await caches.open("cpu1-models")).keys()).map(({ url }) => url);
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const folder of root.values()) for await (const name of folder.keys()) names.push(name);
    return names.sort();
  })()`);
}

/**
 * Runs a script in the page and in each of its workers, before they do anything else.
 *
 * @param {string} script
 * @returns {PageOptions}
 */
function without(script) {
  const wrap = `globalThis.Worker = class extends Worker {
    constructor(url, options) {
      const source = 'import ' + JSON.stringify(url) + '; ' + ${JSON.stringify(script)};
      super(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), options);
    }
  };`;
  return {
    before: async (page) => {
      await page.addInitScript(`${script};\n${wrap}`);
    },
  };
}
const NO_FILES = "delete StorageManager.prototype.getDirectory";

const NAME = "owner/repo/run_14/model.pt@main";
const NOTHING_KEPT = "The model is not kept for the next visit: ";

for (const [where, notice, options] of /** @type {[string, string, PageOptions | undefined][]} */ ([
  ["the private file system", "", undefined],
  ["the Cache API", "It is in the Cache API, as the browser gives this page no private file system.", without(NO_FILES)],
])) {
  test(`a second visit needs no request: ${where}`, async (t) => {
    const { hub, page, load, cached, requests } = await open(t, options);
    const sha256 = "0123456789abcdef".repeat(4);
    const first = await load(NAME, { sha256 });
    assert.deepEqual(first.cache, { state: "stored", notice });
    assert.equal(first.fetchedBytes, hub.sent() - 1, "all but the byte that came with the size");
    assert.ok(first.memoryBytes > 0);
    assert.equal((await filesOf(page)).length, 1);

    const [entry, ...others] = await cached();
    const { id, size, date, ...rest } = entry;
    assert.deepEqual(others, []);
    const url = hubAddress(NAME, hub.origin).href;
    assert.deepEqual(rest, { source: url, revision: "main", sha256, run: "run_14", flavour: first.flavour });
    assert.ok(size > 10_000 && size < FILES["owner/repo/run_14/model.pt"].length, `${size}`);
    assert.ok(Math.abs(Date.now() - Date.parse(date)) < 600_000, date);

    await page.reload();
    const count = await requests(async () => {
      const second = await load(NAME, { sha256 });
      assert.deepEqual(second, { ...first, fetchedBytes: 0, memoryBytes: second.memoryBytes, cache: { state: "hit", notice: "" } });
    });
    assert.equal(count, 0);

    // Another revision, name map or content is another model; without the cache all is as ever.
    assert.equal((await load(`${NAME}2`)).cache.state, "stored");
    assert.equal((await load(NAME, { names: { "head.weight": "none" } })).error.split(":")[0], "names");
    assert.equal((await load(NAME, { sha256: "f".repeat(64) })).cache.state, "stored");
    assert.deepEqual((await load(NAME, { cache: false })).cache, { state: "off", notice: "" });
    assert.equal((await cached()).length, 2);

    await inPage(page, `await CPU1.remove(${JSON.stringify(id)});`);
    assert.equal((await cached()).length, 1);
    assert.equal((await load(NAME)).cache.state, "stored");
    await inPage(page, "await CPU1.removeAll();");
    assert.deepEqual(await cached(), []);
    assert.deepEqual(await filesOf(page), []);
  });

  test(`a full quota is a notice: ${where}`, async (t) => {
    const { page, context, origin, load, cached } = await open(t, options);
    const want = await load(NAME, { cache: false });
    const client = await context.newCDPSession(page);
    // No room at all, for a part, and for all but the end.
    for (const quotaSize of [1, 20_000, 50_000]) {
      await client.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
      const full = await load(NAME);
      assert.equal(full.bytes, want.bytes);
      assert.equal(full.cache.state, "off", `${quotaSize}`);
      assert.match(full.cache.notice, new RegExp(`^${NOTHING_KEPT}.*is used up; .*\\.$`));
      assert.deepEqual(await cached(), []);
      assert.deepEqual(await filesOf(page), []);
      happened("storage is full", `the model runs; “${full.cache.notice}”`);
    }
    await client.send("Storage.overrideQuotaForOrigin", { origin });
    assert.equal((await load(NAME)).cache.state, "stored");
    assert.equal((await load(NAME)).bytes, want.bytes);
  });
}

test("local files, bytes and small files of the page's server are not kept", async (t) => {
  const { page, cached } = await open(t);
  const states = await inPage(
    page,
    `${LOAD}
     const blob = await (await fetch("/models/cpu1-rust-docs.pt")).blob();
     const states = [];
     for (const source of [CPU1.EMBEDDED, blob, new Uint8Array(await blob.arrayBuffer())]) states.push((await load(source)).cache);
     return states;`,
  );
  assert.deepEqual(states, Array(3).fill({ state: "off", notice: "" }));
  assert.deepEqual(await cached(), []);
});

test("two pages load the same model at once", async (t) => {
  const { page, context, origin, load, cached } = await open(t);
  const other = await context.newPage();
  await other.goto(`${origin}/catalog.json`);
  const want = await load(NAME, { cache: false });
  for (let round = 0; round < 5; round += 1) {
    const loaded = await Promise.all([load(NAME), load(NAME, {}, other), load(NAME), load(NAME, {}, other)]);
    for (const { bytes } of loaded) assert.equal(bytes, want.bytes);
    const states = loaded.map(({ cache }) => cache);
    assert.ok(states.some(({ state }) => state === "stored"), JSON.stringify(states));
    for (const { notice } of states) assert.match(notice, new RegExp(`^(${NOTHING_KEPT}another tab is keeping it right now\\.)?$`));
    const { cache, bytes } = await load(NAME);
    assert.deepEqual([cache.state, bytes], ["hit", want.bytes]);
    assert.equal((await filesOf(page)).length, 1);
    assert.equal((await cached()).length, 1);
    await inPage(page, "await CPU1.removeAll();");
  }
  happened("two tabs load the same model at once", "both write, and one of them keeps it");
});

test("what a closed tab left is removed, and what an open one writes is not", async (t) => {
  const { page, context, origin, load } = await open(t);
  const other = await context.newPage();
  await other.goto(`${origin}/catalog.json`);
  // A worker of another tab is in the middle of a model; its tab is closed later.
  await other.evaluate(`(async () => {
    const source = \`
      (async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("cpu1-models", { create: true });
        const file = await (await folder.getFileHandle("abc.part", { create: true })).createSyncAccessHandle();
        file.write(new Uint8Array(1000));
        postMessage("writing");
        globalThis.file = file;
      })();\`;
    globalThis.worker = new Worker(URL.createObjectURL(new Blob([source])));
    await new Promise((resolve) => { worker.onmessage = resolve; });
  })()`);
  assert.equal((await load(NAME)).cache.state, "stored");
  assert.ok((await filesOf(page)).includes("abc.part"));
  await other.close();

  assert.equal((await load("owner/repo/run_07/model.pt")).cache.state, "stored");
  const names = await filesOf(page);
  assert.equal(names.length, 2);
  assert.ok(names.every((name) => name.endsWith(".model")), `${names}`);
});

test("loading that is given up leaves nothing", async (t) => {
  const { hub, page, load, cached } = await open(t);
  const url = hubAddress(NAME, hub.origin).href;
  for (const phase of ["fetch", "unpack", "pack"]) {
    const code = await inPage(
      page,
      `const stop = new AbortController();
       const onProgress = (progress) => progress.phase === "${phase}" && stop.abort();
       return CPU1.load("${url}", { signal: stop.signal, onProgress }).then(() => "loaded", (error) => error.code);`,
    );
    assert.equal(code, "aborted");
    // The worker may have been done before it heard of that.
    const kept = await cached();
    assert.ok(kept.length <= 1, phase);
    await inPage(page, "await CPU1.removeAll();");
    // Its lock goes with it, which may take a moment.
    let state = "off";
    for (let tries = 0; state === "off" && tries < 10; tries += 1) ({ state } = (await load(NAME)).cache);
    assert.notEqual(state, "off", phase);
    assert.equal((await filesOf(page)).length, 1, phase);
    await inPage(page, "await CPU1.removeAll();");
  }
});

test("a damaged entry is fetched again", async (t) => {
  const { page, load, cached } = await open(t);
  const want = await load(NAME);
  /** How a file of so many bytes is damaged. @type {Record<string, string>} */
  const damages = {
    "a bit of a weight": "bytes[Math.floor(bytes.length / 2)] ^= 4",
    "a bit of the table of contents": "bytes[bytes.length - 3000] ^= 1",
    "a bit of the length": "bytes[bytes.length - 2] ^= 1",
    "the end is missing": "bytes = bytes.subarray(0, -10)",
    "the start is missing": "bytes = bytes.subarray(10)",
    "nothing is left": "bytes = new Uint8Array()",
    "it is something else": "bytes.fill(0x7b)",
  };
  for (const [what, script] of Object.entries(damages)) {
    await page.evaluate(`(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("cpu1-models");
      for await (const handle of folder.values()) {
        let bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        ${script};
        const file = await handle.createWritable();
        await file.write(bytes);
        await file.close();
      }
    })()`);
    assert.ok((await cached()).length <= 1);
    const mended = await load(NAME);
    assert.equal(mended.bytes, want.bytes, what);
    // A bit of the description may make no difference to the model.
    if (what !== "a bit of the table of contents") assert.equal(mended.cache.state, "stored", what);
    assert.deepEqual((await load(NAME)).cache.state, "hit", what);
    assert.equal((await filesOf(page)).length, 1);
  }
  happened("a kept model is damaged", "noticed, removed, fetched and kept again");
});

test("no fault of the server leaves a wrong model behind", async (t) => {
  const { hub, page, load, cached } = await open(t);
  const name = "owner/repo/run_07/step.pt";
  const want = await load(name, { cache: false });
  /** @type {[string, import("./support/hub.mjs").Fault[]][]} */
  const faults = [
    ["gone", [{ status: 404 }]],
    ["refused", [{ status: 403 }]],
    ["never better", Array(5).fill({ status: 500 })],
    ["another file by now", [{}, {}, { file: fixture("run_07.compact") }]],
    ["another file of the same length", [{}, {}, { file: Buffer.from(FILES["owner/repo/run_07/step.pt"]).fill(1, 60_000, 70_000) }]],
    ["a page of a hotel's network", [{ whole: true, file: Buffer.from("<!doctype html><title>Sign in</title>") }]],
    ["a length too small", [{ whole: true, length: -1000 }]],
    ["cut", [{}, {}, { cut: 10_000 }]],
    ["other lengths", [{}, { extra: -1 }, { length: 1 }, { length: -1 }]],
    ["ranges ignored", [{ whole: true }]],
  ];
  for (const [what, met] of faults) {
    hub.faults.push(...met);
    const { error, bytes, cache } = await load(name);
    if (error) assert.match(error, /^(network|format): [A-Z].*\.$/, what);
    else assert.equal(bytes, want.bytes, what);
    assert.equal(hub.faults.length, 0, `${what}: every fault was met`);
    assert.equal((await cached()).length, error ? 0 : 1, what);
    if (error) assert.equal((await load(name)).bytes, want.bytes, `after: ${what}`);
    else assert.equal(cache.state, "stored", what);
    const kept = await load(name);
    assert.deepEqual([kept.bytes, kept.cache.state], [want.bytes, "hit"], `kept after: ${what}`);
    await inPage(page, "await CPU1.removeAll();");
  }
});
