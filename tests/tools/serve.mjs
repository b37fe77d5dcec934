// A static file server for the page, on the loopback interface only.
//
//   node tests/tools/serve.mjs [--port N] [--root DIR] [--no-isolation]
//
// It sends the headers of cross-origin isolation, which browsers ask for before they share memory
// between threads; `--no-isolation` leaves them out, as most static hosts do.
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { LIST, listFiles } from "./files.mjs";

/** @import { IncomingMessage, ServerResponse } from "node:http" */
/** @import { AddressInfo } from "node:net" */

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));
const DEFAULT_PORT = 8080;

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/**
 * Texts that are served with others in the place of some of their words, by their URLs.
 *
 * @typedef {Record<string, Record<string, string>>} Edits
 */

/**
 * Starts the server; port 0 takes any free one.
 *
 * @param {{ root?: string, isolated?: boolean, port?: number, open?: RegExp, also?: Record<string, string>, lists?: boolean, edits?: Edits }} [options]
 *   pages of other origins may read the files whose URL fits `open`; `also` are further folders, by where their URLs
 *   begin; `lists`: the page's list of its files is made when it is asked for, as somebody works on them
 * @returns {Promise<{ origin: string, close: () => Promise<void> }>}
 */
export async function serve({ root = WWW, isolated = true, port = 0, open = /^$/, also = {}, lists = false, edits = {} } = {}) {
  const server = createServer((request, response) => {
    if (open.test(request.url ?? "/")) response.setHeader("Access-Control-Allow-Origin", "*");
    const [begin = "/", folder = root] = Object.entries(also).find(([start]) => request.url?.startsWith(start)) ?? [];
    request.url = request.url?.slice(begin.length - 1);
    const isList = lists && request.url === `/${LIST}`;
    const answered = isList ? listFiles(folder).then((list) => void response.setHeader("Cache-Control", "no-store").end(list)) : answer(resolve(folder), isolated, edits[request.url ?? ""], request, response);
    answered.catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  const { port: bound } = /** @type {AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {string} folder absolute path of what is served
 * @param {boolean} isolated
 * @param {Edits[string] | undefined} edits
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
async function answer(folder, isolated, edits, request, response) {
  if (isolated) for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
  response.setHeader("Cache-Control", "no-store");

  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
    return;
  }
  const file = await find(folder, request.url ?? "/");
  if (file === null) {
    response.writeHead(404, { "Content-Type": TYPES[".txt"] }).end("There is no such file.\n");
    return;
  }

  if (edits) {
    response.setHeader("Content-Type", TYPES[extname(file.path)] ?? "");
    response.end(edited(await readFile(file.path, "utf8"), edits));
    return;
  }
  const range = parseRange(request.headers.range, file.size);
  if (range === "unsatisfiable") {
    response.writeHead(416, { "Content-Range": `bytes */${file.size}` }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.size };
  response.setHeader("Content-Type", TYPES[extname(file.path)] ?? "application/octet-stream");
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("Content-Length", end - start);
  if (range) response.setHeader("Content-Range", `bytes ${start}-${end - 1}/${file.size}`);
  response.writeHead(range ? 206 : 200);
  if (request.method === "HEAD" || start === end) {
    response.end();
    return;
  }
  const stream = createReadStream(file.path, { start, end: end - 1 });
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

/**
 * @param {string} text
 * @param {Edits[string]} edits
 */
function edited(text, edits) {
  for (const [words, others] of Object.entries(edits)) {
    if (!text.includes(words)) throw new Error(`There is no “${words}” to put “${others}” in its place.`);
    text = text.replace(words, others);
  }
  return text;
}

/**
 * The file a URL names inside the folder, or null.
 *
 * @param {string} folder
 * @param {string} url
 * @returns {Promise<{ path: string, size: number } | null>}
 */
async function find(folder, url) {
  try {
    let path = join(folder, decodeURIComponent(new URL(url, "http://localhost").pathname));
    if (path !== folder && !path.startsWith(folder + sep)) return null;
    let info = await stat(path);
    if (info.isDirectory()) {
      path = join(path, "index.html");
      info = await stat(path);
    }
    return info.isFile() ? { path, size: info.size } : null;
  } catch {
    return null; // not there, or a URL that cannot be decoded
  }
}

/**
 * One byte range of a `Range` header as [start, end); null where the whole file is to be sent,
 * which HTTP also allows for several ranges or a header that makes no sense.
 *
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ start: number, end: number } | "unsatisfiable" | null}
 */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const [first, last] = [match[1], match[2]].map((text) => (text === "" ? null : Number(text)));
  if (first === null) {
    const length = Math.min(/** @type {number} */ (last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  if (last !== null && last < first) return null;
  return first >= size ? "unsatisfiable" : { start: first, end: Math.min(last ?? size, size - 1) + 1 };
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      root: { type: "string" },
      "no-isolation": { type: "boolean", default: false },
    },
  });
  const isolated = !values["no-isolation"];
  const options = { isolated, lists: true, ...(values.root === undefined ? {} : { root: values.root }) };

  /** @type {{ origin: string }} */
  let server;
  try {
    server = await serve({ ...options, port: Number(values.port ?? DEFAULT_PORT) });
  } catch (error) {
    const busy = /** @type {NodeJS.ErrnoException} */ (error).code === "EADDRINUSE";
    if (!busy || values.port !== undefined) throw error;
    server = await serve(options); // the usual port is taken: any other will do
  }
  const note = isolated ? "cross-origin isolated: threads" : "not isolated: one thread";
  console.log(`\n  ${server.origin}/   (${note}; Ctrl-C stops)\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error) => {
    console.error(`The server did not start: ${error.message}.`);
    process.exitCode = 1;
  });
}
