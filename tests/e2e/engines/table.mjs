// The README's table of engines, from what journeys.test.mjs found out.
//
//   node tests/e2e/engines/table.mjs [--write]
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** @import { Features, Results } from "./journeys.test.mjs" */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RESULTS = join(ROOT, "target/engines");

/** What was found on a page that its server isolates. @type {[feature: string, say: (features: Features) => string][]} */
const FEATURES = [
  ["threads", ({ threads }) => (threads ? "yes" : "no: one thread")],
  ["relaxed SIMD", ({ relaxed }) => (relaxed ? "yes" : "no: plain SIMD")],
  ["models are kept in", ({ files, cache }) => (files ? "private file system" : cache ? "Cache API" : "nothing: fetched again")],
];

/** @param {Results} results */
function column(results) {
  const { title, version, features, passed, failed, bytes } = results;
  const there = features["isolated"];
  const worker = features["isolated by its service worker"];
  const isolates = worker === undefined ? "no" : worker.threads ? "offline, isolation, threads" : "offline, isolation";
  const same = Object.entries(bytes).map(([way, programs]) => `${way}: ${programs.length} programs`);
  const journeys = Object.values(passed).flat().length;
  return [
    `${title} ${version.split(".").slice(0, 2).join(".")}`,
    ...FEATURES.map(([, say]) => (there ? say(there) : "–")),
    isolates,
    same.length > 0 ? same.join("; ") : "–",
    `${journeys} of ${journeys + failed.length}`,
  ];
}

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
/** @type {Results[]} */
const found = readdirSync(RESULTS)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")));
const columns = [["", ...FEATURES.map(([name]) => name), "its service worker gives", "20 texts as native code, each", "journeys"], ...found.map(column)];
const rows = (columns[0] ?? []).map((_, row) => `| ${columns.map((cells) => cells[row]).join(" | ")} |`);
const table = [rows[0], `|${"---|".repeat(columns.length)}`, ...rows.slice(1)].join("\n");
console.log(`\n${table}\n`);

if (values.write) {
  const readme = join(ROOT, "README.md");
  const text = readFileSync(readme, "utf8");
  const marks = /(<!-- engines: [^\n]*-->\n)[^]*?(<!-- \/engines -->)/;
  if (!marks.test(text)) throw new Error("README.md has no place for the table: <!-- engines: … --> and <!-- /engines -->.");
  writeFileSync(readme, text.replace(marks, (_, begin, end) => `${begin}${table}\n${end}`));
}
