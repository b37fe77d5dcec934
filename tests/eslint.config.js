import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["www/pkg/", "www/examples/vite/dist/", "**/node_modules/"] },
  js.configs.recommended,
  {
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-implicit-globals": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Text from files, the network and users goes into textContent." },
        { property: "outerHTML", message: "Text from files, the network and users goes into textContent." },
      ],
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  { files: ["www/**"], languageOptions: { globals: globals.browser } },
  { files: ["www/worker/**", "www/bench/worker.js"], languageOptions: { globals: globals.worker } },
  { files: ["www/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["tests/**"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
