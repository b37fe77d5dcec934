// The package in a page, as somebody's script would use it.
import { readFileSync } from "node:fs";
import { openPage } from "./browser.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./browser.mjs" */

/** A checkpoint of tests/fixtures/. @param {string} name */
export const fixture = (name) => readFileSync(new URL(`../../fixtures/${name}.pt`, import.meta.url));

/** Opens a page that does nothing of its own accord. @param {TestContext} t @param {PageOptions} [options] */
export const openBlank = (t, options) => openPage(t, { path: "/catalog.json", ...options, allow: [/favicon/, ...(options?.allow ?? [])] });

/** What `bytesOf` gives. */
export const BYTES = /^\d+( \d+){23}$/;

/**
 * Runs the body of an async function in a page, where `CPU1` is the package, `attempt(job)` gives what a job gives or its
 * error's code and sentence, and `bytesOf(model, prompt)` writes 24 greedy bytes.
 *
 * @param {Page} page
 * @param {string} body
 * @returns {Promise<any>}
 */
export function inPage(page, body) {
  return page.evaluate(`(async () => {
    const { CPU1 } = await import("/cpu1.js");
    const attempt = (job) => job().catch((error) => error.code + ": " + error.message);
    const bytesOf = async (model, prompt = "Kept") => {
      const bytes = [];
      for await (const chunk of model.generate(prompt, { maxBytes: 24, temperature: 0 })) bytes.push(...chunk.bytes);
      return bytes.join(" ");
    };
    ${body}
  })()`);
}
