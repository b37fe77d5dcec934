// What a person does with a page, through WebDriver: things are found by the role and the name that the engine itself
// computes for assistive technology, clicked and typed into. Whatever is not there yet is waited for.
import assert from "node:assert/strict";
import { Key } from "selenium-webdriver";

/** @import { WebDriver, WebElement } from "selenium-webdriver" */

/** Elements that may have a role, as computing it for all of a page takes too long. @type {Record<string, string>} */
const CANDIDATES = {
  alert: "[role=alert]",
  button: "button",
  checkbox: "input[type=checkbox]",
  group: "[role=group]",
  radio: "input[type=radio]",
  region: "section, [role=region]",
  status: "[role=status]",
  tab: "[role=tab]",
  textbox: "textarea, input[type=text], input[type=number]",
};

/** Milliseconds that something is waited for; machines that test are busy. */
const PATIENCE = 30_000;

/** Elements that can be seen and fit a selector, in shadow trees too, and the text that each shows. */
const SEEN = `
  const [selector] = arguments;
  const all = (root) => [...root.querySelectorAll("*")].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  return all(document)
    .filter((element) => element.matches(selector) && element.checkVisibility({ visibilityProperty: true }))
    .map((element) => ({ element, text: element.textContent }));
`;

/** Whether an element plays a role: to WebKitGTK, fields for numbers are like others. @param {string} found @param {string} role */
const isRole = (found, role) => found === role || (found === "spinbutton" && role === "textbox");

export class Visitor {
  /** @param {WebDriver} driver */
  constructor(driver) {
    this.driver = driver;
  }

  /**
   * The one element with this role whose name is that or fits it.
   *
   * @param {string} role
   * @param {string | RegExp} name
   * @returns {Promise<WebElement>}
   */
  async find(role, name) {
    const selector = CANDIDATES[role];
    assert.ok(selector, `nothing is known that has the role ${role}`);
    return this.#wait(`a ${role} named ${name}`, async () => {
      for (const { element } of await this.#seen(selector)) {
        const found = await element.getAccessibleName();
        const fits = typeof name === "string" ? found === name : name.test(found);
        if (fits && isRole(await element.getAriaRole(), role)) return element;
      }
      return undefined;
    });
  }

  /** @param {string} role @param {string | RegExp} name */
  async click(role, name) {
    // What has just moved or been replaced is looked for again.
    await this.#wait(`a click on the ${role} named ${name}`, async () => {
      const element = await this.find(role, name);
      if ((await element.getAttribute("aria-disabled")) === "true") return false;
      await element.click();
      return true;
    });
  }

  /** @param {string} role @param {string} name @param {string} text in the place of what the field holds */
  async type(role, name, text) {
    const field = await this.find(role, name);
    await field.clear();
    await field.sendKeys(text);
  }

  /** @param {string[]} keys held together, on what has the focus */
  press(...keys) {
    return this.driver.switchTo().activeElement().sendKeys(Key.chord(...keys));
  }

  /**
   * Opens or closes what is folded.
   *
   * @param {RegExp} words of its line
   */
  async unfold(words) {
    await this.#wait(`a line to unfold: ${words}`, async () => {
      const line = (await this.#seen("summary")).find(({ text }) => words.test(text));
      await line?.element.click();
      return line;
    });
  }

  /**
   * Waits until something that is seen says what fits.
   *
   * @param {string} selector
   * @param {RegExp} pattern
   * @returns {Promise<string>} all that it says
   */
  async reads(selector, pattern) {
    let last = "";
    return this.#wait(
      () => `${selector} to say ${pattern}; it says ${JSON.stringify(last.slice(0, 300))}`,
      async () => {
        const texts = (await this.#seen(selector)).map(({ text }) => text);
        last = texts.join(" | ");
        return texts.find((text) => pattern.test(text));
      },
    );
  }

  /** What the page says is going on. @param {RegExp} pattern */
  hears(pattern) {
    return this.reads("[role=status]", pattern);
  }

  /** A fact about model and machine. @param {string} term @param {RegExp} [pattern] */
  async fact(term, pattern = /[^–]/) {
    return (await this.reads(`#fact-${term.toLowerCase()}`, pattern)).trim();
  }

  /**
   * Runs a function in the page, or a script.
   *
   * @template T
   * @param {string | ((...args: any[]) => T | Promise<T>)} run
   * @param {unknown[]} args
   * @returns {Promise<T>}
   */
  async evaluate(run, ...args) {
    if (typeof run === "string") return this.driver.executeScript(run);
    const script = `
      const done = arguments[arguments.length - 1];
      Promise.resolve((${run})(...[...arguments].slice(0, -1))).then((value) => done({ value }), (error) => done({ error: String(error.stack ?? error) + error }));
    `;
    const { value, error } = /** @type {any} */ ((await this.driver.executeAsyncScript(script, ...args)) ?? {});
    if (error !== undefined) throw new Error(`in the page: ${error}`);
    return value;
  }

  /** Waits until something holds in the page. @param {string} what @param {(...args: any[]) => any} run @param {unknown[]} args */
  until(what, run, ...args) {
    return this.#wait(what, () => this.evaluate(run, ...args));
  }

  /** @param {string} selector @returns {Promise<{ element: WebElement, text: string }[]>} */
  async #seen(selector) {
    return (await this.driver.executeScript(SEEN, selector)) ?? []; // nothing in a page that is going away
  }

  /**
   * @template T
   * @param {string | (() => string)} what
   * @param {() => Promise<T | false | undefined>} look
   * @returns {Promise<T>}
   */
  async #wait(what, look) {
    /** @type {unknown} */
    let trouble;
    for (const limit = Date.now() + PATIENCE; Date.now() < limit; await new Promise((resolve) => setTimeout(resolve, 50))) {
      try {
        const found = await look();
        if (found) return found;
        trouble = undefined;
      } catch (error) {
        if (!PASSING.test(/** @type {Error} */ (error).name)) throw error;
        trouble = error; // the page is changing
      }
    }
    throw new Error(`Waited for ${typeof what === "string" ? what : what()}.${trouble ? ` ${trouble}` : ""}`);
  }
}

const PASSING = /^(StaleElementReference|ElementClickIntercepted|ElementNotInteractable|NoSuchElement|JavascriptError|MoveTargetOutOfBounds)/;
