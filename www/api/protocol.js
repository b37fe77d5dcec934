// What page and worker say to each other: types alone, which no browser loads.

/** @import { Wish } from "./engine.js" */
/** @import { ErrorCode, NamesDetails } from "./errors.js" */

/**
 * A file and how it is read.
 *
 * @typedef {object} FileRequest
 * @property {string | Blob | Uint8Array} place an absolute URL, a file, or its bytes
 * @property {string | undefined} names JSON
 * @property {string | undefined} config JSON
 * @property {"live" | "ema" | undefined} weights
 * @property {string | undefined} dialect JSON
 * @property {number | undefined} threads
 * @property {Wish} wish
 * @property {string | Blob | Uint8Array | undefined} tokenizer where its tokenizer.json is, or that itself
 * @property {string} sha256 of the file, or empty
 * @property {boolean} cache whether to use it
 */

/**
 * What can be asked. Each request is answered by any number of notes and one end.
 *
 * @typedef {{ type: "load" } & FileRequest} LoadRequest
 * @typedef {{ type: "probe", text: Uint8Array | undefined } & FileRequest} ProbeRequest
 * @typedef {{ type: "generate", model: number, prompt: Uint8Array | Uint32Array, settings: string, steady: boolean, trace: boolean }} GenerateRequest
 * @typedef {{ type: "score", model: number, text: Uint8Array, trace: boolean }} ScoreRequest
 * @typedef {LoadRequest | ProbeRequest | GenerateRequest | ScoreRequest} Request
 */

/**
 * What can be told, without an answer: the program, compiled by the page while the worker started;
 * a lock to hold as long as the worker lives, which is noted; that a request is to end early; that a
 * model is not needed any more.
 *
 * @typedef {{ type: "program", module: WebAssembly.Module } | { type: "live", lock: string } | { type: "stop" } | { type: "dispose" }} Order
 */

/**
 * How far a model's loading is; `total` is 0 where it is not known. Bytes are fetched, unpacked as
 * they come, and the packed model is written to the cache.
 *
 * @typedef {{ phase: "fetch" | "unpack" | "pack", loaded: number, total: number }} LoadProgress
 */

/**
 * How far the search for a dialect is, from 0 to `total`.
 *
 * @typedef {{ phase: "probe", loaded: number, total: number }} ProbeProgress
 */

/**
 * @typedef {{ type: "progress" } & LoadProgress} LoadNote
 * @typedef {{ type: "progress" } & ProbeProgress} ProbeNote
 * @typedef {{ type: "progress", phase: "score", loaded: number, total: number, trace: Trace | undefined }} ScoreNote
 * @typedef {object} BytesNote
 * @property {"bytes"} type
 * @property {Uint8Array} bytes
 * @property {Uint32Array} ends where patches end in them: after so many bytes
 * @property {Uint32Array | undefined} tokens of a model that writes tokens, those that the bytes come from
 * @property {string} stats the wasm's JSON
 * @property {Trace | undefined} trace where it was asked for
 * @property {number} threads of this burst
 * @property {number} milliseconds of all bursts
 * @property {number} writing milliseconds of the bursts that wrote
 * @property {number} memory bytes of the wasm's memory
 *
 * @typedef {{ type: "done", result: string }} DoneEnd `result` is JSON
 * @typedef {object} ErrorEnd
 * @property {"error"} type
 * @property {ErrorCode} code
 * @property {string} message
 * @property {NamesDetails | undefined} details
 * @property {boolean} fatal
 *
 * @typedef {LoadNote | ProbeNote | ScoreNote | BytesNote | { type: "living" }} Note
 * @typedef {Note | DoneEnd | ErrorEnd} Answer
 */

/**
 * What a search for a dialect found.
 *
 * @typedef {object} Found
 * @property {Record<string, string>} dialect what is read otherwise than usual; nothing where that is the best
 * @property {number} bitsPerByte of the text, read so
 * @property {number} bitsPerByteAsOurs the same, read as usual
 * @property {string} sentence what it comes to
 * @property {Tried | null} second what came closest to it, and can be told from it
 * @property {Tried[]} tried all readings, in order
 *
 * @typedef {object} Tried
 * @property {string} changed in words
 * @property {number} bitsPerByte
 * @property {number} difference how many more that are than of the best dialect then
 * @property {number} noise one standard error of that difference
 * @property {boolean} kept whether it is the best from here on
 */

/**
 * What the model expected, and how it got there.
 *
 * @typedef {object} Trace
 * @property {SymbolTrace[]} symbols one for each byte (or token) that was written or scored
 * @property {PatchTrace[]} patches one for each patch (or token) that was read, those of the prompt as well
 *
 * @typedef {object} SymbolTrace
 * @property {number} symbol byte, or id of a token
 * @property {Uint8Array} bytes what it says; nothing where a tokenizer is lacking
 * @property {number} bits its surprisal, −log₂ of its probability
 * @property {{ symbol: number, bytes: Uint8Array, probability: number }[]} alternatives the likeliest, by the model's
 *   own probabilities: before temperature, filters and penalty
 *
 * @typedef {object} PatchTrace
 * @property {number} start of its first byte (or token) in prompt and text; below 0 stands what comes before a
 *   prompt that is too short
 * @property {number} length how many bytes of the text (or tokens) it holds
 * @property {boolean[]} fills of a text laid out by words: which of its bytes only fill the patch
 * @property {number | undefined} deletion the DeleteGate's probability that it is not needed; undefined without a gate
 * @property {boolean} deleted whether the gate dropped it
 * @property {number[] | undefined} boundary how much each byte looks like a boundary to Bolmo, 0 to 1; undefined
 *   without one
 * @property {number[] | undefined} attention the share of each byte in what Bolmo adds to all four
 * @property {number[]} forget the mean forget gate of each recurrent layer that it went through, from below: 1 keeps
 *   all of the memory
 */

/**
 * What the worker of bench.html answers.
 *
 * @typedef {{ kernels: KernelFigures[] } | { message: string }} Kernels
 *
 * @typedef {object} KernelFigures
 * @property {string} name
 * @property {number} weightsPerNs of a layer's matrix times a vector
 * @property {number} roofline multiply-adds a nanosecond of its instruction, in registers
 */

export {};
