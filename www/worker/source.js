// Where the bytes of a checkpoint come from: memory, a local file, or a server.
import { CPU1Error, sayBytes } from "../api/errors.js";
import { nameOf, openRanges } from "../api/remote.js";

/** @import { OnBytes, Source } from "../api/remote.js" */

/** Files of the page's own server up to this size are fetched by one plain GET and held until they are packed. */
const MOST_IN_MEMORY = 16 * 2 ** 20;

/**
 * @param {string | Blob | Uint8Array} place an absolute URL, a local file, or the bytes themselves
 * @param {OnBytes} onBytes hears of bytes that come over the network
 * @returns {Promise<Source & { far: boolean }>} `far`: it came from another server, and is worth a place in the cache
 */
export async function openSource(place, onBytes) {
  if (place instanceof Blob) return { ...blobSource(place), far: false };
  if (typeof place !== "string") return { ...bytesSource(place), far: false };
  // Small files of the page's own server, or this program's, in one go; all others in ranges.
  const ours = [location.href, import.meta.url].some((url) => new URL(url).origin === new URL(place).origin);
  const bytes = ours ? await fetchSmall(place, onBytes) : undefined;
  if (bytes) return { ...bytesSource(bytes), far: false };
  const file = await openRanges(place, onBytes);
  return { size: file.size, read: (...range) => file.read(...range), far: true };
}

/** @param {Uint8Array} bytes @returns {Source} */
function bytesSource(bytes) {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** @param {Blob} blob @returns {Source} */
export function blobSource(blob) {
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
  const name = nameOf(url);
  const response = await fetch(url).catch((cause) => {
    throw new CPU1Error("network", `The file ${name} could not be fetched: the connection failed.`, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CPU1Error("network", `The file ${name} could not be fetched: the server answered ${response.status}.`);
  }
  // The length of a compressed body says nothing about the file.
  const sent = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
  if (sent > MOST_IN_MEMORY) {
    await response.body.cancel();
    return undefined;
  }
  /** @type {Uint8Array<ArrayBuffer>[]} */
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
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
