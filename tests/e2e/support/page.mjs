// The page as a person finds it: by role and label.
import { openPage } from "./browser.mjs";
import { says } from "./site.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./browser.mjs" */

/** @param {Page} page */
export function parts(page) {
  const button = (/** @type {string} */ name) => page.getByRole("button", { name, exact: true });
  const text = page.getByRole("region", { name: "Text", exact: true });
  const status = page.getByRole("status");
  const picker = page.getByRole("dialog", { name: "Choose a model" });
  return {
    button,
    /** @param {string} name of a button */
    press: (name) => button(name).click(),
    /** @param {string} name */
    tab: (name) => page.getByRole("tab", { name }).click(),
    /** @param {string} name */
    setting: (name) => page.getByLabel(name, { exact: true }),
    /** @param {string} term */
    fact: (term) => page.locator("dl > div", { has: page.locator("dt", { hasText: new RegExp(`^${term}`) }) }).getByRole("definition"),
    prompt: page.getByRole("textbox", { name: "Prompt" }),
    generate: button("Generate"),
    stop: button("Stop"),
    text,
    status,
    alert: page.getByRole("alert").filter({ hasText: /./ }),
    see: page.getByRole("checkbox", { name: "See inside" }),
    inside: page.getByRole("region", { name: "Inside" }),
    settings: page.locator("summary", { hasText: "Settings" }),
    /** Whether something is wider than the page. */
    sticksOut: () => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth),
    picker,
    /** Chooses a model in the dialog. @param {RegExp} run */
    async choose(run) {
      await picker.getByRole("radio", { name: run }).check();
      await picker.getByRole("button", { name: /^(Add|Load|Download and load)$/ }).click();
    },
    /** Has the model write, and gives the text. @param {RegExp} [outcome] what the status says at the end */
    async write(outcome = /^Done/) {
      await button("Generate").click();
      await says(status, outcome);
      return (await text.textContent()) ?? "";
    },
  };
}

/**
 * Opens the page, waits until its model is there, and sets settings by their labels.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 * @param {Record<string, string>} [values]
 */
export async function openReady(t, options, values = {}) {
  const opened = await openPage(t, options);
  const found = parts(opened.page);
  await says(found.status, /^Ready/);
  await found.settings.click();
  for (const [name, value] of Object.entries(values)) await found.setting(name).fill(value);
  return { ...opened, ...found };
}
