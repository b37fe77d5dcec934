// Writes a copy of www/ for a host: what visitors need, and of its JavaScript what browsers need, for half
// of that is comments. A part of `./build.sh site`.
//
//   node tests/tools/publish.mjs FOLDER
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LIST, listFiles } from "./files.mjs";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));
const TSC = fileURLToPath(new URL("../node_modules/.bin/tsc", import.meta.url));

/** What is for those who build with it. */
const LEFT_OUT = /^(?:package\.json|PACKAGE\.md|examples\/vite)(?:$|\/)|\.d\.ts$/;

/**
 * @param {string} folder that is replaced
 */
export async function publish(folder) {
  rmSync(folder, { recursive: true, force: true });
  const pathOf = (/** @type {string} */ file) => relative(WWW, file).split(sep).join("/");
  cpSync(WWW, folder, { recursive: true, filter: (file) => !LEFT_OUT.test(pathOf(file)) });
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const options = ["--allowJs", "--noCheck", "--removeComments", "--target", "es2023", "--module", "esnext", "--moduleResolution", "bundler"];
  const places = ["--verbatimModuleSyntax", "--noResolve", "--ignoreConfig", "--rootDir", WWW, "--outDir", folder];
  execFileSync(TSC, [...options, ...places, ...scripts.map((name) => join(WWW, name))], { stdio: "inherit" });
  writeFileSync(join(folder, LIST), await listFiles(folder));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error("Say which folder to write: node tests/tools/publish.mjs FOLDER");
  await publish(folder);
}
