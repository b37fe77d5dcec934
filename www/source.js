// Where the bytes of a checkpoint come from. The loader asks for ranges and does not care.
import { CPU1Error, sayBytes } from "./errors.js";

/**
 * A file that can be read in pieces.
 *
 * @typedef {object} Source
 * @property {number} size bytes of the whole file
 * @property {(start: number, end: number) => Promise<Uint8Array>} read exactly the bytes [start, end)
 */

/** @typedef {(loaded: number, total: number) => void} OnBytes total is 0 where it is not known */

/** Files up to this size are fetched by one plain GET and kept until they are packed. */
const MOST_IN_MEMORY = 16 * 2 ** 20;

/**
 * @param {string | Blob | Uint8Array} place an absolute URL, a local file, or the bytes themselves
 * @param {OnBytes} onBytes hears of bytes that come over the network
 * @returns {Promise<Source>}
 */
export async function openSource(place, onBytes) {
  if (typeof place === "string") return bytesSource(await fetchAll(place, onBytes));
  if (place instanceof Blob) return blobSource(place);
  return bytesSource(place);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Source}
 */
function bytesSource(bytes) {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/**
 * @param {Blob} blob
 * @returns {Source}
 */
function blobSource(blob) {
  return {
    size: blob.size,
    async read(start, end) {
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer());
      } catch (cause) {
        throw new CPU1Error("network", "The file can no longer be read: it was moved or changed. Choose it again.", {
          cause,
        });
      }
    },
  };
}

/**
 * @param {string} url
 * @param {OnBytes} onBytes
 */
async function fetchAll(url, onBytes) {
  const name = new URL(url).pathname.split("/").pop() || url;
  const response = await fetch(url).catch((cause) => {
    const foreign = new URL(url).origin !== location.origin;
    const why = foreign ? "the connection failed, or its server lets no other site read it" : "the connection failed";
    throw new CPU1Error("network", `The file ${name} could not be fetched: ${why}.`, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CPU1Error("network", `The file ${name} could not be fetched: the server answered ${response.status}.`);
  }
  // The length is that of the body as sent; compressed, it says nothing about the file.
  const sent = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
  if (sent > MOST_IN_MEMORY) {
    await response.body.cancel();
    throw tooBig(name, sent);
  }

  /** @type {Uint8Array[]} */
  const pieces = [];
  let loaded = 0;
  const reader = response.body.getReader();
  onBytes(0, sent);
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw new CPU1Error("network", `The connection broke off after ${sayBytes(loaded)} of ${name}.`, { cause });
    });
    if (done) break;
    pieces.push(value);
    loaded += value.length;
    if (loaded > MOST_IN_MEMORY) {
      await reader.cancel();
      throw tooBig(name, loaded);
    }
    onBytes(loaded, sent);
  }

  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * @param {string} name
 * @param {number} bytes
 */
function tooBig(name, bytes) {
  const most = sayBytes(MOST_IN_MEMORY);
  return new CPU1Error(
    "unsupported",
    `The file ${name} has ${sayBytes(bytes)}; over the network this program reads files of up to ${most}. Download it and open it as a file.`,
  );
}
