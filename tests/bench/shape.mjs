// The shape at which engines are compared: the backbone of run_07, random ternary weights.

export const LAYERS = 12;
export const WIDTH = 512;
export const HIDDEN = 1376;
/** Symbols of the peers' vocabulary: bytes. */
export const VOCABULARY = 256;

/**
 * Weights that one step reads.
 *
 * @param {number} [hidden] width of the feed-forward layer
 */
export function weights(hidden = HIDDEN) {
  return LAYERS * (4 * WIDTH * WIDTH + 3 * WIDTH * hidden);
}

/**
 * The matrices of a layer as [name, rows, columns].
 *
 * @param {number} [hidden]
 * @returns {[string, number, number][]}
 */
export function matrices(hidden = HIDDEN) {
  const square = ["q", "k", "v", "o"].map((name) => /** @type {[string, number, number]} */ ([name, WIDTH, WIDTH]));
  return [...square, ["gate", hidden, WIDTH], ["up", hidden, WIDTH], ["down", WIDTH, hidden]];
}

/** Numbers that are the same every time: xorshift. */
export class Random {
  #state;

  /** @param {number} [seed] not 0 */
  constructor(seed = 0x9e3779b9) {
    this.#state = seed;
  }

  /** A whole number from 0 to `below` − 1. @param {number} below */
  next(below) {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }
}
