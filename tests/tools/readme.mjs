// Tables of measurements in the documents. Each has a place, between two comments with its name.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The documents that may have the place of a table. */
const DOCUMENTS = ["README.md", "tests/bench/README.md", "www/README.md", "www/models/README.md"].map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/**
 * Prints a table, and puts it where its place is.
 *
 * @param {string} name
 * @param {string} text
 * @param {boolean} write whether it goes into the document, too
 */
export function writeTable(name, text, write) {
  console.log(`\n${text}\n`);
  if (!write) return;
  const place = new RegExp(`(<!-- ${name}: [^\n]*-->\n)[^]*?(<!-- /${name} -->)`);
  const found = DOCUMENTS.find((path) => existsSync(path) && place.test(readFileSync(path, "utf8")));
  if (found === undefined) throw new Error(`No document has a place for the table: <!-- ${name}: … --> and <!-- /${name} -->.`);
  writeFileSync(found, readFileSync(found, "utf8").replace(place, (_, begin, end) => `${begin}${text}\n${end}`));
}

/** A table in Markdown. @param {string[]} head @param {string[][]} rows */
export function table(head, rows) {
  const [first, ...lines] = [head, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [first, `|${"---|".repeat(head.length)}`, ...lines].join("\n");
}

/** @param {number[]} [numbers] */
export function median(numbers = []) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** The median and the extremes. @param {number[]} [numbers] @param {number} [digits] */
export function spread(numbers = [], digits = 0) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map((n) => n.toFixed(digits));
  return `${median(numbers).toFixed(digits)} (${least}–${most})`;
}
