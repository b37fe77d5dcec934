// A form for files whose names do not tell which tensor is which: a person says it, role by role, or mends the whole name
// map, which is filled with the best guess.
import { element, make, saveAs } from "../../ui/dom.js";

/** @import { CPU1Error, NameMap, NamesDetails } from "../../api/errors.js" */

const page = {
  form: element("names", HTMLFormElement),
  question: element("names-question", HTMLElement),
  choice: element("names-choice", HTMLElement),
  tensor: element("names-tensor", HTMLSelectElement),
  settled: element("names-settled", HTMLElement),
  whole: element("names-whole", HTMLDetailsElement),
  json: element("names-json", HTMLTextAreaElement),
  use: element("names-use", HTMLButtonElement),
  copy: element("names-copy", HTMLButtonElement),
  save: element("names-save", HTMLButtonElement),
  error: element("names-error", HTMLElement),
};

/** Stands for no tensor, which no name is: names are not empty. */
const NONE = "";

export class NameForm {
  /** @type {NameMap} */
  #names = {};
  #role = "";
  /** Loads the file again with a map. @type {(names: NameMap) => void} */
  #again = () => {};

  constructor() {
    page.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (page.tensor.selectedIndex >= 0) this.#again({ ...this.#names, [this.#role]: page.tensor.value === NONE ? null : page.tensor.value });
    });
    page.use.addEventListener("click", () => this.#paste());
    page.copy.addEventListener("click", () => {
      page.json.select();
      navigator.clipboard?.writeText(page.json.value).catch(() => {}); // it is selected, for the keyboard
    });
    page.save.addEventListener("click", () => saveAs("names.json", page.json.value));
  }

  hide() {
    page.form.hidden = true;
  }

  /**
   * Asks what an error left open.
   *
   * @param {CPU1Error} error of the code `names`
   * @param {NameMap} names the map so far
   * @param {(names: NameMap) => void} again loads the file again, with this map
   */
  ask(error, names, again) {
    const { role, expected = [], candidates = [], unused = [], guess = {} } = error.details ?? {};
    page.form.hidden = false;
    this.#names = names;
    this.#again = again;
    this.#role = role ?? "";
    page.choice.hidden = role === undefined;
    page.question.textContent = role === undefined ? error.message : question(role, expected, candidates);
    page.tensor.replaceChildren(
      group("That fit its shape", candidates),
      group("Not used so far", unused),
      make("option", { value: NONE }, "None: the file does not have it"),
    );
    page.settled.replaceChildren(...Object.entries(names).map(([key, value]) => this.#line(key, value)));
    page.json.value = JSON.stringify({ ...guess, ...names }, null, 2);
    page.error.textContent = "";
    page.whole.open ||= role === undefined;
    (role === undefined ? page.json : page.tensor).focus();
  }

  /** @param {string} key @param {NameMap[string]} value */
  #line(key, value) {
    const back = make("button", { type: "button", className: "small", ariaLabel: `Take back ${key}` }, "Take back");
    back.addEventListener("click", () => {
      this.#again(Object.fromEntries(Object.entries(this.#names).filter(([other]) => other !== key)));
    });
    const words = value === null ? ["is not there"] : ["is ", make("code", {}, [value].flat().join(", "))];
    return make("li", {}, make("code", {}, key), " ", ...words, " ", back);
  }

  #paste() {
    try {
      this.#again(readNames(page.json.value));
    } catch {
      page.error.textContent =
        "This is not a name map: it takes JSON like {\"role\": \"tensor\"}, where a role may be null and \"ignore\" a list of patterns.";
      page.json.focus();
    }
  }
}

/**
 * A name map from JSON.
 *
 * @param {string} text
 * @returns {NameMap}
 * @throws {Error} if it is none
 */
export function readNames(text) {
  const names = JSON.parse(text);
  const isMap = names !== null && typeof names === "object" && !Array.isArray(names);
  const fits = (/** @type {unknown} */ value) =>
    value === null || typeof value === "string" || (Array.isArray(value) && value.every((each) => typeof each === "string"));
  if (!isMap || !Object.values(names).every(fits)) throw new Error("no name map");
  return names;
}

/** @param {string} role @param {number[]} expected @param {{ length: number }} candidates */
function question(role, expected, { length }) {
  const many = length === 0 ? "no tensor of the file does" : `${length} tensors do`;
  return `Which tensor is ${role}? It must have the shape ${sayShape(expected)}; ${many}, and their names do not tell.`;
}

/** @param {string} label @param {NonNullable<NamesDetails["candidates"]>} tensors */
function group(label, tensors) {
  const options = tensors.map(([name, shape]) => make("option", { value: name }, `${name}, ${sayShape(shape)}`));
  return make("optgroup", { label, hidden: options.length === 0 }, ...options);
}

/** @param {number[]} shape a side of 0 may have any size */
function sayShape(shape) {
  return shape.length === 0 ? "of a single number" : shape.map((side) => side || "any").join(" × ");
}
