// onnxruntime-web on its wasm back end. A step is one run of the graph, for one token.
import * as ort from "/npm/onnxruntime-web/dist/ort.wasm.min.mjs";

/** @type {import("onnxruntime-web").InferenceSession} */
let session;

export const bench = {
  name: "onnxruntime-web, int8",

  /** @param {{ model: string, threads: number }} options */
  async load({ model, threads }) {
    Object.assign(ort.env.wasm, { wasmPaths: "/npm/onnxruntime-web/dist/", numThreads: threads });
    ort.env.logLevel = "error";
    session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    return { engine: String(ort.env.versions.web), threads };
  },

  /** @param {{ steps: number, promptTokens: number }} options */
  async generate({ steps, promptTokens }) {
    const began = performance.now();
    let token = await next(Array.from({ length: promptTokens }, (_, i) => i));
    const first = performance.now();
    for (let i = 0; i < steps; i += 1) token = await next([token]);
    return { steps, ms: performance.now() - first, ttft_ms: first - began, first_at: first };
  },
};

/** @param {number[]} tokens */
async function next(tokens) {
  const input = new ort.Tensor("int64", BigInt64Array.from(tokens, BigInt), [tokens.length]);
  const { logits } = await session.run({ token: input });
  const last = /** @type {any} */ (logits).data.subarray(-256);
  return last.indexOf(Math.max(...last));
}
