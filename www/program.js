// The wasm program in the worker: how it is started, and what its errors mean.
import { CPU1Error } from "./errors.js";

/** @typedef {typeof import("./pkg/cpu1.js")} Program */
/** @typedef {import("./pkg/cpu1.js").Model} Model */
/** @typedef {import("./pkg/cpu1.js").Packed} Packed */

/** A module of one function with one relaxed instruction: an engine without them finds it invalid. */
const RELAXED = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic number, version
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // types: [] -> [v128]
  0x03, 0x02, 0x01, 0x00, // functions: one, of that type
  0x0a, 0x0f, 0x01, 0x0d, 0x00, // code
  0x41, 0x01, 0xfd, 0x0f, // i32.const 1, i8x16.splat
  0x41, 0x02, 0xfd, 0x0f, // i32.const 2, i8x16.splat
  0xfd, 0x80, 0x02, 0x0b, // i8x16.relaxed_swizzle, end
);

/** Whether this engine has relaxed SIMD. */
export const hasRelaxed = WebAssembly.validate(RELAXED);

/**
 * What to run in the place of the fastest, for measurements; what there is not is ignored.
 *
 * @typedef {{ simd?: "plain" | undefined, kernel?: string | undefined }} Wish
 */

/** Rounds of a millisecond each that every kernel runs for at the start. */
const ROUNDS = 6;

/**
 * Loads the wasm and starts its helpers; this worker is a member of the team itself. Models can be
 * loaded before the team is there, and run from then on.
 *
 * @param {number} members
 * @param {Wish} [wish]
 * @returns {Promise<{ program: Program, memory: WebAssembly.Memory, team: Promise<void> }>}
 */
export async function startProgram(members, { simd, kernel } = {}) {
  const program = await import("./pkg/cpu1.js").catch((cause) => {
    throw new CPU1Error("network", "The program itself, pkg/cpu1.js, could not be loaded from the page's server.", {
      cause,
    });
  });
  const file = simd !== "plain" && hasRelaxed ? "cpu1_relaxed.wasm" : "cpu1_bg.wasm";
  const place = { module_or_path: new URL(`./pkg/${file}`, import.meta.url) };
  const { memory } = await program.default(place).catch((cause) => {
    if (cause instanceof WebAssembly.CompileError) {
      throw new CPU1Error("unsupported", "This browser lacks WebAssembly SIMD or threads; a newer one has them.", {
        cause,
      });
    }
    if (cause instanceof RangeError) {
      throw new CPU1Error("memory", "There is not enough memory to start; close other tabs and try again.", { cause });
    }
    throw new CPU1Error("network", `The program itself, pkg/${file}, could not be loaded from the page's server.`, {
      cause,
    });
  });
  const team = Promise.resolve(members > 1 ? program.initThreadPool(members - 1) : undefined);
  team.catch(() => {}); // whoever waits for it is told
  const wished = kernel === undefined ? -1 : program.kernels().indexOf(kernel);
  if (wished >= 0) program.chooseKernel(wished);
  else chooseKernel(program);
  return { program, memory, team };
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
 * Lets the kernels run against each other, as no browser says what its processor is good at. All
 * give the same sums.
 *
 * @param {Program} program
 */
function chooseKernel(program) {
  const rates = program.kernels().map(() => 0);
  if (rates.length < 2) return;
  // A layer of run_14, small enough to stay in the cache.
  const trial = new program.KernelTrial(320, 320);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kernel of rates.keys()) {
      const began = performance.now();
      let [runs, took] = [0, 0];
      while (took < 1) {
        trial.run(kernel, 4);
        runs += 4;
        took = performance.now() - began;
      }
      // The best round: the first ones run code that is not optimised yet.
      rates[kernel] = Math.max(rates[kernel] ?? 0, runs / took);
    }
  }
  trial.free();
  program.chooseKernel(rates.indexOf(Math.max(...rates)));
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
