// What the Markdown files say of the tree is true: links lead somewhere, paths are there, commands are verbs of
// build.sh, and the steps of CONTRIBUTING.md name what stands in their files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONTRIBUTING = ".github/CONTRIBUTING.md";

/** Folders whose texts are not ours, or are written by a program. */
const FOREIGN = new Set(["node_modules", "target", "pkg", "venv", "data", ".git", ".cargo", ".ci", ".pytest_cache"]);
/** What a build or a script makes; it need not be there. */
const MADE = /^(?:target|www\/pkg|pkg|corpus|tests\/reference\/(?:data|venv)|data\/corpus)(?:\/|$)/;
/** A path as people write it: it has an ending that our files have, or a slash. */
const PATH = /^\.?[\w@-][\w.@-]*(?:\/[\w.@-]+)*\/?$/;
const ENDING = /\.(?:rs|js|mjs|py|sh|toml|html|css|md|cff|yml|svg)$/;

/** @param {string} [folder] @returns {string[]} the Markdown files below it, from the root */
function texts(folder = ROOT) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : texts(path);
    return entry.name.endsWith(".md") ? [relative(ROOT, path).replaceAll("\\", "/")] : [];
  });
}

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
const isThere = (path, text) => [ROOT, join(ROOT, dirname(text))].some((folder) => existsSync(join(folder, path)));

/** Whether a name is meant as a path of this tree. @param {string} name @param {string} text that names it */
function isPath(name, text) {
  if (!PATH.test(name) || MADE.test(name)) return false;
  return ENDING.test(name) || (name.includes("/") && isThere(name.split("/")[0] ?? "", text));
}

const TEXTS = texts();
assert.ok(TEXTS.includes("README.md") && TEXTS.includes(CONTRIBUTING), "the walk finds the texts");

test("every link within the repository leads somewhere", () => {
  for (const text of TEXTS) {
    const links = [...prose(read(text)).matchAll(/\]\(([^()\s]+)\)|<img src="([^"]+)"/g)].map(([, link, image]) => link ?? image ?? "");
    for (const link of links) {
      if (/^[a-z]+:/.test(link)) continue;
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? text : normalize(join(dirname(text), file));
      assert.ok(existsSync(join(ROOT, path)), `${text}: there is no ${link}`);
      if (anchor !== undefined) assert.ok(anchors(read(path)).includes(anchor), `${text}: ${path} has no heading #${anchor}`);
    }
  }
});

test("every path that a text names is there", () => {
  for (const text of TEXTS) {
    for (const name of codes(read(text))) {
      // What package.json exports is named as those who install it do.
      if (text === "www/PACKAGE.md" && name.startsWith("cpu1/")) assert.ok(isThere(name.slice("cpu1/".length), text), `${text}: ${name}`);
      else if (isPath(name, text)) assert.ok(isThere(name, text), `${text}: there is no ${name}`);
    }
  }
});

test("every command that a text names can be run", () => {
  const usage = execFileSync("bash", [join(ROOT, "build.sh"), "help"], { encoding: "utf8" });
  for (const text of TEXTS) {
    const lines = [...shell(read(text)), ...codes(read(text))].map((line) => line.replace(/(?:^|\s)#.*$/, ""));
    for (const line of lines) {
      const [, verb, rest = ""] = /^\.\/build\.sh ([a-z]+)(.*)/.exec(line) ?? [];
      if (verb !== undefined) {
        const [, second] = /^ ([a-z]+)\b/.exec(rest) ?? [];
        const entry = second === undefined ? verb : `${verb} ${second}`;
        assert.match(usage, new RegExp(`^ {2}${entry}\\b`, "m"), `${text}: ${line}: build.sh does not list ${entry}`);
        for (const [option] of rest.matchAll(/--[a-z-]+/g)) assert.ok(usage.includes(option), `${text}: ${line}: build.sh does not list ${option}`);
      }
      for (const [, name] of line.matchAll(/cargo .*--test (\w+)/g)) {
        assert.ok([`tests/${name}.rs`, `tests/${name}/main.rs`].some((path) => existsSync(join(ROOT, path))), `${text}: ${line}`);
      }
      // Of a command's arguments those that begin with a folder of the root, or of the text's own.
      for (const word of line.split(/\s+/)) {
        const isArgument = /^(?:src|tests|www)\//.test(word) && isPath(word, text);
        if (isArgument) assert.ok(isThere(word, text), `${text}: ${line}: there is no ${word}`);
      }
    }
  }
});

test("each step of CONTRIBUTING.md names a file and what stands in it", () => {
  const steps = read(CONTRIBUTING).matchAll(/^\d+\. ([^]*?)(?=\n\d+\. |\n\n)/gm);
  let count = 0;
  for (const [, step = ""] of steps) {
    const names = codes(step);
    const files = names.filter((name) => isPath(name, CONTRIBUTING));
    const words = names.filter((name) => !isPath(name, CONTRIBUTING));
    assert.ok(files[0] !== undefined && step.startsWith(`\`${files[0]}\``), `a step begins with its file: ${step}`);
    const contents = files.filter((file) => !file.endsWith("/")).map(read);
    for (const word of words) {
      if (/^(?:\.\/build\.sh|cargo|node|python) /.test(word)) continue;
      assert.ok(contents.some((content) => content.includes(word)), `${files.join(", ")}: there is no ${word}; the step says: ${step}`);
    }
    count += 1;
  }
  assert.ok(count > 20, `${count} steps`);
});

test("the README is short, and what the package shows leads into the package", () => {
  assert.ok(read("README.md").split("\n").length <= 141, "README.md has at most 140 lines");
  /** @type {{ files: string[] }} */
  const { files } = JSON.parse(read("www/package.json"));
  const links = [...prose(read("www/PACKAGE.md")).matchAll(/\]\(([^()\s#]+)\)/g)].map(([, link = ""]) => link);
  for (const link of links) assert.ok(files.includes(link.split("/")[0] ?? ""), `www/PACKAGE.md: ${link} is not in the package`);
});
