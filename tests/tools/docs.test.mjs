// What the Markdown files say of the tree is true: links lead somewhere, paths are there, commands are verbs of
// build.sh, and the steps of CONTRIBUTING.md name what stands in their files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, normalize, relative, sep } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { mayImport } from "./modules.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONTRIBUTING = ".github/CONTRIBUTING.md";

/** Folders whose files are not ours, or are written by a program. */
const FOREIGN = new Set(["node_modules", "target", "pkg", "venv", "data", ".git", ".cargo", ".ci", ".pytest_cache"]);
/** What a build or a script makes; it need not be there. */
const MADE = /^(?:target|tests\/node_modules|www\/pkg|pkg|corpus|tests\/reference\/(?:data|venv)|data\/corpus)(?:\/|$)/;
/** How texts name a file that its reader is to write. */
const YOURS = /(?:^|\/)yours\.\w+$/i;
/** A path as people write it: it has an ending that our files have, or a slash. */
const PATH = /^\.?[\w@-][\w.@-]*(?:\/[\w.@-]+)*\/?$/;
const ENDING = /\.(?:rs|js|mjs|py|sh|toml|html|css|md|cff|yml|svg)$/;

/** @param {string} [folder] @returns {string[]} the files below it, from the root */
function walk(folder = ROOT) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : walk(path);
    return [relative(ROOT, path).split(sep).join("/")];
  });
}

const FILES = walk();
const TEXTS = FILES.filter((file) => file.endsWith(".md"));
/** Files by their names alone, as one names them where it is plain which folder is meant. */
const NAMES = new Set(FILES.map((file) => basename(file)));

/** @param {string} path */
const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** A text apart from what its writers quote: blocks of code, and what a model wrote. @param {string} text */
const prose = (text) => text.replace(/<!-- samples: [^]*?<!-- \/samples -->/g, "").replace(/^( *)(```|~~~~)[^]*?^\1\2$/gm, "");

/** @param {string} text @returns {string[]} what stands in backticks, one line each */
const codes = (text) => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** @param {string} text @returns {string[]} lines of its shell blocks */
const shell = (text) => [...text.matchAll(/^( *)```sh\n([^]*?)^\1```$/gm)].flatMap(([, , block = ""]) => block.split("\n"));

/** The anchors of a text's headings, as GitHub makes them. @param {string} text */
function anchors(text) {
  const headings = prose(text).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-"));
}

/** Whether a path is there, from the root or from the folder of the text that names it. @param {string} path @param {string} text */
const isThere = (path, text) => NAMES.has(path) || [ROOT, join(ROOT, dirname(text))].some((folder) => existsSync(join(folder, path)));

/** Whether a name is meant as a path of this tree. @param {string} name @param {string} text that names it */
function isPath(name, text) {
  if (!PATH.test(name) || MADE.test(name) || YOURS.test(name)) return false;
  return ENDING.test(name) || (name.includes("/") && isThere(name.split("/")[0] ?? "", text));
}

test("the walk finds the texts", () => {
  for (const text of ["README.md", CONTRIBUTING, "www/PACKAGE.md", "tests/bench/README.md"]) assert.ok(TEXTS.includes(text), text);
});

test("every link within the repository leads somewhere", () => {
  const wrong = TEXTS.flatMap((text) => {
    const links = [...prose(read(text)).matchAll(/\]\(([^()\s]+)\)|<img src="([^"]+)"/g)].map(([, link, image]) => link ?? image ?? "");
    return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(text, link)).map((link) => `${text}: ${link}`);
  });
  assert.deepEqual(wrong, []);
});

/** @param {string} text @param {string} link that stands in it */
function leadsSomewhere(text, link) {
  const [file = "", anchor] = link.split("#");
  const path = file === "" ? text : normalize(join(dirname(text), file));
  return existsSync(join(ROOT, path)) && (anchor === undefined || anchors(read(path)).includes(anchor));
}

test("every path that a text names is there", () => {
  const wrong = TEXTS.flatMap((text) => {
    // What package.json exports is named as those who install it do.
    const names = codes(read(text)).map((name) => (text === "www/PACKAGE.md" ? name.replace(/^cpu1\//, "") : name));
    return names.filter((name) => isPath(name, text) && !isThere(name, text)).map((name) => `${text}: ${name}`);
  });
  assert.deepEqual(wrong, []);
});

test("every command that a text names can be run", () => {
  const usage = execFileSync("bash", [join(ROOT, "build.sh"), "help"], { encoding: "utf8" });
  const wrong = TEXTS.flatMap((text) => {
    const lines = [...shell(read(text)), ...codes(read(text))].map((line) => line.replace(/(?:^|\s)#.*$/, ""));
    return lines.flatMap((line) => faults(line, text, usage).map((fault) => `${text}: ${line}: ${fault}`));
  });
  assert.deepEqual(wrong, []);
});

/** What is wrong with a command. @param {string} line @param {string} text @param {string} usage of build.sh */
function faults(line, text, usage) {
  const found = [];
  const [, verb, rest = ""] = /^\.\/build\.sh ([a-z]+)(.*)/.exec(line) ?? [];
  if (verb !== undefined) {
    const entry = `${verb}${/^ [a-z]+\b/.exec(rest)?.[0] ?? ""}`;
    if (!new RegExp(`^ {2}${entry}\\b`, "m").test(usage)) found.push(`build.sh does not list ${entry}`);
    for (const [option] of rest.matchAll(/--[a-z-]+/g)) if (!usage.includes(option)) found.push(`build.sh does not list ${option}`);
  }
  for (const [, name] of line.matchAll(/--test (\w+)/g)) {
    if (line.startsWith("cargo") && ![`tests/${name}.rs`, `tests/${name}/main.rs`].some((path) => existsSync(join(ROOT, path)))) found.push(`there is no test ${name}`);
  }
  for (const word of line.split(/\s+/)) {
    if (/^(?:src|tests|www)\//.test(word) && isPath(word, text) && !isThere(word, text)) found.push(`there is no ${word}`);
  }
  return found;
}

test("each step of CONTRIBUTING.md begins with a file, and names what stands in it", () => {
  const steps = [...read(CONTRIBUTING).matchAll(/^\d+\. ([^]*?)(?=\n\d+\. |\n\n)/gm)].map(([, step = ""]) => step);
  assert.ok(steps.length > 20, `${steps.length} steps`);
  const wrong = steps.flatMap((step) => {
    const names = codes(step).filter((name) => !/^(?:\.\/build\.sh|cargo) /.test(name));
    const files = names.filter((name) => isPath(name, CONTRIBUTING));
    if (!step.startsWith(`\`${files[0]}\``)) return [`begins with no file: ${step}`];
    const contents = files.filter((file) => ENDING.test(file) && isThere(file, CONTRIBUTING)).map(read);
    const words = names.filter((name) => !files.includes(name));
    return words.filter((word) => !contents.some((content) => content.includes(word))).map((word) => `${files.join(", ")}: no ${word}`);
  });
  assert.deepEqual(wrong, []);
});

