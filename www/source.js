// Where the bytes of a checkpoint come from. The loader asks for ranges and does not care.
import { CPU1Error, sayBytes } from "./errors.js";
import { openRanges } from "./hub.js";

/**
 * A file that can be read in pieces.
 *
 * @typedef {object} Source
 * @property {number} size bytes of the whole file
 * @property {(start: number, end: number) => Promise<Uint8Array>} read exactly the bytes [start, end)
 */

/** @typedef {(loaded: number, total: number) => void} OnBytes total is 0 where it is not known */

/** Files of the page's own server up to this size are fetched by one plain GET and kept until they are packed. */
const MOST_IN_MEMORY = 16 * 2 ** 20;

/**
 * @param {string | Blob | Uint8Array} place an absolute URL, a local file, or the bytes themselves
 * @param {OnBytes} onBytes hears of bytes that come over the network
 * @returns {Promise<Source>}
 */
export async function openSource(place, onBytes) {
  if (typeof place === "string") return openAddress(place, onBytes);
  if (place instanceof Blob) return blobSource(place);
  return bytesSource(place);
}

/**
 * Small files of the page's own server in one go, all others in ranges.
 *
 * @param {string} url
 * @param {OnBytes} onBytes
 */
async function openAddress(url, onBytes) {
  const ours = new URL(url).origin === location.origin;
  const bytes = ours ? await fetchSmall(url, onBytes) : undefined;
  return bytes ? bytesSource(bytes) : openRanges(url, onBytes);
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
 * A whole file, or nothing where it turns out to be large.
 *
 * @param {string} url
 * @param {OnBytes} onBytes
 * @returns {Promise<Uint8Array | undefined>}
 */
async function fetchSmall(url, onBytes) {
  const name = new URL(url).pathname.split("/").pop() || url;
  const response = await fetch(url).catch((cause) => {
    throw new CPU1Error("network", `The file ${name} could not be fetched: the connection failed.`, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CPU1Error("network", `The file ${name} could not be fetched: the server answered ${response.status}.`);
  }
  // The length is that of the body as sent; compressed, it says nothing about the file.
  const sent = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
  if (sent > MOST_IN_MEMORY) {
    await response.body.cancel();
    return undefined;
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
      return undefined;
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
