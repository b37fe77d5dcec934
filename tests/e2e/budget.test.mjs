// What a visitor downloads before the first byte of text.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";

const PACKAGE = new URL("../../www/pkg/", import.meta.url);

/** Bytes of one wasm file, compressed as hosts do: most by Brotli, the plainest by gzip. */
const WASM_BUDGETS = [
  { name: "Brotli", compress: brotliCompressSync, most: 150_000 },
  { name: "gzip", compress: gzipSync, most: 180_000 },
];

test("each variant of the wasm keeps its budget", async () => {
  const variants = (await readdir(PACKAGE)).filter((name) => name.endsWith(".wasm"));
  assert.deepEqual(variants.sort(), ["cpu1_bg.wasm", "cpu1_relaxed.wasm"]);
  for (const name of variants) {
    const file = await readFile(new URL(name, PACKAGE));
    for (const { name: way, compress, most } of WASM_BUDGETS) {
      const { length } = compress(file);
      assert.ok(length <= most, `${name}: ${String(length)} bytes by ${way}, ${String(most)} at most`);
    }
  }
});
