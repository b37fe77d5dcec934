// How a worker is started, wherever its script is.

/** What a script says in the place of the one that it could not import. */
const LOST = "cpu1: lost";

/**
 * Starts a worker. Browsers take its script from the page's own origin only; from another it is
 * imported by a script of the page's. Either way, a script that cannot be fetched is an `error` without a message.
 *
 * @param {string} here address of the module that asks
 * @param {string} script beside that module
 * @param {() => Worker} near starts it from the page's own origin, in the form that bundlers know
 */
export function spawn(here, script, near) {
  const address = new URL(script, here);
  if (address.origin === location.origin) return near();
  // Not `import "…"`: WebKit would fetch it without CORS, and an isolated page refuses such an answer. Messages wait
  // until the script is there.
  const text = `
    const early = [];
    self.onmessage = (event) => early.push(event);
    import(${JSON.stringify(address.href)}).then(
      () => early.forEach((event) => self.onmessage(event)),
      () => self.postMessage(${JSON.stringify(LOST)}),
    );`;
  const own = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(own, { type: "module", name: "cpu1" });
  worker.addEventListener("message", (event) => {
    if (event.data !== LOST) return;
    event.stopImmediatePropagation();
    worker.dispatchEvent(new Event("error", { cancelable: true }));
  });
  setTimeout(() => URL.revokeObjectURL(own), 60_000); // the browser has long read it
  return worker;
}
