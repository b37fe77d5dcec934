// The wasm program in the worker: how it is started, and what its errors mean.
import { CPU1Error } from "./errors.js";

/** @typedef {typeof import("./pkg/cpu1.js")} Program */
/** @typedef {import("./pkg/cpu1.js").Model} Model */
/** @typedef {import("./pkg/cpu1.js").Packed} Packed */

/**
 * Loads the wasm and starts its helpers; this worker is a member of the team itself.
 *
 * @param {number} members
 * @returns {Promise<{ program: Program, memory: WebAssembly.Memory }>}
 */
export async function startProgram(members) {
  const program = await import("./pkg/cpu1.js").catch((cause) => {
    throw new CPU1Error("network", "The program itself, pkg/cpu1.js, could not be loaded from the page's server.", {
      cause,
    });
  });
  const { memory } = await program.default().catch((cause) => {
    if (cause instanceof WebAssembly.CompileError) {
      throw new CPU1Error("unsupported", "This browser lacks WebAssembly SIMD or threads; a newer one has them.", {
        cause,
      });
    }
    if (cause instanceof RangeError) {
      throw new CPU1Error("memory", "There is not enough memory to start; close other tabs and try again.", { cause });
    }
    throw new CPU1Error("network", "The program itself, pkg/cpu1_bg.wasm, could not be loaded from the page's server.", {
      cause,
    });
  });
  if (members > 1) await program.initThreadPool(members - 1);
  return { program, memory };
}

/**
 * The number of threads to use: what was asked for, else half the machine's and at most four; one
 * where the page may not share memory between threads.
 *
 * @param {number | undefined} wanted
 */
export function chooseThreads(wanted) {
  if (!self.crossOriginIsolated) return 1;
  const cores = navigator.hardwareConcurrency;
  return wanted ?? Math.min(cores, 4, Math.max(2, Math.floor(cores / 2)));
}

/**
 * Runs a step in which the wasm may refuse what it was given, and gives its sentence a code.
 *
 * @template T
 * @param {import("./errors.js").ErrorCode} code
 * @param {() => T | Promise<T>} step
 * @returns {Promise<T>}
 */
export async function said(code, step) {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof CPU1Error || cause instanceof WebAssembly.RuntimeError) throw cause;
    if (!(cause instanceof Error)) throw new CPU1Error(code, String(cause), { cause });
    const { message, details } = /** @type {Error & { details?: string }} */ (cause);
    if (details === undefined) throw new CPU1Error(code, message, { cause });
    throw new CPU1Error("names", message, { cause, details: JSON.parse(details) });
  }
}
