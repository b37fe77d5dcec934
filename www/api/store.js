// The cache: packed models that were fetched from afar, kept by the browser for the next visit. They lie in
// the origin's private file system, or where there is none, in the Cache API.
//
// An entry is one file: the packed model, its tokenizer if it has one, a JSON text about both, and
// that text's length in four bytes. It is written under a temporary name and renamed when it is
// whole. So an entry is either there or not, even if a tab is closed meanwhile.

const NAME = "cpu1-models";

const IN_CACHE = "It is in the Cache API, as the browser gives this page no private file system.";

/** Version of the format, and of how the files were read that are kept in it; others are not read. */
const VERSION = 2;

/**
 * A model that is kept.
 *
 * @typedef {object} Entry
 * @property {string} id
 * @property {string} source address it came from
 * @property {string} revision of the Hub's repository, or empty
 * @property {string} sha256 of the file it was made from, where that was known; else empty
 * @property {string} run folder name of the published run, or empty
 * @property {string} flavour of the file it was made from
 * @property {number} size bytes that it takes up
 * @property {string} date when it was kept, as ISO 8601 has it
 */

/**
 * What is written with a model: most of its entry, and what was decided about its tensors.
 *
 * @typedef {Omit<Entry, "id" | "size"> & { report: unknown }} About
 */

/**
 * A model read back.
 *
 * @typedef {object} Kept
 * @property {About} about
 * @property {Blob} model
 * @property {Blob | undefined} tokenizer
 */

/**
 * Where entries are kept, as files without a structure.
 *
 * @typedef {object} Backend
 * @property {() => Promise<string[]>} ids
 * @property {(id: string) => Promise<Blob | undefined>} open
 * @property {(id: string) => Promise<Draft>} create a file that is `open` to others when it is committed
 * @property {(id: string) => Promise<void>} remove a file that may be there
 * @property {() => Promise<void>} tidy removes what closed tabs left half written
 */

/**
 * @typedef {object} Draft
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} write
 * @property {() => Promise<void>} commit
 * @property {() => Promise<void>} abandon
 */

/**
 * The store of this origin; nothing where the browser keeps no files for it.
 *
 * @returns {Promise<Store | undefined>}
 */
export async function openStore() {
  try {
    const root = await navigator.storage.getDirectory();
    return new Store(folder(await root.getDirectoryHandle(NAME, { create: true })), "");
  } catch {
    // This browser or this window has none: the Cache API may do.
  }
  try {
    return new Store(responses(await caches.open(NAME)), IN_CACHE);
  } catch {
    return undefined;
  }
}

export class Store {
  #backend;

  /** @param {Backend} backend @param {string} notice where entries are, if not where they should be */
  constructor(backend, notice) {
    this.#backend = backend;
    this.notice = notice;
  }

  /** All that is kept. @returns {Promise<Entry[]>} */
  async list() {
    /** @type {Entry[]} */
    const entries = [];
    for (const id of await this.#backend.ids()) {
      const file = await this.#backend.open(id);
      const kept = file && (await open(file));
      if (file === undefined || kept === undefined) continue;
      const { source, revision, sha256, run, flavour, date } = kept.about;
      entries.push({ id, source, revision, sha256, run, flavour, size: file.size, date });
    }
    return entries;
  }

  /** @param {string} id @returns {Promise<Kept | undefined>} nothing where it is not kept, or not whole */
  async find(id) {
    const file = await this.#backend.open(id);
    return file && open(file);
  }

  /**
   * Begins to keep a model, in the place of one that may be there. What fails then, a full quota for one, is thrown.
   *
   * @param {string} id
   * @throws {DOMException} `NoModificationAllowedError` where another tab is keeping it right now
   */
  async create(id) {
    await this.#backend.tidy();
    const draft = await this.#backend.create(id);
    let size = 0;
    return {
      /** A piece of the packed model. @param {Uint8Array<ArrayBuffer>} piece */
      write(piece) {
        draft.write(piece);
        size += piece.length;
      },
      /** @param {Uint8Array<ArrayBuffer> | undefined} tokenizer @param {About} about */
      async commit(tokenizer, about) {
        if (tokenizer) draft.write(tokenizer);
        const sizes = { model: size, tokenizer: tokenizer?.length ?? 0 };
        const text = new TextEncoder().encode(JSON.stringify({ version: VERSION, ...sizes, about }));
        draft.write(text);
        draft.write(new Uint8Array(Uint32Array.of(text.length).buffer));
        await draft.commit();
      },
      abandon: draft.abandon,
    };
  }

