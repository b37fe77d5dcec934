// Waiting for what no event tells.
import assert from "node:assert/strict";

/** Milliseconds; machines that test are busy. */
const PATIENCE = 30_000;

/**
 * Waits until something holds, and gives what it gave.
 *
 * @template T
 * @param {() => T | Promise<T>} look
 * @param {string} what is waited for
 * @param {number} [patience] milliseconds
 */
export async function until(look, what, patience = PATIENCE) {
  for (const limit = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < limit, `waited for: ${what}`);
  }
}
