// How fast the kernels of one of the two programs are, and their instructions alone. Answers with Kernels.
import { compileProgram } from "../api/engine.js";
import { startProgram } from "../worker/program.js";

/** @import { Wish } from "../api/engine.js" */
/** @import { Kernels } from "../api/protocol.js" */

/** Gate and up projection of run_07. */
const ROWS = 2752;
const COLUMNS = 512;
const RUNS = 10;
const ROUNDS = 12;
/** Milliseconds. */
const WARM_UP = 300;

self.onmessage = async (/** @type {MessageEvent<Wish>} */ { data: wish }) => {
  /** @type {Kernels} */
  let answer;
  try {
    const { program } = await startProgram(await compileProgram(wish));
    const trial = new program.KernelTrial(ROWS, COLUMNS);
    const kernels = program.kernels().map((name, kernel) => ({
      name,
      weightsPerNs: perNanosecond(() => {
        trial.run(kernel, RUNS);
        return RUNS * ROWS * COLUMNS;
      }),
      roofline: perNanosecond(() => program.kernelPeak(kernel, 10_000)),
    }));
    answer = { kernels };
  } catch (error) {
    answer = { message: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};

/**
 * How much a nanosecond is done; the median of some rounds.
 *
 * @param {() => number} work does some and says how much
 */
function perNanosecond(work) {
  // Until the engine has optimised it.
  for (const began = performance.now(); performance.now() - began < WARM_UP; ) work();
  const rates = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    let [done, took] = [0, 0];
    while (took < 10) {
      done += work();
      took = performance.now() - began;
    }
    return done / (took * 1e6);
  });
  return rates.sort((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
}
