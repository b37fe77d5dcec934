// The page with a stand-in in the Hub's place, and waiting for what it says.
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { TestContext } from "node:test" */

const WWW = fileURLToPath(new URL("../../../www/", import.meta.url));

/** @param {string} name */
const www = (name) => readFileSync(join(WWW, name), "utf8");

/** A folder that goes when the test ends. @param {TestContext} t */
export function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), "cpu1-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * A folder like www/, but with other texts in some of its files, or with further ones.
 *
 * @param {TestContext} t
 * @param {Record<string, string>} texts by their names
 */
export function siteWith(t, texts) {
  const folder = temporary(t);
  for (const name of readdirSync(WWW)) if (!(name in texts)) symlinkSync(join(WWW, name), join(folder, name));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return folder;
}

/**
 * A folder like www/, but with the stand-in's origins in the catalogue and in the policy of who may be talked to.
 *
 * @param {TestContext} t
 * @param {{ origin: string, store: string }} hub
 */
export function siteFor(t, { origin, store }) {
  return siteWith(t, {
    "catalog.json": JSON.stringify({ ...JSON.parse(www("catalog.json")), hub: origin }),
    "index.html": www("index.html").replace("https://huggingface.co", `$& ${origin} ${store}`),
  });
}

/**
 * Waits until an element's text fits, and returns it.
 *
 * @param {import("playwright-core").Locator} locator
 * @param {RegExp} pattern
 */
export async function says(locator, pattern) {
  await locator.filter({ hasText: pattern }).waitFor();
  return /** @type {string} */ (await locator.textContent());
}
