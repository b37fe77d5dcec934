// Scoring: how well models predict a text, compared with gzip and with a uniform guess.
import { CPU1Error } from "../../api/errors.js";
import { element, make, onFile } from "../../ui/dom.js";
import { composer } from "../composer.js";
import { session } from "../session.js";
import { count, say, showProgress } from "../status.js";
import { Inside, decode } from "./inside.js";
import { Lineup } from "./lineup.js";

/** @import { Model } from "../session.js" */

const page = {
  text: element("scored", HTMLTextAreaElement),
  size: element("scored-size", HTMLElement),
  error: element("scored-error", HTMLElement),
  file: element("scored-file", HTMLInputElement),
  rows: element("scores", HTMLTableSectionElement),
  shown: element("scored-text", HTMLElement),
  see: element("scored-see", HTMLInputElement),
};

/** The most bytes of a text; models need some minutes for as many. */
const LONGEST = 2 ** 20;

/** The most bytes of a text that is shown from inside. */
const MOST_SEEN = 4000;

/** Bits per byte of a uniform guess among 256 bytes. */
const UNIFORM = 8;

/** @typedef {{ element: HTMLElement, bits: HTMLElement, meter: HTMLMeterElement, note: HTMLElement }} Row */

/** A file in the place of what stands in the field. @type {{ name: string, bytes: Uint8Array } | undefined} */
let given;
const inside = new Inside(page.shown);

/**
 * @param {string} name
 * @param {HTMLButtonElement} [away]
 * @returns {Row}
 */
function makeRow(name, away) {
  const bits = make("td", {}, "–");
  const meter = make("meter", { min: 0, max: UNIFORM, value: 0, ariaLabel: `Bits per byte by ${name}` });
  const note = make("span", { className: "quiet" });
  const end = make("td", {}, away ?? "");
  return { element: make("tr", {}, make("th", { scope: "row" }, name, note), bits, make("td", {}, meter), end), bits, meter, note };
}

const gzip = makeRow("gzip");
const uniform = makeRow("a uniform guess");
page.rows.append(gzip.element, uniform.element);
/** @type {Lineup<Row>} */
const lineup = new Lineup(element("score-add", HTMLButtonElement), (name, away) => {
  const row = makeRow(name, away);
  gzip.element.before(row.element);
  return row;
});
gzip.note.textContent = "this browser’s, without a dictionary";
show(uniform, UNIFORM);

/** @param {Row} row @param {number} bitsPerByte */
function show({ bits, meter }, bitsPerByte) {
  bits.textContent = bitsPerByte.toFixed(3);
  meter.value = bitsPerByte;
}

export function open() {
  lineup.begin();
}

export function leave() {
  inside.hide();
}

export async function act() {
  page.error.textContent = "";
  page.text.removeAttribute("aria-invalid");
  const failed = await session.perform(async (signal) => {
    const bytes = given?.bytes ?? new TextEncoder().encode(page.text.value);
    if (bytes.length > LONGEST) {
      throw new CPU1Error("text", `The text has ${count(bytes.length)} bytes; here it may have at most ${count(LONGEST)}.`);
    }
    inside.hide();
    page.shown.hidden = true;
    for (const { bits } of lineup.rows) bits.textContent = "…";
    say("Scoring…", true);
    if (bytes.length > 0) show(gzip, (8 * (await gzipped(bytes))) / bytes.length);
    const trace = page.see.checked && bytes.length <= MOST_SEEN;
    let traced = false;
    await lineup.each(
      signal,
      async (model, row) => {
        await scoreBy(model, row, bytes, { signal, trace: trace && !traced });
        traced = true;
      },
      (row, error) => {
        row.bits.textContent = "–";
        row.note.textContent = error.message;
      },
    );
    say("Done.", true);
  });
  showProgress(false);
  if (!failed) return;
  composer.tell(failed, "Nothing was scored.", page.error);
  if (failed.code !== "text") return;
  page.text.setAttribute("aria-invalid", "true");
  page.text.focus();
}

/**
 * @param {Model} model
 * @param {Row} row
 * @param {Uint8Array} bytes
 * @param {{ signal: AbortSignal, trace: boolean }} options
 */
async function scoreBy(model, row, bytes, options) {
  const began = performance.now();
  const { bitsPerByte, trace } = await model.score(bytes, {
    ...options,
    onProgress: ({ loaded, total }) => {
      showProgress(true, loaded / total);
      say(`Scoring: ${count(loaded)} of ${count(total)} bytes`);
    },
  });
  const seconds = (performance.now() - began) / 1000;
  show(row, bitsPerByte);
  if (model === session.model) await session.doubt(bitsPerByte, "this text");
  row.note.textContent = `${count(Math.round(bytes.length / seconds))} bytes/s`;
  if (!trace) return;
  page.shown.hidden = false;
  page.shown.textContent = decode(bytes);
  inside.show(trace, bytes.length, model.info);
}

/** How many bytes gzip makes of a text. @param {Uint8Array} bytes */
async function gzipped(bytes) {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

/** Takes a file's bytes, whatever they are, as the text. @param {File} file */
export async function takeFile(file) {
  page.error.textContent = "";
  if (file.size > LONGEST) {
    page.error.textContent = `${file.name} has ${count(file.size)} bytes; here it may have at most ${count(LONGEST)}.`;
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  page.text.value = decode(bytes);
  // The field may change line ends, and cannot hold bytes that are not text.
  given = { name: file.name, bytes };
  page.size.textContent = `${file.name}, ${count(bytes.length)} bytes`;
}

function showSize() {
  given = undefined;
  page.size.textContent = `${count(new TextEncoder().encode(page.text.value).length)} bytes`;
}

page.text.addEventListener("input", showSize);
onFile(page.file, takeFile);
showSize();
