// How a worker is started, wherever its script is.

/**
 * Starts a worker. Browsers take its script from the page's own origin only; from another it is
 * imported by a script of the page's.
 *
 * @param {string} here address of the module that asks
 * @param {string} script beside that module
 * @param {() => Worker} near starts it from the page's own origin, in the form that bundlers know
 */
export function spawn(here, script, near) {
  const address = new URL(script, here);
  if (address.origin === location.origin) return near();
  const text = new Blob([`import ${JSON.stringify(address.href)};`], { type: "text/javascript" });
  const own = URL.createObjectURL(text);
  const worker = new Worker(own, { type: "module", name: "cpu1" });
  setTimeout(() => URL.revokeObjectURL(own), 60_000); // the browser has long read it
  return worker;
}
