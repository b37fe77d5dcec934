// What others wrote: under licences that deny.toml names, from the two registries, at versions that a lock file fixes,
// and named in CONTRIBUTING.md, each with what it is for. `./build.sh audit` asks for known faults of them, too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** @param {string} path */
const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** Where npm packages are declared. */
const NPM = ["tests", "tests/bench", "www/examples/vite"];
/** Cargo's workspaces. */
const CARGO = [".", "tests/fuzz", "tests/tools/bindgen"];

/**
 * Whether a crate's licence, an SPDX expression or several with slashes between them, can be had under these.
 *
 * @param {string} licence
 * @param {string[]} allowed
 * @returns {boolean}
 */
function fits(licence, allowed) {
  const tokens = licence.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  /** @returns {boolean} */
  const one = () => {
    const token = tokens[at];
    at += 1;
    if (token !== "(") {
      // An exception makes another licence of it.
      const exception = tokens[at] === "WITH" ? ` WITH ${tokens[at + 1]}` : "";
      if (exception) at += 2;
      return allowed.includes(`${token}${exception}`);
    }
    const inner = any();
    at += 1;
    return inner;
  };
  /** @returns {boolean} */
  const every = () => {
    let all = one();
    for (; tokens[at] === "AND"; all = one() && all) at += 1;
    return all;
  };
  /** @returns {boolean} */
  const any = () => {
    let some = every();
    for (; tokens[at] === "OR"; some = every() || some) at += 1;
    return some;
  };
  const whole = any();
  return whole && at === tokens.length;
}

test("licences are read as SPDX means them", () => {
  const allowed = ["MIT", "Zlib"];
  for (const good of ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "MIT AND Zlib", "(MIT OR GPL-3.0) AND Zlib", "MIT WITH X OR Zlib"]) assert.ok(fits(good, allowed), good);
  for (const bad of ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "MIT Zlib", "MITX", "(GPL-3.0 OR X) AND MIT", "MIT WITH X", "MIT WITH"]) assert.ok(!fits(bad, allowed), bad);
});

test("every crate has a licence that is allowed by name, and comes from crates.io", () => {
  const names = /\nallow = \[([^\]]*)\]/.exec(read("deny.toml"))?.[1] ?? "";
  const allowed = [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
  assert.ok(allowed.length > 0);
  for (const folder of [".", "tests/tools/bindgen"]) {
    const options = ["metadata", "--locked", "--offline", "--format-version", "1"];
    /** @type {{ packages: { name: string, license: string, source: string | null }[] }} */
    const { packages } = JSON.parse(execFileSync("cargo", options, { cwd: join(ROOT, folder), encoding: "utf8", maxBuffer: 2 ** 26 }));
    assert.ok(packages.length > 40);
    for (const { name, license, source } of packages) {
      assert.ok(fits(license, allowed), `${name}: ${license}`);
      assert.equal(source, ["cpu1", "bindgen"].includes(name) ? null : "registry+https://github.com/rust-lang/crates.io-index", name);
    }
  }
});

test("lock files fix every package's content", () => {
  for (const folder of CARGO) {
    for (const entry of read(join(folder, "Cargo.lock")).split("[[package]]").slice(1)) {
      if (/^\nname = "(cpu1|cpu1-fuzz|bindgen)"/.test(entry)) continue;
      assert.match(entry, /\nsource = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"\nchecksum = "[0-9a-f]{64}"\n/);
    }
  }
  for (const folder of NPM) {
    /** @type {{ packages: Record<string, { resolved?: string, integrity?: string }> }} */
    const { packages } = JSON.parse(read(join(folder, "package-lock.json")));
    for (const [path, { resolved = "", integrity = "" }] of Object.entries(packages)) {
      // Ours are the folder itself, and the package that the example shows.
      if (path === "" || resolved === "file:../../../target/package") continue;
      // Where it is not said, it is the registry.
      assert.match(resolved, /^(?:https:\/\/registry\.npmjs\.org\/|$)/, `${folder}: ${path}`);
      assert.match(integrity, /^sha512-/, `${folder}: ${path}`);
    }
  }
});

test("CONTRIBUTING.md names every direct dependency", () => {
  const section = /\nDependencies, all of them:[^]*?\n\n(?!\|)/.exec(read(".github/CONTRIBUTING.md"))?.[0] ?? "";
  const named = new Set([...section.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const crates = CARGO.flatMap((folder) => {
    const parts = read(join(folder, "Cargo.toml")).split(/^\[/m).filter((part) => /^[^\n]*dependencies\]/.test(part));
    return parts.flatMap((part) => [...part.matchAll(/^([a-z][\w-]*) =/gm)].map(([, name]) => name));
  });
  const packages = NPM.flatMap((folder) => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(join(folder, "package.json")));
    return Object.keys({ ...dependencies, ...devDependencies });
  });
  const direct = new Set([...crates, ...packages].filter((name) => name !== "cpu1"));
  assert.ok(direct.size > 20);
  assert.deepEqual([...direct].filter((name) => !named.has(name)), [], "not in CONTRIBUTING.md");
  assert.deepEqual([...named].filter((name) => !direct.has(name)), [], "in CONTRIBUTING.md, and no dependency");
});
