// What native code writes: the list of tests/fixtures/digests.json, which `WRITE_DIGESTS=1 cargo test --test digests` makes.
import { readFileSync } from "node:fs";

/** @typedef {{ model: string, prompt: string | number[], options: Record<string, any>, digest: string }} Digest */

/** @type {Digest[]} */
export const DIGESTS = JSON.parse(readFileSync(new URL("../../fixtures/digests.json", import.meta.url), "utf8"));

/** What the embedded model writes after a prompt, with a seed; other settings are the defaults. */
export const SEEDED = /** @type {Digest & { prompt: string }} */ (DIGESTS.find(({ prompt, options }) => prompt === "Ownership is" && options.seed === "7"));

/** FNV-1a, as in tests/common/mod.rs. @param {Iterable<number>} bytes */
export function digest(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** Whether a text is `SEEDED`'s prompt and what comes after it. @param {string | null | undefined} text */
export function isSeeded(text) {
  return Boolean(text?.startsWith(SEEDED.prompt)) && digest(new TextEncoder().encode(text?.slice(SEEDED.prompt.length))) === SEEDED.digest;
}
