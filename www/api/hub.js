// The Hugging Face Hub: what its files are called, and what is in a folder.
import { CPU1Error, aborted } from "./errors.js";
import { fetchAll } from "./remote.js";

/** Where the Hub lives; tests put a stand-in here. */
const HUB = "https://huggingface.co";

/** The most pages of a listing, and the most bytes of a page. */
const MOST_PAGES = 100;
const LARGEST_PAGE = 8 * 2 ** 20;

/** Names within a path that would lead an address elsewhere, or that no address can hold. */
const ASTRAY = /^\.{0,2}$|\p{Surrogate}/u;

/**
 * What a folder on the Hub holds.
 *
 * @typedef {object} HubFile
 * @property {"file" | "directory"} type
 * @property {string} path within the repository
 * @property {number} size bytes; 0 for a directory
 * @property {string} sha256 of a file's bytes, where the Hub tells; else empty
 * @property {string} url what `load` takes; empty for a directory
 */

/**
 * Where the study's runs are published: `finals` has the unpacked files, `archive` the compact ones and those of steps.
 *
 * @typedef {{ finals: string, archive: string }} RunRepositories
 */

/**
 * The name on the Hub of a published run's final file.
 *
 * @param {RunRepositories} repositories
 * @param {string} id of the run, its folder
 * @param {"unpacked" | "compact"} flavour
 */
export function pathOfRun({ finals, archive }, id, flavour) {
  return flavour === "unpacked" ? `${finals}/${id}/model.pt` : `${archive}/${id}/checkpoint_${id}_final.pt`;
}

/**
 * The address of a file by its name on the Hub, `owner/repo/path@revision`; without a revision `main`.
 *
 * @param {string} name
 * @param {string} [hub] origin of the Hub
 * @returns {URL}
 * @throws {CPU1Error} `network`
 */
export function hubAddress(name, hub = HUB) {
  const { repo, revision, path } = read(name);
  if (path.length === 0) {
    throw new CPU1Error("network", `“${name}” does not name a file on the Hub; that takes owner/repo/path or owner/repo/path@revision.`);
  }
  return address(hub, [...repo, "resolve", revision, ...path]);
}

/**
 * Lists a folder on the Hub, or a whole repository's top, a page of answers at a time.
 *
 * @param {string} name `owner/repo/folder@revision`; without a folder the top, without a revision `main`
 * @param {{ signal?: AbortSignal, hub?: string }} [options] `hub` is the Hub's origin
 * @returns {AsyncGenerator<HubFile, void, void>}
 * @throws {CPU1Error} `network`, `aborted`
 */
export async function* listFiles(name, { signal, hub = HUB } = {}) {
  const { repo, revision, path } = read(name);
  /** @type {string | undefined} */
  let page = address(hub, ["api", "models", ...repo, "tree", revision, ...path]).href;
  const seen = new Set();
  while (page !== undefined) {
    if (seen.has(page)) throw wrong(name, "its pages go round in a circle");
    if (seen.size === MOST_PAGES) throw wrong(name, `it goes on after ${MOST_PAGES} pages`);
    seen.add(page);
    const answer = await fetchAll(page, { name: `list of ${name}`, most: LARGEST_PAGE, signal }).catch((error) => {
      throw signal?.aborted ? aborted() : error;
    });
    if (answer === undefined) throw new CPU1Error("network", `There is no folder ${name} on the Hub, or it is not public.`);
    for (const entry of entries(name, answer.bytes)) yield describe(name, entry, hub);
    page = nextPage(name, answer.headers, page);
  }
}

/**
 * What an address says, if it is that of a file on the Hub.
 *
 * @param {string | URL} url
 * @returns {{ repository: string, revision: string, path: string } | undefined}
 */
export function readAddress(url) {
  const parts = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)/.exec(new URL(url).pathname)?.slice(1) ?? [];
  try {
    const [repository, revision, path] = parts.map(decodeURIComponent);
    return repository && revision && path ? { repository, revision, path } : undefined;
  } catch {
    return undefined; // it has a percent sign that encodes nothing
  }
}

/** @param {string} name */
function read(name) {
  const [, owner, repo, folder = "", revision = "main"] = /^([^/@]+)\/([^/@]+)(?:\/([^@]+))?(?:@(.+))?$/.exec(name) ?? [];
  const path = folder.split("/").filter((word) => word !== "");
  if (owner === undefined || repo === undefined || [owner, repo, revision, ...path].some((word) => ASTRAY.test(word))) {
    throw new CPU1Error("network", `“${name}” is not a name on the Hub; that is owner/repo/path or owner/repo/path@revision.`);
  }
  return { repo: [owner, repo], revision, path };
}

/** @param {string} hub @param {string[]} parts */
function address(hub, parts) {
  return new URL(parts.map(encodeURIComponent).join("/"), `${hub}/`);
}

/**
 * @param {string} name
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {unknown[]}
 */
function entries(name, bytes) {
  let list;
  try {
    list = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong(name, "it is not JSON");
  }
  if (!Array.isArray(list)) throw wrong(name, "it is not a list");
  return list;
}

/**
 * @param {string} name
 * @param {any} entry
 * @param {string} hub
 * @returns {HubFile}
 */
function describe(name, entry, hub) {
  const { type, path, size, lfs } = entry ?? {};
  const isFile = type === "file";
  const valid = typeof path === "string" && path !== "" && (type === "directory" || (isFile && Number.isSafeInteger(size) && size >= 0));
  if (!valid) throw wrong(name, "an entry lacks its path or its size");
  if (!isFile) return { type: "directory", path, size: 0, sha256: "", url: "" };
  const { repo, revision } = read(name);
  const sha256 = /^[0-9a-f]{64}$/.test(lfs?.oid) ? lfs.oid : "";
  const parts = path.split("/");
  if (parts.some((part) => ASTRAY.test(part))) throw wrong(name, "an entry's path leads out of the repository");
  return { type, path, size, sha256, url: address(hub, [...repo, "resolve", revision, ...parts]).href };
}

/**
 * The address of the next page by `Link: <…>; rel="next"`, which has to be on the same server.
 *
 * @param {string} name
 * @param {Headers} headers
 * @param {string} page
 */
function nextPage(name, headers, page) {
  const [, next] = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get("Link") ?? "") ?? [];
  if (next === undefined) return undefined;
  const url = URL.canParse(next, page) ? new URL(next, page) : undefined;
  if (url?.origin !== new URL(page).origin) throw wrong(name, "its next page is on another server");
  return url.href;
}

/** @param {string} name @param {string} what */
function wrong(name, what) {
  return new CPU1Error("network", `The Hub's list of ${name} cannot be read: ${what}.`);
}
