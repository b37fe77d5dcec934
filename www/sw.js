// The page's service worker. It serves the files beside it and those in the page's own folders, and leaves all others
// alone. It adds the headers of cross-origin isolation where the host sends none, and keeps the page for visits offline.
//
// The page's files only fit together as they were built. So they are kept and served as one version: what
// pkg/files.json lists, with hashes. A version is a cache; it is whole once that list lies in it. A newer version is
// fetched as a whole and takes over at a visit, when no other tab shows the page. So no tab ever gets files of two
// versions. The models that show the embedded one's training are kept when they are first used.

/**
 * @typedef {object} Version
 * @property {string} name of its cache
 * @property {string} list the text of its list
 * @property {Record<string, string>} files their SHA-256 by their path
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const { scope } = worker.registration;

/** How the names of versions' caches begin. Addresses have no spaces, so no other page's caches begin so. */
const PREFIX = `cpu1-page ${scope} `;
const LIST = `${scope}pkg/files.json`;

/** The page's own files by their path. Other models may lie beside them. */
const OURS = /^(?:(?!.*\.(?:pt|safetensors)$)[^/]*|(?:api|bench|models|page|pkg|ui|worker)\/.+)$/;

/** Files of a version that are fetched when they are first asked for. */
const LATER = /^models\/.+_step\d+\.pt$/;

/** Milliseconds that a visit waits for the list, and then for a newer version; after that it gets the kept one. */
const PATIENCE = 2000;

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  // Not `credentialless`, as not all browsers know it. The page only fetches with CORS from other servers.
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** The version in use, once it was looked for. @type {Promise<Version | undefined> | undefined} */
let found;
/** Versions on their way, by name. @type {Map<string, Promise<void>>} */
const arriving = new Map();
/** Pages that were sent but have asked for nothing yet. Browsers do not count them as open. @type {Set<string>} */
const opening = new Set();

worker.addEventListener("install", () => void worker.skipWaiting());

worker.addEventListener("message", (event) => {
  if (event.data !== "keep") return;
  event.waitUntil(ask().then((newest) => newest && keep(newest).catch(() => {})));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  opening.delete(event.clientId);
  if (request.method !== "GET" || request.headers.has("Range") || !request.url.startsWith(scope)) return;
  if (OURS.test(pathOf(request.url))) event.respondWith(request.mode === "navigate" ? visit(event) : answer(request));
});

/** A page that is opened. It gets the host's version, if all of that can be fetched in time. @param {FetchEvent} event */
async function visit(event) {
  const kept = await inUse();
  const newest = kept && (await ask());
  if (kept && newest?.name !== kept.name && newest !== undefined) {
    const arrival = newest ? keep(newest) : Promise.resolve();
    event.waitUntil(arrival.catch(() => {}));
    if (await isInTime(arrival)) await offer(newest, event);
  }
  if (event.resultingClientId) opening.add(event.resultingClientId);
  return answer(event.request);
}

/**
 * Lets a version take over, if no other tab shows the page; `null` means that the host's files are served as they are.
 * A tab that is loaded again does not count.
 *
 * @param {Version | null} version
 * @param {FetchEvent} event
 */
async function offer(version, { request, clientId }) {
  const leaving = request.cache === "no-cache" ? clientId : "";
  const open = await worker.clients.matchAll({ type: "window" });
  if (opening.size > 0 || open.some(({ id }) => id !== leaving)) return;
  found = Promise.resolve(version ?? undefined);
  await removeAllBut(version?.name);
}

/** @param {Request} request */
async function answer(request) {
  const path = pathOf(request.url) || "index.html";
  const version = await inUse();
  const kept = version && (await caches.match(scope + path, { cacheName: version.name }));
  const response = kept ?? (version && (await keepLater(version, path))) ?? (await fetch(request));
  const { mode, destination, url } = request;
  // Only pages and workers need these headers.
  if ((mode !== "navigate" && destination !== "worker") || response.type === "opaqueredirect") return response;
  if (mode === "navigate" && new URL(url).searchParams.get("isolation") === "off") return response;
  return isolated(response);
}

/**
 * A file that is kept once it is asked for; nothing if it is not such a file, or the host's file is another one.
 *
 * @param {Version} version
 * @param {string} path
 */
