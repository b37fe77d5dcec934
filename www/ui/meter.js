// How far the loading of a model is, in words: bytes, rate, and the time that is left.
import { sayBytes } from "../api/errors.js";

/** @import { LoadProgress } from "../api/protocol.js" */

/** A rate is only told after so many seconds. */
const SETTLED = 0.5;

export class Meter {
  #name;
  #now;
  /** When loading, and then keeping, began. */
  #began;
  #fetched = 0;
  /** The last note about unpacking. @type {LoadProgress | undefined} */
  #unpacked;
  #packing = false;

  /** @param {string} name of the model @param {() => number} [now] milliseconds */
  constructor(name, now = () => performance.now()) {
    this.#name = name;
    this.#now = now;
    this.#began = now();
  }

  /**
   * @param {LoadProgress} progress
   * @returns {{ sentence: string, share: number | undefined }} how much is done, where that is known
   */
  note(progress) {
    if (progress.phase === "pack" && !this.#packing) {
      this.#packing = true;
      this.#began = this.#now();
    }
    if (progress.phase === "fetch") this.#fetched = progress.loaded;
    if (progress.phase === "unpack") this.#unpacked = progress;
    // Bytes are unpacked as they come; only unpacking knows how many there will be.
    const shown = progress.phase === "fetch" && progress.total === 0 ? (this.#unpacked ?? progress) : progress;
    const { phase, loaded, total } = shown;

    const share = total > 0 ? Math.min(loaded / total, 1) : undefined;
    const amount = total > 0 ? `${sayBytes(loaded)} of ${sayBytes(total)}` : sayBytes(loaded);
    const seconds = (this.#now() - this.#began) / 1000;
    const rate = seconds < SETTLED || this.#fetched === 0 ? "" : `, ${sayBytes(Math.round(this.#fetched / seconds))}/s`;
    const left = seconds < SETTLED || !share || share === 1 ? "" : `, ${sayTime((seconds * (1 - share)) / share)} left`;
    const fetched = this.#fetched > 0 ? `, ${sayBytes(this.#fetched)} fetched${rate}` : "";
    const sentence = {
      fetch: `Fetching ${this.#name}: ${amount}${rate}${left}`,
      unpack: `Unpacking ${this.#name}: ${amount}${fetched}${left}`,
      pack: `Keeping ${this.#name} for the next visit: ${amount}${left}`,
    }[phase];
    return { sentence, share };
  }
}

/** @param {number} seconds */
function sayTime(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}
