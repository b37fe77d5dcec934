// The README's table of engines, from what journeys.test.mjs found out.
//
//   node tests/e2e/engines/table.mjs [--write]
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table, writeTable } from "../../tools/readme.mjs";

/** @import { Results } from "./journeys.test.mjs" */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RESULTS = join(ROOT, "target/engines");

/** @param {Results} results @returns {Record<string, string>} */
function column({ title, isPrivate, version, features, passed, failed, programs }) {
  const [headers, worker] = [features["isolated"], features["isolated by its service worker"]];
  const isolation = [...(headers?.isolated ? ["its server"] : []), ...(worker?.isolated ? ["its service worker"] : [])];
  const journeys = Object.values(passed).flat().length;
  return {
    "": `${title} ${version.split(".").slice(0, 2).join(".")}${isPrivate ? ", private window" : ""}`,
    "relaxed SIMD": headers?.relaxed ? "yes" : "no: plain SIMD",
    "isolated by": isolation.join(", ") || "nothing",
    "threads, isolated": headers?.threads ? "yes" : "no: one",
    "models are kept in": headers?.files ? "the private file system" : headers?.cache ? "the Cache API" : "nothing",
    "visits offline": passed["offline"] ? "yes" : "no",
    "writes 20 texts as native code": programs || "–",
    "journeys that passed": `${journeys} of ${journeys + failed.length}`,
  };
}

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
/** @type {Results[]} */
const found = readdirSync(RESULTS)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")));
const columns = found.sort((a, b) => a.title.localeCompare(b.title) || Number(a.isPrivate) - Number(b.isPrivate)).map(column);
const [head = [], ...rows] = Object.keys(columns[0] ?? {}).map((name) => [name, ...columns.map((cells) => cells[name] ?? "")]);
writeTable("engines", table(head, rows), values.write);
