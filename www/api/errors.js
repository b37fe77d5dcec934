// The one error type of the API, shared by the page's thread and the worker.

/**
 * What went wrong, for programs; the message says it to people.
 *
 * - `network`: the bytes of a file, or of the program itself, could not be fetched
 * - `format`: the file is not a checkpoint that this program reads, or it is damaged
 * - `names`: its tensors do not tell which part of the model they are; `details` has what is known of a name map that settles it
 * - `tokenizer`: a model of BPE tokens has no usable tokenizer, so it cannot read text
 * - `memory`: there is not enough memory; models of that worker may be gone, and can be loaded again
 * - `prompt`, `settings`, `text`: what was given to `generate` or `score` is out of range
 * - `busy`: the model does one thing at a time
 * - `aborted`: the caller's signal fired
 * - `disposed`: the model was given up by `dispose`
 * - `unsupported`: this browser, or this program so far, cannot do it
 * - `internal`: a fault of ours; the models of that worker are gone and can be loaded again
 *
 * @typedef {"network" | "format" | "names" | "tokenizer" | "memory" | "prompt" | "settings" | "text" | "busy" | "aborted"
 *   | "disposed" | "unsupported" | "internal"} ErrorCode
 */

/**
 * Which tensor plays which role: role → tensor, or null for a role that the file has no tensor for. The key `ignore` has a
 * list of patterns (`*` stands for anything) of tensors that are no part of the model; a key that ends with a dot says
 * by what to replace it at the beginning of names, as in `"decoder.": "lbd."`.
 *
 * @typedef {Record<string, string | null | string[]>} NameMap
 */

/**
 * What a name map has to settle. Where one role is the trouble, it is told with what fits it.
 *
 * @typedef {object} NamesDetails
 * @property {Record<string, string>} guess the map as far as it can be guessed
 * @property {string} [role] that is missing, or that several tensors fit
 * @property {number[]} [expected] shape of its tensor
 * @property {[name: string, shape: number[]][]} [candidates] tensors that fit
 * @property {[name: string, shape: number[]][]} [unused] tensors that play no role so far
 */

/** An error whose message is a sentence and whose `code` never changes its meaning. */
export class CPU1Error extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions & { details?: NamesDetails }} [options] `details` come with `names`
   */
  constructor(code, message, { details, ...options } = {}) {
    super(message, options);
    this.name = "CPU1Error";
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.details = details;
  }
}

/** What is thrown where the caller's signal fired. */
export function aborted() {
  return new CPU1Error("aborted", "It was stopped.");
}

/** A number of bytes as people say it. @param {number} bytes */
export function sayBytes(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
