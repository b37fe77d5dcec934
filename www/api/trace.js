// What there is to see of a model at work, from the wasm's numbers.

/**
 * What the model expected, and how it got there.
 *
 * @typedef {object} Trace
 * @property {SymbolTrace[]} symbols one for each byte (or token) that was written or scored
 * @property {PatchTrace[]} patches one for each patch (or token) that was read, those of the prompt as well
 */

/**
 * @typedef {object} SymbolTrace
 * @property {number} symbol byte, or id of a token
 * @property {Uint8Array} bytes what it says; nothing where a tokenizer is lacking
 * @property {number} bits its surprisal, −log₂ of its probability
 * @property {{ symbol: number, bytes: Uint8Array, probability: number }[]} alternatives the likeliest, by the model's
 *   own probabilities: before temperature, filters and penalty
 */

/**
 * @typedef {object} PatchTrace
 * @property {number} start of its first byte (or token) in prompt and text; below 0 stands what comes before a
 *   prompt that is too short
 * @property {number | undefined} deletion the DeleteGate's probability that it is not needed; undefined without a gate
 * @property {boolean} deleted whether the gate dropped it
 * @property {number[] | undefined} boundary how much each byte looks like a boundary to Bolmo, 0 to 1; undefined
 *   without one
 * @property {number[] | undefined} attention the share of each byte in what Bolmo adds to all four
 * @property {number[]} forget the mean forget gate of each recurrent layer that it went through, from below: 1 keeps
 *   all of the memory
 */

/**
 * @param {Float64Array} numbers in the order that `flat` of web.rs gives them
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
