// Choosing a model: a dialog that says what each is before anything is fetched. Names of files and
// folders, the Hub's answers and the catalogue only ever become text.
import { CPU1Error, sayBytes } from "../../api/errors.js";
import { pathOfRun } from "../../api/hub.js";
import { CPU1 } from "../../cpu1.js";
import { element, make } from "../../ui/dom.js";
import { LABELS, choicesOf, drawBranches, fetchCatalog, sayPlace } from "./catalog.js";
import { KeptList } from "./kept.js";

/** @import { Branch, Catalog, Choice, ListedModel } from "./catalog.js" */
/** @import { HubFile } from "../../api/hub.js" */

const page = {
  dialog: element("picker", HTMLDialogElement),
  close: element("picker-close", HTMLButtonElement),
  runs: element("runs", HTMLElement),
  others: element("other-folders", HTMLButtonElement),
  card: element("card", HTMLFormElement),
  title: element("card-title", HTMLElement),
  facts: element("card-facts", HTMLElement),
  files: element("files", HTMLFieldSetElement),
  steps: element("list-steps", HTMLButtonElement),
  byName: element("by-name", HTMLElement),
  fileName: element("file-name", HTMLInputElement),
  kept: element("card-kept", HTMLElement),
  load: element("load", HTMLButtonElement),
  error: element("card-error", HTMLElement),
};

/** About a folder that the catalogue does not list. */
const UNKNOWN = "A folder of the archive that this page knows nothing else about.";

/** About a folder of which no file is known yet. */
const STEPS_ONLY = "No final file of it is known. List its step files, and choose one.";

