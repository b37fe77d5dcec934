// The npm package as others install it: what is in it, its types, with Vite and without a bundler;
// and the examples, which show the same.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { assertAccessible } from "./support/axe.mjs";
import { openPage } from "./support/browser.mjs";
import { SEEDED, isSeeded } from "./support/digests.mjs";
import { reach } from "../tools/modules.mjs";
import { makePackage } from "../tools/package.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));
const TSC = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
const run = promisify(execFile);

/** A clone of which only this is there: target/package, and www/examples/vite. */
const clone = mkdtempSync(join(tmpdir(), "cpu1-package-"));
after(() => rmSync(clone, { recursive: true }));
const { archive, files } = makePackage(join(clone, "target"));

/**
 * A folder that has the archive in its node_modules.
 *
 * @param {string} name
 */
async function install(name) {
  const folder = mkdtempSync(join(clone, `${name}-`));
  writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", archive], { cwd: folder });
  return folder;
}

test("exactly what runs is in the package, with types for all of it that is public", () => {
  /** @type {{ exports: Record<string, string | { types: string, default: string }> }} */
  const { exports } = JSON.parse(readFileSync(join(WWW, "package.json"), "utf8"));
  const entries = Object.values(exports).map((entry) => (typeof entry === "string" ? entry : entry.default).slice(2));
  const runs = new Set(entries.filter((name) => name.endsWith(".js")).flatMap((name) => [...reach(name, ({ first, later, files: named }) => [...first, ...later, ...named])]));
  const others = ["LICENSE", "README.md", "models/README.md", "package.json"];
  assert.deepEqual(files.filter((name) => !name.endsWith(".d.ts")), [...runs, ...others].sort());
  for (const entry of Object.values(exports)) {
    if (typeof entry !== "string") assert.ok(files.includes(entry.types.slice(2)), `${entry.types} is not in the package`);
  }
});

