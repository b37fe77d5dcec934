// The modules of www/, and who imports whom. As a program, a part of `./build.sh build`, it writes which modules
// index.html has the browser fetch at once: those that page/app.js imports, and that these import.
//
//   node tests/tools/modules.mjs
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/**
 * Who may import whom: what lies in a place imports from its own place and from those on the right. A place is a
 * folder, or a file that is an exception in its folder.
 *
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  "api": [],
  "worker": ["api", "pkg"],
  "ui": ["api"],
  "cpu1.js": ["api"],
  "cpu1-demo.js": ["api", "ui", "cpu1.js"],
  "page/models": ["api", "ui", "cpu1.js"],
  "page": ["api", "ui", "cpu1.js", "page/models"],
  "page/views": ["api", "ui", "cpu1.js", "page/models", "page"],
  "page/app.js": ["api", "ui", "cpu1.js", "page/models", "page", "page/views"],
  "bench": ["api", "ui", "cpu1.js"],
  "bench/worker.js": ["api", "worker"],
  "sw.js": [],
};

/** @param {string} path in www/ */
const placeOf = (path) => (path in MAY_IMPORT ? path : posix.dirname(path));

/**
 * Whether one module of www/ may import another.
 *
 * @param {string} from its path in www/
 * @param {string} to
 */
export function mayImport(from, to) {
  const [here, there] = [placeOf(from), placeOf(to)];
  return here === there || MAY_IMPORT[here]?.includes(there) === true;
}

/**
 * What modules import, by their paths in www/: `first` what has to be there before they run, `later` what they fetch
 * when they need it, `types` what only the type checker looks at, `files` what they name as an address beside them.
 *
 * @typedef {{ first: string[], later: string[], types: string[], files: string[] }} Imports
 */

/** @param {string} path @returns {Imports} */
export function importsOf(path) {
  const text = readFileSync(join(WWW, path), "utf8");
  const code = text.replace(/\/\*\*.*?\*\//gs, "");
  /** @type {(from: string, pattern: RegExp) => string[]} */
  const all = (from, pattern) => [...from.matchAll(pattern)].map(([, to = ""]) => posix.join(dirname(path), to));
  return {
    first: all(code, /^(?:import|export|\}) (?:[^;"']*from )?["'](\.[^"']+)["']/gm),
    later: all(code, /\bimport\("(\.[^"]+)"\)/g),
    types: [/\bimport\("(\.[^"]+)"\)/g, /@import [^"]* from "(\.[^"]+)"/g].flatMap((pattern) =>
      [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(([comment]) => all(comment, pattern)),
    ),
    files: all(code, /new URL\(["']([^"']+)["'], import\.meta\.url\)/g),
  };
}

/** All modules that were written by hand. */
export function modules() {
  const paths = readdirSync(WWW, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));
  return paths.filter((path) => path.endsWith(".js") && !/^(?:pkg|examples)\//.test(path)).sort();
}

/**
 * A module, and all that is reached from it, in their order.
 *
 * @param {string} path
 * @param {(imports: Imports) => string[]} follow
 * @param {Set<string>} [found]
 */
export function reach(path, follow, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  if (path.endsWith(".js")) for (const next of follow(importsOf(path))) reach(next, follow, found);
  return found;
}

/** The lines of index.html by which the browser fetches modules at once. */
export const PRELOADS = /(?: *<link rel="modulepreload".*\n)+/;

/** What these lines have to be. */
export function preloads() {
  const [, ...needed] = reach("page/app.js", ({ first }) => first);
  return needed.sort().map((path) => `  <link rel="modulepreload" href="${path}">\n`).join("");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const page = join(WWW, "index.html");
  const text = readFileSync(page, "utf8");
  const mended = text.replace(PRELOADS, preloads());
  if (mended !== text) writeFileSync(page, mended);
}