async function keepLater({ name, files }, path) {
  const hash = files[path];
  if (hash === undefined || !LATER.test(path)) return undefined;
  try {
    const response = await fetchListed(path, hash);
    const cache = await caches.open(name);
    // Where there is no room to keep it, it is only served.
    await cache.put(scope + path, response.clone()).catch(() => {});
    return response;
  } catch {
    return undefined;
  }
}

/** @param {Response} response */
function isolated({ body, status, statusText, headers: sent }) {
  const headers = new Headers(sent);
  const lacking = Object.entries(ISOLATION).filter(([name]) => !headers.has(name));
  for (const [name, value] of lacking) headers.set(name, value);
  // So that the page can tell who added them.
  if (lacking.length > 0) headers.append("Server-Timing", "isolated-by-worker");
  return new Response(body, { status, statusText, headers });
}

/**
 * What the host has now: `null` if it has no list, nothing if it does not answer in time.
 *
 * @returns {Promise<Version | null | undefined>}
 */
async function ask() {
  try {
    const response = await fetch(LIST, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 404) return null;
    return response.ok ? await readList(response) : undefined;
  } catch {
    return undefined; // offline, or the answer is not a list
  }
}

/** @param {Response} response @returns {Promise<Version>} */
async function readList(response) {
  const list = await response.text();
  const name = PREFIX + (await digest(new TextEncoder().encode(list)));
  /** @type {Record<string, string>} */
  const files = JSON.parse(list);
  if (!Object.keys(files).every((path) => OURS.test(path))) throw new Error("The list has files of others.");
  return { name, list, files };
}

/** The version that pages get: the oldest that is whole. */
function inUse() {
  found ??= (async () => {
    for (const name of await versions()) {
      const list = await caches.match(LIST, { cacheName: name });
      if (list) return readList(list);
    }
    return undefined;
  })().catch(() => undefined); // without caches the host's files are served
  return found;
}

/** The names of all versions, the oldest first. */
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Keeps a version, unless it is kept already. Versions between it and the one in use are removed. @param {Version} version */
function keep(version) {
  const { name } = version;
  const arrival = arriving.get(name) ?? gather(version).finally(() => arriving.delete(name));
  arriving.set(name, arrival);
  return arrival;
}

/** @param {Version} version */
async function gather({ name, list, files }) {
  if (await caches.match(LIST, { cacheName: name })) return;
  const old = await inUse();
  await removeAllBut(name, old?.name);
  const cache = await caches.open(name);
  try {
    await Promise.all(
      Object.entries(files).map(async ([path, hash]) => {
        const same = old?.files[path] === hash ? await caches.match(scope + path, { cacheName: old.name }) : undefined;
        const response = same ?? (LATER.test(path) ? undefined : await fetchListed(path, hash));
        if (response) await cache.put(scope + path, response);
      }),
    );
    await cache.put(LIST, new Response(list));
  } catch (error) {
    await caches.delete(name);
    console.warn(`The page is not kept for visits offline: ${error instanceof Error ? error.message : error}`);
    throw error;
  }
  if (!old) found = undefined;
}

/** @param {(string | undefined)[]} names */
async function removeAllBut(...names) {
  for (const name of await versions()) if (!names.includes(name)) await caches.delete(name);
}

/**
 * A file with the hash that the list has. The browser's own cache may have an older one.
 *
 * @param {string} path
 * @param {string} hash
 */
async function fetchListed(path, hash) {
  for (const cache of /** @type {const} */ (["default", "reload"])) {
    const response = await fetch(scope + path, { cache });
    const bytes = await response.arrayBuffer();
    if (!response.ok || (await digest(bytes)) !== hash) continue;
    const type = response.headers.get("Content-Type") ?? "";
    return new Response(bytes, { headers: { "Content-Type": type, "Content-Length": String(bytes.byteLength) } });
  }
  throw new Error(`the host's ${path} is not the one that its pkg/files.json lists; build and upload both again.`);
}

/** @param {BufferSource} bytes */
async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Promise<void>} arrival */
function isInTime(arrival) {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, false));
  return Promise.race([arrival.then(() => true, () => false), late]);
}

/** The path of an address under this worker, without its query. @param {string} url */
function pathOf(url) {
  return url.slice(scope.length).replace(/[?#].*$/, "");
}
