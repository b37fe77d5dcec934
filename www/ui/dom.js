// The page's elements: found once, or made with text that stays text.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} “${id}”.`);
  return found;
}

/**
 * A new element. Strings among its children become text, whatever they hold.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * Has the browser save a JSON text.
 *
 * @param {string} name of the file
 * @param {string} text
 */
export function saveAs(name, text) {
  const href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser has long saved it
}

/**
 * Passes on each file that is chosen. The same file can be chosen again.
 *
 * @param {HTMLInputElement} input
 * @param {(file: File, all: File[]) => unknown} take hears of the first, and of all where several can be chosen
 */
export function onFile(input, take) {
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    if (files[0]) take(files[0], files);
    input.value = "";
  });
}
