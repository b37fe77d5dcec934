// What can be loaded: the model that comes with the page, and the published runs of the study.
import { CPU1Error } from "../../api/errors.js";
import { hubAddress, pathOfRun, readAddress } from "../../api/hub.js";

/** @import { RunRepositories } from "../../api/hub.js" */

/**
 * `hub` is the Hub's origin; the first of the models comes with the page.
 *
 * @typedef {RunRepositories & { hub: string, models: [ListedModel, ...ListedModel[]] }} Catalog
 *
 * @typedef {object} ListedModel
 * @property {string} id of a published run, its folder
 * @property {string} name as its authors call it
 * @property {string} [parent] the run that it adds something to
 * @property {string} [plus] what that is, in two or three words
 * @property {string} adds what is new about it
 * @property {string} architecture
 * @property {number} parameters
 * @property {boolean} ternary
 * @property {string} loss with its unit; empty where none is published
 * @property {Label} label
 * @property {("unpacked" | "compact")[]} [files] of a published run
 * @property {string} [file] of the model that comes with the page: where it lies
 * @property {number} [bytes] of that file
 * @property {{ file: string, step: number, loss: string }[]} [steps] of its training, as files of the same size, ascending
 * @property {Starter[]} [prompts] that show what it can
 * @property {Turns} [turns] of a model that ends its texts by itself
 */

/**
 * A prompt to begin with.
 *
 * @typedef {object} Starter
 * @property {string} [label] the prompt itself if left out
 * @property {string} prompt
 * @property {"write" | "compare"} [view] where it is tried; the tab that is open if left out
 */

/**
 * What the texts of a model have between a text and what may follow it.
 *
 * @typedef {object} Turns
 * @property {string} next before another text
 * @property {readonly [before: string, after: string]} ask around a question
 */

/** @typedef {"speaks" | "collapsed" | "worse" | "unpublished" | "ours"} Label what to expect of a model */

/**
 * A file that can be loaded.
 *
 * @typedef {object} Choice
 * @property {URL} place
 * @property {string} name what it is called on the page
 * @property {string} words what it is
 * @property {string} size in words; empty where it is not known
 * @property {string} [sha256] where the Hub told it
 */

/** @type {Promise<Catalog> | undefined} */
let catalog;

/** The catalogue, fetched once. @throws {CPU1Error} `network` */
export function fetchCatalog() {
  catalog ??= read();
  catalog.catch(() => {
    catalog = undefined; // so that the next call tries again
  });
  return catalog;
}

/** @returns {Promise<Catalog>} */
async function read() {
  try {
    const response = await fetch("catalog.json");
    if (response.ok) return await response.json();
  } catch {
    // Not there, or no JSON: told below.
  }
  throw new CPU1Error("network", "The list of models, catalog.json, could not be fetched.");
}

/**
 * A line of the diagram of what each run adds to its parent, drawn like a history of commits: a dot in its
 * column, and lines in the columns that go on below.
 *
 * @typedef {object} Branch
 * @property {ListedModel} model
 * @property {number} column a branch is one further to the right than what it branches off
 * @property {"root" | "straight" | "branch"} from where its line comes from
 * @property {boolean} goesOn whether the line of its column goes on below it
 * @property {boolean[]} passing whether lines pass it by, in the columns to its left
 */

/**
 * The models as a diagram: after each its branches, and then what goes on straight, which is the child
 * that most follows.
 *
 * @param {ListedModel[]} models
 * @returns {Branch[]}
 */
export function drawBranches(models) {
  const known = new Set(models.map(({ id }) => id));
  /** @param {ListedModel} model */
  const childrenOf = ({ id }) => models.filter(({ parent }) => parent === id);
  /** @type {(model: ListedModel) => number} */
  const weigh = (model) => childrenOf(model).reduce((sum, child) => sum + weigh(child), 1);
  /** @type {(model: ListedModel, from: Branch["from"], passing: boolean[]) => Branch[]} */
  const draw = (model, from, passing) => {
    const children = childrenOf(model);
    const heaviest = Math.max(0, ...children.map(weigh));
    const straight = children.find((child) => weigh(child) === heaviest);
    const branches = children.filter((child) => child !== straight);
    return [
      { model, column: passing.length, from, goesOn: straight !== undefined, passing },
      ...branches.flatMap((child) => draw(child, "branch", [...passing, straight !== undefined])),
      ...(straight ? draw(straight, "straight", passing) : []),
    ];
  };
  return models.filter(({ parent }) => parent === undefined || !known.has(parent)).flatMap((root) => draw(root, "root", []));
}

/** What to expect, for the list and for the card. @type {Record<Label, { short: string, sentence: string }>} */
export const LABELS = {
  ours: { short: "ours", sentence: "Ours: it writes text that sounds like documentation." },
  speaks: { short: "speaks", sentence: "It speaks: it learned from its training." },
  collapsed: { short: "only noise", sentence: "Collapsed to uniform: it did not learn, and can only emit noise." },
  worse: { short: "only noise", sentence: "Worse than a uniform guess: it did not learn, and can only emit noise." },
  unpublished: { short: "not published", sentence: "How good it is was not published." },
};

/** @type {Record<"unpacked" | "compact", string>} */
const FLAVOURS = {
  unpacked: "Unpacked, in float32",
  compact: "Compact",
};

/**
 * The files of a model whose names are known; the first is its default.
 *
 * @param {Catalog} known
 * @param {ListedModel} model
 * @returns {Choice[]}
 */
export function choicesOf(known, { id, name, file, bytes = 0, files = [], parameters, ternary }) {
  if (file !== undefined) {
    return [{ place: new URL(file, document.baseURI), name, words: "The file of this page", size: about(bytes) }];
  }
  return files.map((flavour) => {
    const place = hubAddress(pathOfRun(known, id, flavour), known.hub);
    return { place, name: id, words: FLAVOURS[flavour], size: about(parameters * bytesPerParameter(flavour, ternary)) };
  });
}

/**
 * What the catalogue says of the model in a file.
 *
 * @param {URL | File} place
 * @returns {Promise<ListedModel | undefined>}
 */
export async function findListed(place) {
  const known = await fetchCatalog().catch(() => undefined);
  return known?.models.find((model) => choicesOf(known, model).some(({ place: { href } }) => place instanceof URL && href === place.href));
}

/**
 * Unpacked weights are float32. Compact ones take two bits where they are ternary, with what is not
 * ternary in bfloat16 on top; of the others each is in bfloat16.
 *
 * @param {"unpacked" | "compact"} flavour
 * @param {boolean} ternary
 */
function bytesPerParameter(flavour, ternary) {
  if (flavour === "unpacked") return 4;
  return ternary ? 0.27 : 2;
}

/** @param {number} bytes */
function about(bytes) {
  return `about ${Math.round(bytes / 1e6)} MB`;
}

/**
 * The path and the repository of a file on the Hub, by its address; of any other the address, or that it is ours.
 *
 * @param {string} address
 */
export function sayPlace(address) {
  if (new URL(address).origin === location.origin) return "this page’s own files";
  const file = readAddress(address);
  return file ? `${file.path} of ${file.repository}` : address;
}