class Picker {
  /** Hears what was chosen. @type {(choice: Choice) => void} */
  #onChoice = () => {};
  /** Whether what is chosen is loaded at once, or only added to others. */
  #loads = true;
  #kept = new KeptList(() => {
    this.#showKept();
    this.#markKept();
  });
  /** The lines of the list by their models. @type {Map<ListedModel, HTMLElement>} */
  #lines = new Map();
  /** @type {Catalog | undefined} */
  #catalog;
  /** Files on the card, in the order of its radio buttons. @type {Choice[]} */
  #choices = [];
  /** The folder on the card; empty where it has none. */
  #folder = "";
  /** Ends the listing that is under way. */
  #listing = new AbortController();

  constructor() {
    page.close.addEventListener("click", () => page.dialog.close());
    page.dialog.addEventListener("close", () => this.#listing.abort());
    // The page's keyboard shortcuts do not work in the dialog.
    page.dialog.addEventListener("keydown", (event) => event.stopPropagation());
    page.others.addEventListener("click", () => this.#listFolders());
    page.steps.addEventListener("click", () => this.#listSteps());
    page.files.addEventListener("change", () => this.#showKept());
    page.fileName.addEventListener("input", () => this.#showKept());
    page.card.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#choose();
    });
  }

  /**
   * Opens the dialog.
   *
   * @param {(choice: Choice) => void} onChoice
   * @param {boolean} loads
   */
  async show(onChoice, loads) {
    this.#onChoice = onChoice;
    this.#loads = loads;
    page.dialog.showModal();
    this.#complain(undefined);
    const seen = this.#kept.refresh();
    if (this.#catalog === undefined) {
      try {
        const catalog = await fetchCatalog();
        this.#catalog = catalog;
        page.runs.replaceChildren(...drawBranches(catalog.models).map((branch) => this.#run(branch)), this.#otherFile());
        this.#markKept();
        page.runs.querySelector("input")?.click();
      } catch (error) {
        this.#complain(error);
      }
    }
    focusOn(page.runs.querySelector("input:checked"));
    await seen;
  }

  // --- The list ---------------------------------------------------------------------------------

  /** @param {Branch} branch */
  #run(branch) {
    const { model } = branch;
    const { id, name, label, plus, parent, file } = model;
    const published = file === undefined;
    const line = this.#line(published ? id : name, LABELS[label].short, label, () => this.#showRun(model));
    if (published) line.querySelector(".name")?.before(draw(branch));
    if (plus) line.querySelector(".name")?.append(" ", make("span", { className: "quiet" }, `${parent ? "+ " : ""}${plus}`));
    this.#lines.set(model, line);
    return line;
  }

  /** Says in the list which models are on this machine. */
  #markKept() {
    for (const [model, line] of this.#lines) {
      if (this.#catalog === undefined || model.file !== undefined) continue;
      const here = choicesOf(this.#catalog, model).some(({ place }) => this.#kept.has(place));
      const tag = line.querySelector(".tag");
      if (tag) tag.textContent = here ? `kept, ${LABELS[model.label].short}` : LABELS[model.label].short;
    }
  }

  /** The last line: a file that is in no list. */
  #otherFile() {
    return this.#line("Another file", "by its name on the Hub", "", () => {
      this.#begin("Another file on the Hugging Face Hub", []);
      page.byName.hidden = false;
      this.#showKept();
    });
  }

  /**
   * @param {string} name
   * @param {string} words
   * @param {string} className
   * @param {() => void} onChange
   */
  #line(name, words, className, onChange) {
    const input = make("input", { type: "radio", name: "run" });
    input.addEventListener("change", onChange);
    const note = make("span", { className: `tag ${className}` }, words);
    return make("label", { className: "run" }, input, make("span", { className: "name" }, name), note);
  }

  /** Adds the folders of the archive that the catalogue does not know. */
  async #listFolders() {
    if (this.#catalog === undefined) return;
    const { archive, models } = this.#catalog;
    const known = new Set(models.map(({ id }) => id));
    const last = page.runs.lastElementChild;
    await this.#list(page.others, archive, ({ type, path }) => {
      if (type !== "directory" || known.has(path)) return false;
      known.add(path);
      last?.before(this.#line(path, "not documented", "", () => this.#showFolder(path)));
      return true;
    });
  }

  // --- The card ---------------------------------------------------------------------------------

  /** @param {ListedModel} model */
  #showRun(model) {
    if (this.#catalog === undefined) return;
    const { id, name, adds, architecture, parameters, loss, label, file } = model;
    const published = file === undefined;
    this.#begin(published ? id : name, [
      ["What to expect", LABELS[label].sentence],
      [published ? "Published loss" : "Loss", loss || "none"],
      [published ? "What is new" : "What it is", adds],
      ["Architecture", `${architecture}; ${(parameters / 1e6).toFixed(1)} million weights`],
    ]);
    if (published) page.title.append(make("span", { className: "quiet" }, name));
    for (const choice of choicesOf(this.#catalog, model)) this.#addChoice(choice);
    if (published) this.#offerSteps(id);
  }

  /** @param {string} folder */
  #showFolder(folder) {
    this.#begin(folder, [["What is known", UNKNOWN]]);
    this.#offerSteps(folder);
  }

  /**
   * Clears the card for another model.
   *
   * @param {string} title
   * @param {[term: string, text: string][]} facts
   */
  #begin(title, facts) {
    this.#listing.abort();
    this.#choices = [];
    this.#folder = "";
    page.title.textContent = title;
    page.facts.replaceChildren(
      ...facts.map(([term, text]) => make("div", {}, make("dt", {}, term), make("dd", {}, text))),
    );
    for (const row of page.files.querySelectorAll("label")) row.remove();
    page.files.hidden = true;
    page.steps.hidden = true;
    page.byName.hidden = true;
    this.#complain(undefined);
    this.#showKept();
  }

  /** @param {string} folder */
  #offerSteps(folder) {
    this.#folder = folder;
    page.files.hidden = false;
    page.steps.hidden = false;
    this.#showKept();
  }

  /** @param {Choice} choice */
  #addChoice(choice) {
    const first = this.#choices.push(choice) === 1;
    const input = make("input", { type: "radio", name: "flavour", value: String(this.#choices.length - 1), checked: first });
    const size = make("span", { className: "quiet" }, choice.size);
    page.steps.before(make("label", { className: "file-choice" }, input, make("span", {}, choice.words), size));
    page.files.hidden = false;
    this.#showKept();
  }

  /** Adds the files of the folder on the card that have no line yet: those of its steps. */
  async #listSteps() {
    if (this.#catalog === undefined) return;
    const { archive, hub } = this.#catalog;
    const folder = this.#folder;
    const known = new Set(this.#choices.map(({ place }) => place.href));
    known.add(CPU1.hub(pathOfRun(this.#catalog, folder, "compact"), hub).href);
    await this.#list(page.steps, `${archive}/${folder}`, ({ path, url, size, sha256 }) => {
      if (!/\.(pt|safetensors)$/.test(path) || known.has(url)) return false;
      known.add(url);
      const words = path.slice(path.lastIndexOf("/") + 1);
      this.#addChoice({ place: new URL(url), name: folder, words, size: sayBytes(size), sha256 });
      return true;
    });
  }

  /**
   * Lists a folder on the Hub by a button, which goes when the list is complete.
   *
   * @param {HTMLButtonElement} button
   * @param {string} folder
   * @param {(file: HubFile) => boolean} add whether it was new
   */
  async #list(button, folder, add) {
    if (button.ariaDisabled === "true") return;
    this.#listing.abort();
    const listing = new AbortController();
    this.#listing = listing;
    this.#complain(undefined);
    button.ariaDisabled = "true";
    let found = 0;
    try {
      for await (const file of CPU1.files(folder, { hub: this.#catalog?.hub, signal: listing.signal })) {
        if (listing.signal.aborted) return;
        if (add(file)) found += 1;
      }
      if (found === 0) {
        this.#complain(new CPU1Error("network", `The Hub lists nothing more in ${folder}.`));
        return;
      }
      const focused = document.activeElement === button;
      button.hidden = true;
      if (focused) focusOn(button.parentElement?.querySelector("input:checked"));
    } catch (error) {
      if (!listing.signal.aborted) this.#complain(error);
    } finally {
      button.ariaDisabled = "false";
    }
  }

  /** @returns {Choice | undefined} what the card says now; nothing where it names no file */
  #current() {
    if (!page.byName.hidden) {
      const name = page.fileName.value.trim();
      const place = CPU1.hub(name, this.#catalog?.hub);
      return { place, name: sayPlace(place.href), words: name, size: "" };
    }
    const chosen = page.files.querySelector("input:checked");
    return chosen instanceof HTMLInputElement ? this.#choices[Number(chosen.value)] : undefined;
  }

  /** Says whether the choice has to be fetched. */
  #showKept() {
    /** @type {Choice | undefined} */
    let choice;
    try {
      choice = this.#current();
    } catch {
      // A name that is not whole yet.
    }
    const ours = choice !== undefined && new URL(choice.place).origin === location.origin;
    const here = choice !== undefined && this.#kept.has(choice.place);
    page.load.textContent = this.#loads ? (ours || here ? "Load" : "Download and load") : "Add";
    page.load.hidden = page.byName.hidden && choice === undefined;
    if (choice === undefined) page.kept.textContent = page.load.hidden && this.#folder !== "" ? STEPS_ONLY : "";
    else if (here) page.kept.textContent = "It is kept on this machine: nothing is downloaded.";
    else if (ours) page.kept.textContent = "It comes with this page.";
    else page.kept.textContent = "It is not on this machine yet. Once loaded it is kept, packed, for the next visit.";
  }

  #choose() {
    try {
      const choice = this.#current();
      if (choice === undefined) return;
      page.dialog.close();
      this.#onChoice(choice);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** @param {unknown} error */
  #complain(error) {
    if (error !== undefined && !page.byName.hidden) page.fileName.ariaInvalid = "true";
    else page.fileName.removeAttribute("aria-invalid");
    page.error.textContent = error === undefined ? "" : error instanceof Error ? error.message : String(error);
  }
}

/** The dot of a run, and the lines that lead to it and past it. @param {Branch} branch */
function draw({ passing, from, goesOn }) {
  const rails = passing.map((passes) => make("i", { className: passes ? "through" : "" }));
  const graph = make("span", { className: "graph" }, ...rails, make("i", { className: `dot ${from}${goesOn ? " on" : ""}` }));
  graph.ariaHidden = "true";
  return graph;
}

/** @type {Picker | undefined} */
let picker;

/**
 * Lets a person choose a model.
 *
 * @param {(choice: Choice) => void} onChoice
 * @param {{ loads?: boolean }} [options] whether it is loaded at once
 */
export function pickModel(onChoice, { loads = true } = {}) {
  picker ??= new Picker();
  void picker.show(onChoice, loads);
}

/** @param {Element | null | undefined} found */
function focusOn(found) {
  if (found instanceof HTMLElement) found.focus();
}
