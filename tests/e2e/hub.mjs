// A stand-in for the Hub on the loopback interface: one origin answers 302 to a second, which sends
// ranges with CORS, and misbehaves on demand.
import { createServer } from "node:http";

/** @import { IncomingMessage, ServerResponse } from "node:http" */
/** @import { AddressInfo } from "node:net" */
/** @import { TestContext } from "node:test" */

/**
 * What one request meets instead of its answer.
 *
 * - `status`: that status, perhaps with `Retry-After` in seconds
 * - `cut`: the connection breaks off after so many bytes of the body
 * - `drip`: the body comes in pieces of so many bytes
 * - `whole`: the range is ignored
 * - `file`: the file is another one by now
 *
 * @typedef {{ status?: number, retryAfter?: number, cut?: number, drip?: number, whole?: boolean, file?: Buffer }} Fault
 */

/**
 * @param {TestContext} t
 * @param {Record<string, Buffer>} files by path, as `owner/repo/path`
 * @returns {Promise<{ origin: string, faults: (Fault | undefined)[], ranges: (string | undefined)[], sent: () => number }>}
 *   `faults` meet the coming requests in order, `ranges` are those asked for, `sent` counts bytes of bodies
 */
export async function standIn(t, files) {
  /** @type {(Fault | undefined)[]} */
  const faults = [];
  /** @type {(string | undefined)[]} */
  const ranges = [];
  let sent = 0;

  const store = await listen(t, (request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, { "Access-Control-Allow-Headers": "Range" }).end();
      return;
    }
    ranges.push(request.headers.range);
    const fault = faults.shift() ?? {};
    const file = fault.file ?? files[decodeURIComponent((request.url ?? "").slice(1))];
    if (fault.status !== undefined || file === undefined) {
      if (fault.retryAfter !== undefined) response.setHeader("Retry-After", fault.retryAfter);
      response.writeHead(fault.status ?? 404).end();
      return;
    }
    const range = fault.whole ? null : /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = range ? Math.min(Number(range[2]) + 1, file.length) : file.length;
    if (range) response.setHeader("Content-Range", `bytes ${start}-${end - 1}/${file.length}`);
    response.writeHead(range ? 206 : 200, { "Content-Length": end - start, ETag: `"${file.length}"` });
    const body = file.subarray(start, end);
    const first = body.subarray(0, fault.cut);
    sent += first.length;
    if (fault.cut !== undefined) {
      response.write(first, () => response.destroy());
    } else if (fault.drip !== undefined) {
      drip(response, body, fault.drip);
    } else {
      response.end(body);
    }
  });

  const front = await listen(t, (request, response) => {
    const [, owner, repo, resolve, , ...path] = (request.url ?? "").split("/");
    if (resolve !== "resolve") {
      response.writeHead(404).end();
      return;
    }
    const location = `${store}/${encodeURIComponent([owner, repo, ...path.map(decodeURIComponent)].join("/"))}`;
    response.writeHead(302, { Location: location }).end();
  });
  return { origin: front, faults, ranges, sent: () => sent };
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
 * @returns {Promise<string>} its origin
 */
async function listen(t, answer) {
  const server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "Content-Range, ETag, Retry-After");
    answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${/** @type {AddressInfo} */ (server.address()).port}`;
}
