// The page with a stand-in in the Hub's place, and waiting for what it says.
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { TestContext } from "node:test" */

const WWW = fileURLToPath(new URL("../../../www/", import.meta.url));

/** @param {string} name */
const www = (name) => readFileSync(join(WWW, name), "utf8");

/**
 * A folder like www/, but with the stand-in's origins in the catalogue and in the policy of who may be talked to.
 *
 * @param {TestContext} t
 * @param {{ origin: string, store: string }} hub
 */
export function siteFor(t, { origin, store }) {
  const folder = mkdtempSync(join(tmpdir(), "cpu1-page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of readdirSync(WWW)) symlinkSync(join(WWW, name), join(folder, name));
  const changed = {
    "catalog.json": JSON.stringify({ ...JSON.parse(www("catalog.json")), hub: origin }),
    "index.html": www("index.html").replace("https://huggingface.co", `$& ${origin} ${store}`),
  };
  for (const [name, text] of Object.entries(changed)) {
    unlinkSync(join(folder, name));
    writeFileSync(join(folder, name), text);
  }
  return folder;
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
