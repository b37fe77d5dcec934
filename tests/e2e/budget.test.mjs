// What a visitor downloads before the first byte of text.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const PACKAGE = new URL("../../www/pkg/", import.meta.url);

/** Bytes of one wasm file, compressed as static hosts do. */
const WASM_BUDGET = 180_000;

test("each variant of the wasm keeps its budget", async () => {
  const variants = (await readdir(PACKAGE)).filter((name) => name.endsWith(".wasm"));
  assert.deepEqual(variants.sort(), ["cpu1_bg.wasm", "cpu1_relaxed.wasm"]);
  for (const name of variants) {
    const { length } = gzipSync(await readFile(new URL(name, PACKAGE)), { level: 9 });
    assert.ok(length <= WASM_BUDGET, `${name}: ${String(length)} bytes compressed, ${String(WASM_BUDGET)} at most`);
  }
});
