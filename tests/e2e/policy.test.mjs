// The pages' Content-Security-Policy: strict, kept to, and not all that stands between an address and the page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/browser.mjs";

/** @import { Page } from "playwright-core" */

/** All that a page's policy may allow, by directive. */
const ALLOWED = {
  "default-src": ["'none'"],
  "script-src": ["'self'", "'wasm-unsafe-eval'"],
  "worker-src": ["'self'"],
  "connect-src": ["'self'", "https://huggingface.co", "https://*.huggingface.co", "https://*.hf.co"],
  "style-src": ["'self'"],
  "img-src": ["'self'"],
  "manifest-src": ["'self'"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
};

/** Has the page note what its policy stopped. @param {Page} page */
async function watch(page) {
  await page.addInitScript(() => {
    /** @type {string[]} */
    const seen = [];
    Object.assign(window, { stopped: seen });
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => seen.push(`${violatedDirective}: ${blockedURI}`));
  });
}

/** @param {Page} page @returns {Promise<string[]>} */
const stopped = (page) => page.evaluate(() => /** @type {any} */ (window).stopped);

for (const path of ["/", "/bench.html"]) {
  test(`the policy of ${path} is strict`, async (t) => {
    const { page } = await openPage(t, { path });
    const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
    const directives = new Map((policy ?? "").split(";").map((part) => part.trim().split(/\s+/)).map(([name = "", ...sources]) => [name, sources]));
    assert.deepEqual(directives.get("default-src"), ["'none'"]);
    for (const name of ["base-uri", "form-action"]) assert.deepEqual(directives.get(name), ["'none'"], name);
    for (const [name, sources] of directives) {
      const allowed = /** @type {Record<string, string[]>} */ (ALLOWED)[name] ?? [];
      assert.deepEqual(sources.filter((source) => !allowed.includes(source)), [], name);
    }
    // It comes before all that it is to hold for.
    assert.equal(await page.evaluate(() => document.querySelector("meta[http-equiv] ~ meta[http-equiv], link ~ meta[http-equiv], script ~ meta[http-equiv]")), null);
  });
}

test("what the policy forbids is stopped, and told", async (t) => {
  const { page } = await openPage(t, { before: watch, allow: [/Content Security Policy/, /request failed: .* csp$/] });
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'pwned'";
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    document.body.append(script, image);
  });
  await page.waitForFunction(() => /** @type {any} */ (window).stopped.length === 2);
  assert.deepEqual((await stopped(page)).sort(), ["img-src: https://example.com/x.png", "script-src-elem: inline"]);
  assert.notEqual(await page.title(), "pwned");
});

test("a whole visit needs nothing that the policy forbids", async (t) => {
  const { page } = await openPage(t, {
    context: { serviceWorkers: "allow" },
    async before(opened) {
      await watch(opened);
      const headers = { "Access-Control-Allow-Origin": "*" };
      await opened.route("https://huggingface.co/**", (route) => route.fulfill({ headers, json: [] }));
    },
  });
  const status = page.getByRole("status");
  await status.filter({ hasText: /^Ready/ }).waitFor();
  await page.getByRole("button", { name: "Generate" }).click();
  await status.filter({ hasText: /^Done/ }).waitFor();
  for (const tab of await page.getByRole("tab").all()) await tab.click();
  await page.getByRole("button", { name: "Choose another model" }).click();
  await page.getByRole("button", { name: "Close" }).click();
  await page.evaluate(() => navigator.serviceWorker.ready);
  assert.deepEqual(await stopped(page), []);
});

const MARKUP = `"'><img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script><svg onload=document.title='pwned'>`;
const SAID = encodeURIComponent(MARKUP);
for (const [what, path] of [
  ["query", `/?threads=${SAID}&isolation=${SAID}&${SAID}`],
  ["query, as it is", `/?threads=${MARKUP.replaceAll("#", "")}`],
  ["fragment", `/#${SAID}`],
  ["fragment, as it is", `/#${MARKUP}`],
  ["link's prompt and settings", `/#prompt=${SAID}&seed=${SAID}&temperature=${SAID}&maxBytes=${SAID}`],
  ["link's model", `/#prompt=a&model=owner/repo/${SAID}`],
  ["link's model, a script", "/#prompt=a&model=javascript:document.title='pwned'"],
  ["fragment that cannot be decoded", "/#prompt=%ff%fe&model=%"],
]) {
  test(`what is no text of ours stays text: the ${what}`, async (t) => {
    const { page } = await openPage(t, { path: String(path), before: watch });
    await page.getByRole("status").filter({ hasText: /^Ready/ }).waitFor();
    assert.equal(await page.locator("[onerror], [onload], svg[onload], img[src=x], body script, head script:not([src])").count(), 0);
    assert.match(await page.title(), /^CPU-1, /);
    assert.deepEqual(await stopped(page), []);
  });
}
