import js from "@eslint/js";
import globals from "globals";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { mayImport } from "./tools/modules.mjs";

const WWW = fileURLToPath(new URL("../www/", import.meta.url));

/** What of www/ runs where there is no document. */
const WORKERS = ["www/worker/**", "www/bench/worker.js", "www/sw.js"];

/** Modules of www/ import from where tools/modules.mjs says that they may. @type {import("eslint").Rule.RuleModule} */
const worlds = {
  create(context) {
    const pathOf = (/** @type {string} */ file) => relative(WWW, file).split(sep).join("/");
    const check = (/** @type {{ source?: any }} */ { source }) => {
      if (!/^\.{1,2}\//.test(source?.value)) return;
      const [from, to] = [pathOf(context.filename), pathOf(join(dirname(context.filename), source.value))];
      const message = `${from} may not import ${to}: tests/tools/modules.mjs says who may import whom.`;
      if (!mayImport(from, to)) context.report({ node: source, message });
    };
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

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
  {
    files: ["www/*.js", "www/{api,bench,page,ui,worker}/**"],
    plugins: { cpu1: { rules: { worlds } } },
    rules: { "cpu1/worlds": "error" },
  },
  { files: ["www/**"], ignores: WORKERS, languageOptions: { globals: globals.browser } },
  { files: WORKERS, languageOptions: { globals: globals.worker } },
  { files: ["www/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["tests/**"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
