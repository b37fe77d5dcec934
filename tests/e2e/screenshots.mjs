// The README's screenshots, from the running page: `./build.sh screenshots`.
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./browser.mjs";

const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/** @type {[string, { width: number, height: number }, "light" | "dark"][]} */
const SHOTS = [
  ["desktop-light", DESKTOP, "light"],
  ["desktop-dark", DESKTOP, "dark"],
  ["phone-light", PHONE, "light"],
  ["phone-dark", PHONE, "dark"],
];

for (const [name, viewport, colorScheme] of SHOTS) {
  test(name, async (t) => {
    const { page } = await openPage(t, { viewport, colorScheme });
    await page.waitForSelector('#generate[aria-disabled="false"]');
    // A seed makes the text, and so the picture, the same each time.
    await page.$eval("#seed", (field) => Object.assign(field, { value: "7" }));
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByRole("status").filter({ hasText: "Done:" }).waitFor();
    await mkdir(FOLDER, { recursive: true });
    await page.screenshot({ path: `${FOLDER}${name}.png` });
  });
}
