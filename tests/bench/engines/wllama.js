// wllama: llama.cpp in wasm. A step is one token of its stream.
import { LoggerWithoutDebug, Wllama } from "/npm/@wllama/wllama/esm/index.js";

/** @type {import("@wllama/wllama").Wllama} */
let wllama;

export const bench = {
  name: "wllama, TQ2_0",

  /** @param {{ model: string, threads: number }} options */
  async load({ model, threads }) {
    const file = await (await fetch(model)).blob();
    const logger = { ...LoggerWithoutDebug, log() {}, warn() {} };
    wllama = new Wllama({ default: "/npm/@wllama/wllama/esm/wasm/wllama.wasm" }, { logger });
    await wllama.loadModel([file], { n_ctx: 1024, n_threads: threads, n_gpu_layers: 0, n_parallel: 1, warmup: true });
    return { engine: Wllama.getLibllamaVersion(), threads: wllama.getNumThreads() };
  },

  /** @param {{ steps: number, prompt: string }} options */
  async generate({ steps, prompt }) {
    const began = performance.now();
    /** @type {number[]} */
    const times = [];
    await wllama.createCompletion({
      prompt,
      max_tokens: steps + 1,
      temperature: 0,
      ignore_eos: true,
      cache_prompt: false,
      stream: true,
      onData: (chunk) => {
        if (chunk.choices?.[0]?.text) times.push(performance.now());
      },
    });
    const [first = NaN] = times;
    return { steps: times.length - 1, ms: (times.at(-1) ?? NaN) - first, ttft_ms: first - began, first_at: first };
  },
};
