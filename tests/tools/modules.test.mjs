// Who imports whom in www/.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PRELOADS, importsOf, mayImport, modules, preloads } from "./modules.mjs";

/** Every import of www/, of types as well. @type {Map<string, string[]>} */
const graph = new Map(
  modules().map((path) => {
    const { first, later, types } = importsOf(path);
    return [path, [...first, ...later, ...types]];
  }),
);

test("modules of www/ import from where they may, types as well", () => {
  const edges = [...graph].flatMap(([from, all]) => all.map((to) => ({ from, to })));
  assert.ok(edges.length > graph.size);
  assert.deepEqual(edges.filter(({ from, to }) => !mayImport(from, to)), []);
  assert.ok(mayImport("page/app.js", "page/views/write.js"));
  assert.ok(!mayImport("page/session.js", "page/views/write.js"));
});

test("no import of www/ goes round in a circle", () => {
  assert.deepEqual(circle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
  assert.equal(circle(graph), undefined);
});

test("index.html has the browser fetch at once what its program imports; ./build.sh build writes the list", () => {
  const [written] = PRELOADS.exec(readFileSync(new URL("../../www/index.html", import.meta.url), "utf8")) ?? [];
  assert.equal(written, preloads());
});

/**
 * The first way that leads back to where it was.
 *
 * @param {Map<string, string[]>} imports
 * @returns {string[] | undefined}
 */
function circle(imports) {
  const done = new Set();
  /** @type {(path: string, way: string[]) => string[] | undefined} */
  const walk = (path, way) => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of imports.get(path) ?? []) {
      const found = walk(next, [...way, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of imports.keys()) {
    const found = walk(path, []);
    if (found) return found;
  }
  return undefined;
}
