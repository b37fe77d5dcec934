// bench.html, for who looks at it and for who drives it. What it measures is not tested: machines differ.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/browser.mjs";

const LIMIT = { timeout: 120_000 };

test("measures what there is, a row for each program and number of threads", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html", viewport: { width: 390, height: 800 } });
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByRole("button", { name: "Copy as text" }).waitFor({ timeout: LIMIT.timeout });
  assert.equal(await page.getByRole("status").textContent(), "Done.");
  const rows = await page.getByRole("region", { name: "Writing and reading" }).getByRole("row").allTextContents();
  assert.ok(rows.length >= 3, rows.join("\n"));
  for (const row of rows.slice(1)) assert.match(row, /^(relaxed|plain) SIMD.*\d ms.*\d MB$/);
  const kernels = await page.getByRole("region", { name: "Kernels" }).getByRole("row").allTextContents();
  assert.match(kernels.join("\n"), /relaxed SIMD, pairs.*%\nrelaxed SIMD, dot.*%\nsimd128.*%/);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, "tables scroll in themselves");
});

test("stops", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html" });
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByText(/^Round/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
});

test("has one thread where the page is not isolated", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html", isolated: false });
  await page.getByText(/^This page is not isolated.*one thread is measured\.$/).waitFor();
  const threads = await page.evaluate(async () => {
    const { bench } = /** @type {any} */ (window);
    return (await bench.load({ threads: 2 })).threads;
  });
  assert.equal(threads, 1);
});

test("a model that is none gets a sentence", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html", allow: [/404/] });
  await page.getByLabel("Model").fill("./<b>nothing</b>.pt");
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByText("Not measured.").waitFor();
  assert.match((await page.getByRole("alert").textContent()) ?? "", /404/);
  assert.equal(await page.locator("b").count(), 0);
  await page.getByLabel("a file of this machine").setInputFiles({ name: "x.pt", mimeType: "", buffer: Buffer.from("no zip") });
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByText(/checkpoint/).waitFor();
});

test("a harness can drive it: every program gives what was asked for", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html" });
  for (const simd of ["relaxed", "plain"]) {
    for (const threads of [1, 2]) {
      const result = await page.evaluate(
        async (options) => {
          const { bench } = /** @type {any} */ (window);
          const loaded = await bench.load(options);
          const began = performance.now();
          const figures = await bench.generate({ steps: 20, prompt: "Ownership", promptTokens: 9 });
          return { loaded, figures, began, memory: bench.memory, prefill: await bench.prefill() };
        },
        { model: null, threads, simd },
      );
      const { loaded, figures, began } = result;
      assert.equal(loaded.threads, threads);
      assert.match(loaded.engine, simd === "plain" ? /simd128/ : /relaxed/);
      assert.ok(Number.isInteger(figures.steps) && figures.steps >= 20, JSON.stringify(figures));
      assert.ok(Math.abs(figures.bytes / 4 - figures.steps) <= 1, "four bytes a patch");
      assert.ok(figures.ms > 0 && figures.ttft_ms > 0 && figures.first_at > began, JSON.stringify(figures));
      assert.ok(figures.engine_steps >= 20 && figures.engine_ms > 0);
      assert.ok(result.memory > 3e6 && result.prefill > 0);
    }
  }
});

test("a harness can ask for a kernel, and is told where there is none", LIMIT, async (t) => {
  const { page } = await openPage(t, { path: "/bench.html" });
  const { kernels, engines, none } = await page.evaluate(async () => {
    const { bench } = /** @type {any} */ (window);
    const found = await bench.kernels();
    const loaded = [];
    for (const { simd, name } of found) loaded.push((await bench.load({ simd, kernel: name })).engine);
    const refusal = await bench.load({ kernel: "abacus" }).catch((/** @type {Error} */ error) => error.message);
    return { kernels: /** @type {{ simd: string, name: string }[]} */ (found), engines: loaded, none: refusal };
  });
  assert.deepEqual(kernels.map(({ simd }) => simd), ["relaxed", "relaxed", "plain"]);
  assert.deepEqual(engines, kernels.map(({ name }) => `cpu1, ${name}`));
  assert.match(none, /^There is no kernel “abacus” here; .*\.$/);
});
