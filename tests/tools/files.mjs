// Writes www/pkg/files.json: the page's files and their SHA-256, by which its service worker knows one version of the
// page from another. A part of `./build.sh build`.
//
//   node tests/tools/files.mjs
import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/** Where the list lies in the folder. */
export const LIST = "pkg/files.json";

/** What the page needs by its path: not its service worker, which browsers keep, nor what is for people and compilers. */
const NEEDED = /^(?!examples\/|(?:sw\.js|package\.json|pkg\/files\.json)$).+\.(?:html|css|js|json|svg|webmanifest|wasm|pt)$/;

/**
 * The list, as the text of its file.
 *
 * @param {string} [folder] in the place of www/
 */
export async function listFiles(folder = WWW) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  /** @type {Record<string, string>} */
  const hashes = {};
  for (const path of paths.filter((name) => NEEDED.test(name)).sort()) {
    hashes[path] = createHash("sha256").update(await readFile(join(folder, path))).digest("hex");
  }
  return `${JSON.stringify(hashes, null, 1)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await writeFile(join(WWW, LIST), await listFiles());
