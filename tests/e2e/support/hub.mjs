// A stand-in for the Hub on the loopback interface: one origin lists folders and answers 302 to a
// second, which sends ranges with CORS; both misbehave on demand.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/** @import { IncomingMessage, ServerResponse } from "node:http" */
/** @import { AddressInfo } from "node:net" */
/** @import { TestContext } from "node:test" */

/**
 * What one request meets instead of its answer.
 *
 * @typedef {object} Fault
 * @property {number} [status] that status
 * @property {number} [retryAfter] with it, the seconds to wait
 * @property {number} [cut] the connection breaks off after so many bytes of the body
 * @property {number} [silent] nothing more comes after so many bytes of the body, and the connection stays
 * @property {number} [drip] the body comes in pieces of so many bytes
 * @property {number} [length] `Content-Length` is too large by so much, or too small
 * @property {number} [extra] the body is longer than its range by so much, or shorter, and `Content-Length` says so
 * @property {(start: number, end: number, total: number) => string} [range] what `Content-Range` says
 * @property {boolean} [whole] the range is ignored
 * @property {Buffer} [file] the file is another one by now
 * @property {string} [list] the listing is this text
 * @property {string} [link] the listing's `Link`
 */

/** A page of a listing has so many entries. */
const PAGE = 2;

/**
 * @param {TestContext} t
 * @param {Record<string, Buffer>} files by path, as `owner/repo/path`
 * @returns {Promise<{ origin: string, store: string, faults: (Fault | undefined)[], ranges: (string | undefined)[],
 *   requests: string[], sent: () => number, hangUp: () => void }>} `faults` meet the coming requests for bytes and listings in order,
 *   `ranges` are those asked for, `requests` the paths of all requests, `sent` counts bytes of bodies of files,
 *   `hangUp` cuts all connections for bytes
 */
export async function standIn(t, files) {
  /** @type {(Fault | undefined)[]} */
  const faults = [];
  /** @type {(string | undefined)[]} */
  const ranges = [];
  /** @type {string[]} */
  const requests = [];
  let sent = 0;

  const store = await listen(t, (request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, { "Access-Control-Allow-Headers": "Range" }).end();
      return;
    }
    ranges.push(request.headers.range);
    const fault = faults.shift() ?? {};
    const file = fault.file ?? files[decodeURIComponent((request.url ?? "").slice(1))];
    if (refused(response, fault) || file === undefined) {
      response.writeHead(fault.status ?? 404).end();
      return;
    }
    const range = fault.whole ? null : /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = range ? Math.min(Number(range[2]) + 1, file.length) : file.length;
    const body = file.subarray(start, end + (fault.extra ?? 0));
    const said = fault.range?.(start, end, file.length) ?? `bytes ${start}-${end - 1}/${file.length}`;
    if (range) response.setHeader("Content-Range", said);
    response.writeHead(range ? 206 : 200, { "Content-Length": body.length + (fault.length ?? 0), ETag: `"${file.length}"` });
    const first = body.subarray(0, fault.cut ?? fault.silent);
    sent += first.length;
    if (fault.cut !== undefined) {
      response.write(first, () => response.destroy());
    } else if (fault.silent !== undefined) {
      response.write(first);
    } else if (fault.length !== undefined) {
      response.end(body, () => request.socket.end());
    } else if (fault.drip !== undefined) {
      drip(response, body, fault.drip);
    } else {
      response.end(body);
    }
  });

  const front = await listen(t, (request, response) => {
    requests.push(request.url ?? "");
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const [first = "", ...parts] = pathname.split("/").slice(1).map(decodeURIComponent);
    if (first === "api") {
      const fault = faults.shift() ?? {};
      const [, owner, repo, , , ...folder] = parts;
      const entries = list(files, [owner, repo, ...folder].join("/"));
      if (refused(response, fault) || entries.length === 0) {
        response.writeHead(fault.status ?? 404).end();
        return;
      }
      const at = Number(searchParams.get("cursor") ?? 0);
      const next = at + PAGE < entries.length ? `<http://${request.headers.host}${pathname}?cursor=${at + PAGE}>; rel="next"` : undefined;
      const link = fault.link ?? next;
      if (link !== undefined) response.setHeader("Link", link);
      response.setHeader("Content-Type", "application/json");
      response.end(fault.list ?? JSON.stringify(entries.slice(at, at + PAGE)));
      return;
    }
    const [repo, resolve, , ...path] = parts;
    if (resolve !== "resolve") {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(302, { Location: `${store.origin}/${encodeURIComponent([first, repo, ...path].join("/"))}` }).end();
  });
  return { origin: front.origin, store: store.origin, faults, ranges, requests, sent: () => sent, hangUp: store.hangUp };
}

/**
 * Whether a request is to be refused; perhaps with the time to wait.
 *
 * @param {ServerResponse} response
 * @param {Fault} fault
 */
function refused(response, { status, retryAfter }) {
  if (retryAfter !== undefined) response.setHeader("Retry-After", retryAfter);
  return status !== undefined;
}

/**
 * What the Hub says of a folder's files and folders.
 *
 * @param {Record<string, Buffer>} files
 * @param {string} folder `owner/repo/folder`
 */
function list(files, folder) {
  /** @type {Map<string, object>} */
  const entries = new Map();
  for (const [name, bytes] of Object.entries(files)) {
    if (!name.startsWith(`${folder}/`)) continue;
    const [child = "", ...below] = name.slice(folder.length + 1).split("/");
    const path = [...folder.split("/").slice(2), child].join("/");
    const oid = createHash("sha256").update(bytes).digest("hex");
    const file = { type: "file", oid: "0", size: bytes.length, lfs: { oid, size: bytes.length, pointerSize: 134 }, path };
    entries.set(path, below.length > 0 ? { type: "directory", oid: "0", size: 0, path } : file);
  }
  return [...entries.values()];
}

/**
 * @param {ServerResponse} response
 * @param {Buffer} body
 * @param {number} size
 */
async function drip(response, body, size) {
  for (let at = 0; at < body.length && !response.destroyed; at += size) {
    response.write(body.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  response.end();
}

/**
 * @param {TestContext} t
 * @param {(request: IncomingMessage, response: ServerResponse) => void} answer
 * @returns {Promise<{ origin: string, hangUp: () => void }>}
 */
async function listen(t, answer) {
  const server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Content-Range, ETag, Link, Retry-After");
    answer(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, hangUp: () => server.closeAllConnections() };
}
