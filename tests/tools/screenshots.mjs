// The README's screenshots, from the running page: `./build.sh screenshots`.
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "../e2e/support/browser.mjs";
import { says } from "../e2e/support/site.mjs";

/** @import { Page } from "playwright-core" */
/** @import { PageOptions } from "../e2e/support/browser.mjs" */

const FOLDER = fileURLToPath(new URL("../e2e/screenshots/", import.meta.url));

/** @type {[name: string, options: PageOptions, act: (page: Page) => Promise<void>][]} */
const PICTURES = [
  [
    "desktop-light",
    { viewport: { width: 1280, height: 1000 } },
    async (page) => {
      // A seed makes the text, and so the picture, the same each time.
      await page.$eval("#seed", (field) => Object.assign(field, { value: "7" }));
      await page.getByRole("checkbox", { name: "See inside" }).check();
      await page.getByRole("button", { name: "Generate" }).click();
      await says(page.getByRole("status"), /^Done/);
      await page.locator(".byte").nth(30).hover();
    },
  ],
  [
    "desktop-dark",
    { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
    async (page) => {
      await page.getByRole("button", { name: "Choose another model" }).click();
      await page.getByRole("radio", { name: /^run_07 / }).check();
    },
  ],
  [
    "phone",
    { viewport: { width: 390, height: 900 }, context: { deviceScaleFactor: 2 } },
    async (page) => {
      await page.getByRole("tab", { name: "Score" }).click();
      await page.getByRole("checkbox", { name: "See inside" }).check();
      await page.getByRole("button", { name: "Score" }).click();
      await says(page.getByRole("status"), /^Done/);
    },
  ],
];

for (const [name, options, act] of PICTURES) {
  test(name, async (t) => {
    const { page } = await openPage(t, options);
    await says(page.getByRole("status"), /^Ready/);
    await act(page);
    await mkdir(FOLDER, { recursive: true });
    await page.screenshot({ path: `${FOLDER}${name}.png` });
  });
}
