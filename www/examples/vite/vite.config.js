/** With these a page is cross-origin isolated, and the model has threads; without them it has one. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default {
  base: "./", // works from any folder of any host
  optimizeDeps: { exclude: ["cpu1"] }, // it finds its worker, wasm and model beside itself
  worker: { format: "es" }, // the worker starts workers of its own
  server: { headers },
  preview: { headers },
};
