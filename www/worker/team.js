// Starts the worker's threads, instead of wasm-bindgen-rayon's own code: bundlers understand this one, and
// it tells when a helper does not start.
import { spawn } from "../api/spawn.js";

/** @import { wbg_rayon_PoolBuilder } from "../pkg/cpu1.js" */

/** @typedef {{ module: WebAssembly.Module, memory: WebAssembly.Memory, receiver: number }} Enrolment */

/** Kept, as a browser may collect a worker that nothing refers to. @type {Worker[]} */
const helpers = [];

/**
 * Starts the helpers; the wasm calls this.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 * @param {wbg_rayon_PoolBuilder} builder
 */
export async function startWorkers(module, memory, builder) {
  const enrolment = { module, memory, receiver: builder.receiver() };
  await Promise.all(Array.from({ length: builder.numThreads() }, () => enrol(enrolment)));
  builder.build();
}

/** @param {Enrolment} enrolment @returns {Promise<void>} */
function enrol(enrolment) {
  const helper = spawn(
    import.meta.url,
    "helper.js",
    () => new Worker(new URL("./helper.js", import.meta.url), { type: "module", name: "cpu1" }),
  );
  helpers.push(helper);
  return new Promise((resolve, reject) => {
    helper.onmessage = () => resolve();
    helper.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A thread did not start: ${event.message || "its script could not be loaded"}.`));
    };
    helper.postMessage(enrolment);
  });
}
