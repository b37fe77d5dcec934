// A form for files whose names do not tell which tensor is which: a person says it, role by role,
// or pastes the whole name map.
import { element, make } from "../../ui/dom.js";

/** @import { CPU1Error, NamesDetails } from "../../api/errors.js" */
/** @typedef {Record<string, string>} NameMap role → tensor */

const page = {
  form: element("names", HTMLFormElement),
  question: element("names-question", HTMLElement),
  choice: element("names-choice", HTMLElement),
  tensor: element("names-tensor", HTMLSelectElement),
  settled: element("names-settled", HTMLElement),
  json: element("names-json", HTMLTextAreaElement),
  use: element("names-use", HTMLButtonElement),
  copy: element("names-copy", HTMLButtonElement),
  error: element("names-error", HTMLElement),
};

export class NameForm {
  /** @type {NameMap} */
  #names = {};
  #role = "";
  /** Loads the file again with a map. @type {(names: NameMap) => void} */
  #again = () => {};

  constructor() {
    page.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (page.tensor.value !== "") this.#again({ ...this.#names, [this.#role]: page.tensor.value });
    });
    page.use.addEventListener("click", () => this.#paste());
    page.copy.addEventListener("click", () => {
      page.json.select();
      navigator.clipboard?.writeText(page.json.value).catch(() => {}); // it is selected, for the keyboard
    });
  }

  hide() {
    page.form.hidden = true;
  }

  /**
   * Asks what an error left open; false when no name map would settle it.
   *
   * @param {CPU1Error} error
   * @param {NameMap} names the map so far
   * @param {(names: NameMap) => void} again loads the file again, with this map
   */
  ask(error, names, again) {
    const open = error.details;
    const settles = error.code === "names" || /name map/.test(error.message);
    page.form.hidden = !settles;
    if (!settles) return false;
    this.#names = names;
    this.#again = again;
    this.#role = open?.role ?? "";
    page.choice.hidden = open === undefined;
    page.question.textContent = open ? question(open) : error.message;
    page.tensor.replaceChildren(
      ...(open ? [group("That fit its shape", open.candidates), group("Not used so far", open.unused)] : []),
    );
    page.settled.replaceChildren(...Object.entries(names).map(([role, tensor]) => this.#line(role, tensor)));
    page.json.value = JSON.stringify(names, null, 2);
    page.error.textContent = "";
    (open ? page.tensor : page.json).focus();
    return true;
  }

  /** @param {string} role @param {string} tensor */
  #line(role, tensor) {
    const back = make("button", { type: "button", className: "small", ariaLabel: `Take back ${role}` }, "Take back");
    back.addEventListener("click", () => {
      this.#again(Object.fromEntries(Object.entries(this.#names).filter(([other]) => other !== role)));
    });
    return make("li", {}, make("code", {}, role), " is ", make("code", {}, tensor), " ", back);
  }

  #paste() {
    try {
      const names = JSON.parse(page.json.value);
      const isMap = names !== null && typeof names === "object" && !Array.isArray(names);
      if (!isMap || !Object.values(names).every((tensor) => typeof tensor === "string")) throw new Error();
      this.#again(names);
    } catch {
      page.error.textContent = "This is not a name map: it takes JSON like {\"role\": \"tensor\"}, all of it texts.";
      page.json.focus();
    }
  }
}

/** @param {NamesDetails} open */
function question({ role, expected, candidates }) {
  const many = candidates.length === 0 ? "no tensor of the file does" : `${candidates.length} tensors do`;
  return `Which tensor is ${role}? It must have the shape ${sayShape(expected)}; ${many}, and their names do not tell.`;
}

/** @param {string} label @param {NamesDetails["candidates"]} tensors */
function group(label, tensors) {
  const options = tensors.map(([name, shape]) => make("option", { value: name }, `${name}, ${sayShape(shape)}`));
  return make("optgroup", { label, hidden: options.length === 0 }, ...options);
}

/** @param {number[]} shape a side of 0 may have any size */
function sayShape(shape) {
  return shape.length === 0 ? "of a single number" : shape.map((side) => side || "any").join(" × ");
}
