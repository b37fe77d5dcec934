// Makes the npm package: `./build.sh package`. The types come from the JSDoc of www/, by tsc.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WWW = join(ROOT, "www");

/**
 * Makes the folder `package` of what www/package.json names, and of that the archive as npm takes it.
 *
 * @param {string} [folder] where both come to lie
 * @returns {{ archive: string, files: string[] }} the archive's path, and what is in it
 */
export function makePackage(folder = join(ROOT, "target")) {
  const made = join(folder, "package");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const { files } = JSON.parse(readFileSync(join(WWW, "package.json"), "utf8"));
  for (const name of ["package.json", ...files]) {
    if (/^\w/.test(name)) cpSync(join(WWW, name), join(made, name), { recursive: true });
  }
  cpSync(join(WWW, "PACKAGE.md"), join(made, "README.md"));
  cpSync(join(ROOT, "LICENSE"), join(made, "LICENSE"));
  // wasm-bindgen's classes have `Symbol.dispose`, which not everybody's settings know.
  const program = join(made, "pkg", "cpu1.d.ts");
  writeFileSync(program, `/// <reference lib="esnext.disposable" />\n${readFileSync(program, "utf8")}`);
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  execFileSync(process.execPath, [tsc, "-p", join(ROOT, "tests/tsconfig.types.json"), "--outDir", made], { stdio: "inherit" });
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: made, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [{ filename, files: listed }] = JSON.parse(packed);
  return { archive: join(folder, filename), files: listed.map((/** @type {{ path: string }} */ { path }) => path).sort() };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { archive, files } = makePackage();
  console.log(`${archive}: ${files.length} files`);
}
