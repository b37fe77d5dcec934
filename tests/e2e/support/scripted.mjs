// Stand-ins for the model's text: the real program, with one method replaced as it is served.
import { readFile } from "node:fs/promises";

/** @import { Page } from "playwright-core" */

const PROGRAM = new URL("../../../www/pkg/cpu1.js", import.meta.url);

/**
 * Every text will be these bytes, one at a time.
 *
 * @param {Page} page
 * @param {number[]} bytes
 * @param {number[]} [trace] numbers of the trace, which come with the last of them
 * @param {{ ends?: number[], ended?: boolean }} [how] after how many bytes patches end; whether the model ends the text
 */
export function scriptedModel(page, bytes, trace = [0], { ends = [], ended = false } = {}) {
  return replace(
    page,
    `Model.prototype.generate = () => {
       const bytes = ${JSON.stringify(bytes)};
       let at = 0;
       return {
         advance: () => Uint8Array.of(bytes[at++]),
         ends: () => Uint32Array.of(...(${JSON.stringify(ends)}.includes(at) ? [1] : [])),
         tokens: () => undefined,
         watch() { this.watched = true; },
         trace() { return this.watched ? Float64Array.from(at === bytes.length ? ${JSON.stringify(trace)} : [0]) : undefined; },
         get done() { return at === bytes.length; },
         stats: () => JSON.stringify({ prompt_patches: 1, read_patches: 1, patches: 1, deleted_patches: 0, bytes: at, ended: ${ended} && at === bytes.length }),
         free() {},
       };
     };`,
  );
}

/**
 * The first burst will trap, as wasm does when it panics.
 *
 * @param {Page} page
 */
export function failingModel(page) {
  return replace(page, `Generation.prototype.advance = () => { throw new WebAssembly.RuntimeError("unreachable"); };`);
}

/**
 * @param {Page} page
 * @param {string} script runs at the end of the wasm's module
 */
async function replace(page, script) {
  const program = await readFile(PROGRAM, "utf8");
  await page.route("**/pkg/cpu1.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      headers: { "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" },
      body: `${program}\n${script}`,
    }),
  );
}
