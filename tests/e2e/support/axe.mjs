// Accessibility as axe-core judges it: what in a page would keep people out.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** @import { AxeResults, ContextSpec } from "axe-core" */

const AXE = fileURLToPath(import.meta.resolve("axe-core/axe.min.js"));

/**
 * Fails with a sentence for each violation that axe-core finds: WCAG 2.2 AA, and what axe-core holds
 * to be best practice.
 *
 * @param {{ evaluate: (script: any, argument?: any) => Promise<any> }} page of any driver
 * @param {string} [within] a selector, to look at a part of the page only
 */
export async function assertAccessible(page, within = "html") {
  // As the browser's debugger does it, which no Content-Security-Policy hinders.
  await page.evaluate(await readFile(AXE, "utf8"));
  /** @type {AxeResults} */
  const { violations, passes } = await page.evaluate(runAxe, within);
  assert.notEqual(passes.length, 0, `axe-core found nothing to look at within ${within}.`);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  at ${target.join(" ")}\n  ${failureSummary ?? ""}`),
  );
  assert.equal(found.length, 0, `axe-core found:\n${found.join("\n")}`);
}

/**
 * Runs in the page.
 *
 * @param {ContextSpec} within
 * @returns {Promise<AxeResults>}
 */
function runAxe(within) {
  /** @type {{ axe: typeof import("axe-core") }} */
  const { axe } = /** @type {any} */ (globalThis);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  return axe.run(within, { runOnly: tags });
}
