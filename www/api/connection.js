// The page's side of the talk with a worker: who waits for which answer, and how the worker's end is noticed.
import { compileProgram } from "./engine.js";
import { CPU1Error, aborted } from "./errors.js";
import { spawn } from "./spawn.js";

/** @import { Wish } from "./engine.js" */
/** @import { Answer, Note, Request } from "./protocol.js" */

/** A worker that does not answer in so many milliseconds is gone. */
const PATIENCE = 5000;

let ids = 0;
/** A number for a request, or for a model. */
export function newId() {
  ids += 1;
  return ids;
}

/** One worker, and who waits for its answers. */
export class Connection {
  /** By the program that was asked for, its threads above all. @type {Map<string, Connection>} */
  static #open = new Map();

  /** How many models it holds; without one it ends. */
  models = 0;
  /** Why there will be no more answers. @type {CPU1Error | undefined} */
  ended;
  #worker = spawn(
    import.meta.url,
    "../worker/worker.js",
    () => new Worker(new URL("../worker/worker.js", import.meta.url), { type: "module", name: "cpu1" }),
  );
  #program;
  /** Who waits for answers, by the request's number. @type {Map<number, Inbox>} */
  #inboxes = new Map();
  /** Fires when the worker is ended by us. */
  #end = new AbortController();

  /** @param {number | undefined} threads @param {Wish} wish */
  static of(threads, wish) {
    const program = JSON.stringify([threads, wish]);
    const known = this.#open.get(program);
    if (known) return known;
    const opened = new Connection(program, wish);
    this.#open.set(program, opened);
    return opened;
  }

  /** @param {string} program @param {Wish} wish */
  constructor(program, wish) {
    this.#program = program;
    compileProgram(wish).then(
      (module) => this.#worker.postMessage({ id: 0, request: { type: "program", module } }),
      (error) => this.close(error),
    );
    this.#worker.onmessage = ({ data }) => this.#inboxes.get(data.id)?.put(data.answer);
    this.#watch();
    this.#worker.onerror = (event) => {
      event.preventDefault(); // it is told below
      const why = event.message ? `it stopped: ${event.message}` : "it could not be loaded from its server";
      this.close(new CPU1Error(event.message ? "internal" : "network", `The model's worker is gone; ${why}.`));
    };
  }

  /**
   * Notices when the browser has ended the worker, as it may where memory is short. No event tells of that, but the
   * lock that the worker holds is released. A lock is released as well when the page's storage is cleared; so the
   * worker is then asked for a sign of life, and holds another lock.
   */
  async #watch() {
    if (!navigator.locks) return; // a page that did not come over https has none
    for (let lost = false; !this.ended; lost = true) {
      const id = newId();
      const inbox = new Inbox();
      this.#inboxes.set(id, inbox);
      const lock = `cpu1 ${crypto.randomUUID()}`;
      this.#worker.postMessage({ id, request: { type: "live", lock } });
      const late = new Promise((give) => lost && setTimeout(give, PATIENCE));
      const sign = await Promise.race([inbox.take(), late]);
      this.#inboxes.delete(id);
      if (!sign) break;
      await navigator.locks.request(lock, { signal: this.#end.signal }, () => {}).catch(() => {});
    }
    this.close(new CPU1Error("internal", "The model's worker is gone; the browser ended it. Load the model again."));
  }

  /**
   * Sends a request and hands on what the worker notes, then returns the result. Leaving early, or
   * the signal, stops the job; either way it has ended when this returns.
   *
   * @param {Request} request
   * @param {AbortSignal} [signal]
   * @param {number} [id]
   * @returns {AsyncGenerator<Note, any, void>}
   */
  async *ask(request, signal, id = newId()) {
    if (this.ended) throw this.ended;
    if (signal?.aborted) throw reasonOf(signal);
    const inbox = new Inbox();
    this.#inboxes.set(id, inbox);
    const stop = () => this.#worker.postMessage({ id, request: { type: "stop" } });
    signal?.addEventListener("abort", stop);
    let running = true;
    try {
      this.#worker.postMessage({ id, request });
      for (;;) {
        const answer = await inbox.take();
        running = answer.type !== "done" && answer.type !== "error";
        if (answer.type === "error") {
          const { details } = answer;
          const error = new CPU1Error(answer.code, answer.message, details && { details });
          if (answer.fatal) this.close(error);
          throw error;
        }
        if (answer.type === "done") {
          if (signal?.aborted) throw reasonOf(signal);
          return JSON.parse(answer.result);
        }
        if (!signal?.aborted) yield answer;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      if (running) stop();
      while (running) {
        const { type } = await inbox.take();
        running = type !== "done" && type !== "error";
      }
      this.#inboxes.delete(id);
    }
  }

  /** Frees a model, which may still be loading. @param {number} id */
  leave(id) {
    this.models -= 1;
    if (this.models === 0) this.close(disposed());
    else this.#worker.postMessage({ id, request: { type: "dispose" } });
  }

  /** Ends the worker. All who wait, or ask later, get the reason. @param {CPU1Error} reason */
  close(reason) {
    if (this.ended) return;
    this.ended = reason;
    Connection.#open.delete(this.#program);
    this.#end.abort();
    this.#worker.terminate();
    const { code, message } = reason;
    for (const inbox of this.#inboxes.values()) inbox.put({ type: "error", code, message, details: undefined, fatal: false });
  }
}

/** Messages in their order, for one reader who waits for them. */
class Inbox {
  /** @type {Answer[]} */
  #answers = [];
  #wake = () => {};

  /** @param {Answer} answer */
  put(answer) {
    this.#answers.push(answer);
    this.#wake();
  }

  /** @returns {Promise<Answer>} */
  async take() {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      await new Promise((wake) => {
        this.#wake = () => wake(undefined);
      });
    }
  }
}

/** @param {AbortSignal} signal */
function reasonOf({ reason }) {
  return reason instanceof CPU1Error ? reason : aborted();
}

export function disposed() {
  return new CPU1Error("disposed", "The model was given up; load it again.");
}