for (const settings of [["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]]) {
  test(`a TypeScript user has types: ${settings.join(" ")}`, async () => {
    const folder = await install("types");
    const use = `
      import { CPU1, type Chunk, type CPU1Model, type LoadProgress } from "cpu1";
      import { CPU1Demo } from "cpu1/cpu1-demo.js";
      import { CPU1Error, type ErrorCode } from "cpu1/errors.js";

      export async function write(place: HTMLElement, signal: AbortSignal): Promise<number> {
        const model: CPU1Model = await CPU1.load("embedded", { signal, onProgress: ({ phase, loaded }: LoadProgress) => console.log(phase, loaded) });
        let last: Chunk | undefined;
        for await (const chunk of model.generate("x", { maxBytes: 9, seed: 7n })) {
          place.append(chunk.text);
          last = chunk;
        }
        const { bitsPerByte } = await model.score("some text");
        model.dispose();
        return bitsPerByte + (last?.stats.bytesPerSecond ?? 0) + model.info.parameters;
      }
      export const codeOf = (error: unknown): ErrorCode | undefined => (error instanceof CPU1Error ? error.code : undefined);
      export const stop = (demo: CPU1Demo): void => demo.stop();
      // @ts-expect-error there is no such setting
      export const wrong = write.length && CPU1.load("embedded", { thread: 1 });
      // @ts-expect-error a text is no number
      export const worse = async () => (await CPU1.load("embedded")).generate("x", { maxBytes: "9" });
    `;
    writeFileSync(join(folder, "use.ts"), use);
    const options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2023", "--lib", "es2023,dom,dom.asynciterable", "--types", ""];
    await run(process.execPath, [TSC, ...options, ...settings, "use.ts"], { cwd: folder }).catch((error) => assert.fail(error.stdout));
  });
}

/** @param {string | null} text */
function assertSeeded(text) {
  assert.ok(isSeeded(text), `not what native code writes: ${text}`);
}

/** @param {Page} page */
async function assertWrites(page) {
  const bytes = SEEDED.prompt.length + SEEDED.options.maxBytes;
  await page.waitForFunction((length) => new TextEncoder().encode(document.querySelector("#text")?.textContent ?? "").length >= length, bytes);
  assertSeeded(await page.locator("#text").textContent());
}

/** @param {Page} page */
async function assertDemoWrites(page) {
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByText("Done: 200 bytes, seed 7.").waitFor();
  assertSeeded(await page.getByRole("group", { name: "What the model writes" }).textContent());
}

test("in a plain page the files of the package run as they are", async (t) => {
  const folder = await install("plain");
  const root = join(folder, "node_modules", "cpu1");
  cpSync(join(WWW, "examples", "plain.html"), join(root, "examples", "plain.html"));
  const { page } = await openPage(t, { root, path: "/examples/plain.html", allow: [/icon\.svg/] });
  await assertWrites(page);
});

/** @type {Promise<string> | undefined} */
let project;

/**
 * The Vite project as its package.json says it is set up, with the archive's files; or nothing, and
 * the test is skipped, where npm's registry is not to be had.
 *
 * @param {TestContext} t
 */
async function viteProject(t) {
  project ??= (async () => {
    const folder = join(clone, "www", "examples", "vite");
    cpSync(join(WWW, "examples", "vite"), folder, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
    await run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=1"], { cwd: folder });
    return folder;
  })();
  try {
    return await project;
  } catch (error) {
    const said = String(/** @type {{ stderr?: string }} */ (error).stderr ?? error);
    if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(said)) throw error;
    t.skip("npm's registry cannot be reached, and Vite is not in npm's cache.");
    return undefined;
  }
}

/** @param {string} folder of the project */
function vite(folder) {
  return import(pathToFileURL(join(folder, "node_modules", "vite", "dist", "node", "index.js")).href);
}

for (const isolated of [true, false]) {
  test(`built with Vite it writes the same: ${isolated ? "isolated" : "not isolated"}`, async (t) => {
    const folder = await viteProject(t);
    if (folder === undefined) return;
    await (await vite(folder)).build({ root: folder, logLevel: "warn" });
    const { page } = await openPage(t, { root: join(folder, "dist"), isolated });
    const helper = isolated && page.waitForEvent("request", (request) => /helper-[\w-]+\.js$/.test(request.url()));
    await assertWrites(page);
    await assertDemoWrites(page);
    await helper;
  });
}

test("Vite's development server serves it as well", async (t) => {
  const folder = await viteProject(t);
  if (folder === undefined) return;
  const server = await (await vite(folder)).createServer({ root: folder, logLevel: "warn", server: { host: "127.0.0.1", port: 0 } });
  const { page } = await openPage(t, { path: "/icon.svg", allow: [/favicon/] });
  t.after(() => server.close());
  await server.listen();
  await page.goto(server.resolvedUrls.local[0]);
  await assertWrites(page);
  await assertDemoWrites(page);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [320, 1280]) {
    test(`the blog post can be read, and its demo used: ${colorScheme}, ${width} pixels`, async (t) => {
      const { page } = await openPage(t, { path: "/examples/blog.html", colorScheme, viewport: { width, height: 800 }, isolated: false });
      await assertDemoWrites(page);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
      await assertAccessible(page);
    });
  }
}

test("ten lines of JavaScript write", async (t) => {
  const { page } = await openPage(t, { path: "/examples/plain.html" });
  await assertWrites(page);
  await assertAccessible(page);
});

test("the table of the package's page has every code of an error, and no other", () => {
  const [, union = ""] = /@typedef \{([^}]*)\} ErrorCode/.exec(readFileSync(join(WWW, "api/errors.js"), "utf8")) ?? [];
  const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  assert.ok(codes.length > 0);
  const [, table = ""] = /\n### Errors\n([^]*?)\n## /.exec(readFileSync(join(WWW, "PACKAGE.md"), "utf8")) ?? [];
  const rows = [...table.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, code]) => code);
  assert.deepEqual(rows.sort(), codes.sort());
});
