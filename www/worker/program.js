// The wasm program in the worker: how it is started, and what its errors and its traces mean.
import { CPU1Error } from "../api/errors.js";
import * as program from "../pkg/cpu1.js";

/** @import { PatchTrace, Trace } from "../api/protocol.js" */
/** @typedef {typeof import("../pkg/cpu1.js")} Program */
/** @typedef {import("../pkg/cpu1.js").Model} Model */
/** @typedef {import("../pkg/cpu1.js").Packed} Packed */

/**
 * The threads of all models. `complete` says whether all are there, `arrival` waits for that. Until
 * then, and if they never come, the worker works alone.
 *
 * @typedef {{ complete: boolean, arrival: Promise<void> }} Team
 */

/** The program's memory, once it has started. @type {WebAssembly.Memory | undefined} */
let memory;

/** Pages of memory, 64 KiB each. A program that can still get so many is not short of memory. */
const SPARE = 256;

/** Rounds of a millisecond each that every kernel runs for at the start. */
const ROUNDS = 6;

/**
 * Starts the program and finds its fastest kernel.
 *
 * @param {WebAssembly.Module} module
 * @param {string} [kernel] in the place of the fastest
 * @returns {Promise<{ program: Program, memory: WebAssembly.Memory }>}
 */
export async function startProgram(module, kernel) {
  const started = await program.default({ module_or_path: module }).catch((cause) => {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CPU1Error("memory", "There is not enough memory to start; close other tabs and try again.", { cause });
  });
  memory = started.memory;
  const wished = kernel === undefined ? -1 : program.kernels().indexOf(kernel);
  program.chooseKernel(wished >= 0 ? wished : fastestKernel());
  return { program, memory };
}

/** Whether the program probably trapped because memory ran out. It cannot tell itself, and must not run any more. */
export function isShortOfMemory() {
  try {
    memory?.grow(SPARE);
    return false;
  } catch {
    return true;
  }
}

/**
 * Starts the helpers of this worker, which is a member of the team itself. Call it after a model is
 * loaded: starting helpers takes the cores that loading needs.
 *
 * @param {number} members
 * @returns {Team}
 */
export function gatherTeam(members) {
  const arrival = Promise.resolve(members > 1 ? program.initThreadPool(members - 1) : undefined);
  const team = { complete: false, arrival };
  arrival.then(
    () => (team.complete = true),
    () => {}, // those who wait for them are told
  );
  return team;
}

/**
 * Measures the kernels, as no browser says which is fastest on its processor. All give the same sums.
 */
function fastestKernel() {
  const rates = program.kernels().map(() => 0);
  if (rates.length === 1) return 0;
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
  return rates.indexOf(Math.max(...rates));
}

/**
 * Runs a step in which the wasm may refuse what it was given, and gives its sentence a code.
 *
 * @template T
 * @param {import("../api/errors.js").ErrorCode} code
 * @param {() => T | Promise<T>} step
 * @returns {Promise<T>}
 */
export async function said(code, step) {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof CPU1Error || cause instanceof WebAssembly.RuntimeError) throw cause;
    if (!(cause instanceof Error)) throw new CPU1Error(code, String(cause), { cause });
    const { message, details, code: own = code } = /** @type {Error & { details?: string, code?: typeof code }} */ (cause);
    if (details === undefined) throw new CPU1Error(own, message, { cause });
    throw new CPU1Error("names", message, { cause, details: JSON.parse(details) });
  }
}

/**
 * What there is to see of a model at work.
 *
 * @param {Float64Array} numbers in the order in which web.rs writes them
 * @param {(symbol: number) => Uint8Array} bytesOf what a symbol says
 * @returns {Trace}
 */
export function readTrace(numbers, bytesOf) {
  let at = 0;
  const next = () => numbers[at++] ?? NaN;
  /** @param {number} count */
  const some = (count) => [...numbers.subarray(at, (at += count))];
  /** @param {number[]} values */
  const known = (values) => (Number.isNaN(values[0]) ? undefined : values);

  const symbols = Array.from({ length: next() }, () => {
    const [symbol, bits, count] = [next(), next(), next()];
    const alternatives = Array.from({ length: count }, () => {
      const [other, probability] = [next(), next()];
      return { symbol: other, bytes: bytesOf(other), probability };
    });
    return { symbol, bytes: bytesOf(symbol), bits, alternatives };
  });
  /** @type {PatchTrace[]} */
  const patches = [];
  while (at < numbers.length) {
    const [start, [deletion] = [], deleted] = [next(), known(some(1)), next() === 1];
    const [boundary, attention] = [known(some(4)), known(some(4))];
    patches.push({ start, deletion, deleted, boundary, attention, forget: some(next()) });
  }
  return { symbols, patches };
}
