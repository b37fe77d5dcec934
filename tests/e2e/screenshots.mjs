// The README's screenshot, from the running page: `./build.sh screenshots`.
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./browser.mjs";

const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));

test("desktop-light", async (t) => {
  // As tall as the whole text needs.
  const { page } = await openPage(t, { viewport: { width: 1280, height: 900 } });
  await page.waitForSelector('#generate[aria-disabled="false"]');
  // A seed makes the text, and so the picture, the same each time.
  await page.$eval("#seed", (field) => Object.assign(field, { value: "7" }));
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByRole("status").filter({ hasText: "Done:" }).waitFor();
  await mkdir(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}desktop-light.png` });
});
