// What befell a page in its tests, and what came of it: a table for the README. Tests record it, and `./build.sh test`
// prints it.
//
//   node tests/e2e/support/faults.mjs [--write]
import { appendFileSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { table, writeTable } from "../../tools/readme.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** A file for each process, as tests run side by side. */
const FOLDER = join(ROOT, "target/faults");

/**
 * @param {string} fault what was done
 * @param {string} outcome as half a sentence, or in the page's own words
 */
export function happened(fault, outcome) {
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `${process.pid}.jsonl`), `${JSON.stringify([fault, outcome])}\n`);
}

function main() {
  const lines = readdirSync(FOLDER).flatMap((name) => readFileSync(join(FOLDER, name), "utf8").split("\n").filter(Boolean));
  const faults = new Map(lines.map((line) => /** @type {[string, string]} */ (JSON.parse(line))));
  const rows = [...faults].sort(([a], [b]) => a.localeCompare(b, "en"));
  // A bar would end a cell; the page's own words are no markup.
  const cells = rows.map((row) => row.map((cell) => cell.replace(/[|<\\]/g, "\\$&")));
  writeTable("faults", table(["fault", "what happened"], cells), process.argv.includes("--write"));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