  /** @param {string} id */
  remove(id) {
    return this.#backend.remove(id);
  }

  async removeAll() {
    for (const id of await this.#backend.ids()) await this.#backend.remove(id);
    await this.#backend.tidy();
  }
}

/** An entry that is being written. @typedef {Awaited<ReturnType<Store["create"]>>} Writing */

/**
 * Takes an entry's file apart.
 *
 * @param {Blob} file
 * @returns {Promise<Kept | undefined>} nothing where it is not whole
 */
async function open(file) {
  try {
    const end = file.size - 4;
    const [length = 0] = new Uint32Array(await file.slice(end).arrayBuffer());
    const { version, model, tokenizer, about } = JSON.parse(await file.slice(end - length, end).text());
    if (version !== VERSION || model + tokenizer + length !== end) return undefined;
    return {
      about,
      model: file.slice(0, model),
      tokenizer: tokenizer > 0 ? file.slice(model, model + tokenizer) : undefined,
    };
  } catch {
    return undefined; // too short, no JSON, or no longer there
  }
}

/**
 * Files of the origin's private file system, which have two methods that pages do not see or that
 * the types do not know.
 *
 * @typedef {FileSystemFileHandle & {
 *   createSyncAccessHandle: () => Promise<SyncFile>,
 *   move: (name: string) => Promise<void>,
 * }} PrivateFile
 * @typedef {{
 *   write: (bytes: Uint8Array, options: { at: number }) => number,
 *   truncate: (size: number) => void,
 *   flush: () => void,
 *   close: () => void,
 * }} SyncFile
 */

const WHOLE = ".model";
const HALF = ".part";

/**
 * The private file system. A file that is open for writing is locked against all tabs, so that none
 * removes what another is writing.
 *
 * @param {FileSystemDirectoryHandle} directory
 * @returns {Backend}
 */
function folder(directory) {
  const names = async () => {
    const all = [];
    for await (const name of directory.keys()) all.push(name);
    return all;
  };
  // A file may be missing, or locked by the tab that writes it.
  const removeFile = (/** @type {string} */ name) => directory.removeEntry(name).catch(() => {});
  return {
    ids: async () => (await names()).filter((name) => name.endsWith(WHOLE)).map((name) => name.slice(0, -WHOLE.length)),
    async open(id) {
      try {
        return await (await directory.getFileHandle(id + WHOLE)).getFile();
      } catch {
        return undefined;
      }
    },
    async create(id) {
      const handle = /** @type {PrivateFile} */ (await directory.getFileHandle(id + HALF, { create: true }));
      const file = await handle.createSyncAccessHandle();
      file.truncate(0); // what a closed tab left
      let size = 0;
      return {
        write(bytes) {
          const written = file.write(bytes, { at: size });
          if (written < bytes.length) throw new DOMException("The quota is used up.", "QuotaExceededError");
          size += written;
        },
        async commit() {
          file.flush();
          file.close();
          await removeFile(id + WHOLE);
          await handle.move(id + WHOLE);
        },
        async abandon() {
          file.close();
          await removeFile(id + HALF);
        },
      };
    },
    remove: (id) => removeFile(id + WHOLE),
    async tidy() {
      for (const name of await names()) if (name.endsWith(HALF)) await removeFile(name);
    },
  };
}

/** The Cache API, where a response is there as a whole or not at all. @param {Cache} cache @returns {Backend} */
function responses(cache) {
  // Entries need addresses there; no server has these.
  const addressOf = (/** @type {string} */ id) => `https://${NAME}.invalid/${id}`;
  return {
    ids: async () => (await cache.keys()).map(({ url }) => new URL(url).pathname.slice(1)),
    open: async (id) => (await cache.match(addressOf(id)))?.blob(),
    async create(id) {
      /** @type {Blob[]} */
      const pieces = []; // the browser has them, not this program
      return {
        write: (bytes) => void pieces.push(new Blob([bytes])),
        commit: () => cache.put(addressOf(id), new Response(new Blob(pieces))),
        abandon: async () => {},
      };
    },
    async remove(id) {
      await cache.delete(addressOf(id));
    },
    async tidy() {},
  };
}