test("the table of the worlds of www/ is the one that the linter holds", () => {
  /** @param {string} cell @returns {string[]} */
  const places = (cell) => [...cell.matchAll(/`www\/([^`]+)`/g)].map(([, place = ""]) => place);
  const rows = [...read(CONTRIBUTING).matchAll(/^\| (`www\/[^|]*)\|[^|]*\|([^|]*)\|$/gm)].map(([, place = "", imports = ""]) => ({
    from: places(place)[0] ?? "",
    told: places(imports),
  }));
  assert.ok(rows.length > 10, `${rows.length} rows`);
  const all = [...rows.map(({ from }) => from), "pkg/"];
  const module = (/** @type {string} */ place) => (place.endsWith("/") ? `${place}any.js` : place);
  for (const { from, told } of rows) {
    const held = all.filter((to) => to !== from && mayImport(module(from), module(to)));
    assert.deepEqual([...told].sort(), held.sort(), from);
  }
});

test("the order of the modules of src/ is the one that a test holds", () => {
  const [, held = ""] = /^const ORDER[^=]*= \[([^\]]*)\]/m.exec(read("tests/imports.rs")) ?? [];
  const [, told = ""] = /which `tests\/imports\.rs` holds:\n\n([^]*?)\n\n/.exec(read(CONTRIBUTING)) ?? [];
  const order = [...held.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  assert.ok(order.length > 10);
  assert.deepEqual(codes(told), order);
});

test("the README is short", () => {
  assert.ok(read("README.md").trimEnd().split("\n").length <= 140);
});

test("what the package's page links to is in the package", () => {
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(read("www/package.json"));
  const links = [...prose(read("www/PACKAGE.md")).matchAll(/\]\(([^()\s#]+)\)/g)].map(([, link = ""]) => link);
  assert.deepEqual(links.filter((link) => !files.includes(link.split("/")[0] ?? "")), []);
});
