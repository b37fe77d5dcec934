// What the page tests found that the README tells: faults provoked and what came of them, and what each browser's
// engine has. Tests record it; this writes it between the README's markers. A part of `./build.sh test`.
//
//   node tests/e2e/results.mjs [--write]
import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A file for each process, as tests run side by side. */
const FOLDER = join(ROOT, "target/results");

/**
 * `outcome` is a half sentence, or the page's own words.
 *
 * @typedef {{ kind: "fault", fault: string, outcome: string }} Fault
 * @typedef {{ kind: "engine", engine: string, feature: string, value: string }} Engine
 */

/** @param {Fault | Engine} result */
export function record(result) {
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `${process.pid}.jsonl`), `${JSON.stringify(result)}\n`);
}

/** @returns {(Fault | Engine)[]} */
function recorded() {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));
  const lines = files.flatMap((name) => readFileSync(join(FOLDER, name), "utf8").split("\n").filter(Boolean));
  return lines.map((line) => JSON.parse(line));
}

/** @param {string[][]} rows the first is the head */
function table([head = [], ...rows]) {
  // A cell ends at a bar, and is no place for markup.
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell) => cell.replace(/[|<\\]/g, "\\$&")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** @param {Fault[]} results */
function faults(results) {
  const rows = new Map(results.map(({ fault, outcome }) => [fault, outcome]));
  return table([["fault", "what happened"], ...[...rows].sort(([a], [b]) => a.localeCompare(b, "en"))]);
}

/** @param {Engine[]} results features as rows, engines as columns, both in their order */
function engines(results) {
  const names = [...new Set(results.map(({ engine }) => engine))].sort((a, b) => a.localeCompare(b, "en"));
  const features = [...new Set(results.map(({ feature }) => feature))];
  const last = new Map(results.map(({ engine, feature, value }) => [JSON.stringify([engine, feature]), value]));
  const row = (/** @type {string} */ feature) => [feature, ...names.map((name) => last.get(JSON.stringify([name, feature])) ?? "")];
  return table([["", ...names], ...features.map(row)]);
}

function main() {
  const results = recorded();
  /** @type {Record<string, string | undefined>} */
  const texts = {};
  const met = results.filter((result) => result.kind === "fault");
  const found = results.filter((result) => result.kind === "engine");
  if (met.length > 0) texts["faults"] = faults(met);
  if (found.length > 0) texts["engines"] = engines(found);
  console.log(Object.values(texts).join("\n\n"));
  if (!process.argv.includes("--write")) return;
  const readme = join(ROOT, "README.md");
  let text = readFileSync(readme, "utf8");
  for (const [name, rows] of Object.entries(texts)) {
    const marks = new RegExp(`(<!-- ${name}: .* -->\n)[^]*?(<!-- /${name} -->)`);
    if (!marks.test(text)) throw new Error(`README.md has no place for the table: <!-- ${name}: … --> and <!-- /${name} -->.`);
    text = text.replace(marks, (_, begin, end) => `${begin}${rows}\n${end}`);
  }
  writeFileSync(readme, text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
