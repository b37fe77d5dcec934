// Writing: a prompt becomes text, which can be continued, taken back, copied, shared and saved. Some models end their
// texts by themselves; such a text can be told anew, have a sequel, and be asked about.
import { element, saveAs } from "../../ui/dom.js";
import { composer, readTokens } from "../composer.js";
import { session } from "../session.js";
import { linkTo } from "../share.js";
import { announcer, arrival, count, say, showProgress } from "../status.js";
import { ByteRow, Paper } from "./paper.js";

/** @import { Chunk, GenerateOptions, Stats } from "../../cpu1.js" */
/** @import { Trace } from "../../api/protocol.js" */

/**
 * A text on the page, as it was made: the prompt and the settings, and what each round wrote. The
 * first round has the seed of the settings, each further one the next.
 *
 * @typedef {object} Sheet
 * @property {string} prompt
 * @property {GenerateOptions & { seed: string }} settings
 * @property {string} model its name
 * @property {Round[]} rounds
 *
 * @typedef {object} Round
 * @property {string} given what the model was given after the text so far: nothing, unless it had ended that
 * @property {Uint8Array[]} pieces
 * @property {number[]} ends where patches end in them, all pieces taken together
 * @property {string} text
 * @property {Stats | undefined} stats
 * @property {Trace | undefined} trace
 */

const page = {
  see: element("see", HTMLInputElement),
  after: element("after", HTMLElement),
  continue: element("continue", HTMLButtonElement),
  undo: element("undo", HTMLButtonElement),
  copy: element("copy", HTMLButtonElement),
  link: element("link", HTMLButtonElement),
  save: element("save", HTMLButtonElement),
  keepSeed: element("keep-seed", HTMLButtonElement),
  ending: element("ending", HTMLElement),
  ended: element("ended", HTMLElement),
  another: element("another", HTMLButtonElement),
  next: element("next", HTMLButtonElement),
  ask: element("ask", HTMLButtonElement),
};
const output = element("output", HTMLElement);
const paper = new Paper(output);
const byteRow = new ByteRow(element("bytes", HTMLElement));

/** What is on the page. @type {Sheet | undefined} */
let sheet;
/** What was on the page before, the latest last. @type {(Sheet | undefined)[]} */
const before = [];
const ENDED = "The model ended its text here.";
/** What the model is given after a text that it ended, for more and for a question, unless the catalogue says it. */
const TURNS = { next: "\n", ask: /** @type {const} */ (["\n\n", "\n\n"]) };
/** How many of the latest bytes (or tokens) are shown from inside. */
const MOST_SEEN = 4000;
/** How many texts can be taken back. */
const MOST_BEFORE = 50;
/** Rounds that a link asks for, to be written by the next press of the button. */
let wanted = 1;

/** Once it was needed. @type {import("./inside.js").Inside | undefined} */
let inside;

export { showSeen as open };

export function leave() {
  inside?.hide();
}

/** Further rounds that a link asks for. @param {number} rounds */
export function expect(rounds) {
  wanted = rounds;
}

/** Writes a new text. */
export async function act() {
  const rounds = wanted;
  wanted = 1;
  await write(() => {
    const settings = composer.readSettings();
    return { prompt: composer.prompt, settings, model: session.file?.name ?? "", rounds: [] };
  }, rounds);
}

/** Continues the text. */
async function goOn() {
  const current = sheet;
  if (current && canGoOn()) await write(() => ({ ...current, rounds: [...current.rounds] }), 1);
}

/** Writes the text anew, by another seed. */
async function tellAnother() {
  const current = sheet;
  if (!current || !canGoOn()) return;
  const settings = { ...current.settings, seed: composer.newSeed() };
  await write(() => ({ ...current, settings, rounds: [] }), 1);
}

/** Makes a prompt of the text, with room for a question after it. */
function ask() {
  if (!sheet) return;
  const [head, tail] = turns().ask;
  composer.clearErrors();
  composer.ask(`${sheet.prompt}${written(sheet)}${head}`, tail);
  wanted = 1;
  say("Type a question at the end of the prompt, then press Generate.", true);
}

/** What the model's texts have between a text and what comes after it. */
function turns() {
  return session.listed?.turns ?? TURNS;
}

/** @param {() => Sheet} begin @param {number} rounds */
async function write(begin, rounds) {
  const { model } = session;
  if (!model) return;
  /** @type {Sheet | undefined} */
  let next;
  composer.clearErrors();
  const failed = await session.perform(async (signal) => {
    say("Writing…");
    next = begin();
    for (let round = 0; round < rounds; round += 1) await writeRound(model, next, signal);
    finish(next, "Done");
  });
  if (failed?.code === "aborted") finish(next, "Stopped");
  else if (failed) composer.tell(failed, "Nothing new was written.");
  showWork();
}

/**
 * @param {import("../session.js").Model} model
 * @param {Sheet} next
 * @param {AbortSignal} signal
 */
async function writeRound(model, next, signal) {
  const settings = { ...next.settings, seed: seedOf(next) };
  /** @type {Round} */
  const round = { given: hasEnded(next) ? turns().next : "", pieces: [], ends: [], text: "", stats: undefined, trace: undefined };
  for await (const chunk of model.generate(promptOf(next, round), { ...settings, trace: page.see.checked, signal })) {
    if (!round.stats) {
      if (next !== sheet) {
        lay(next);
        before.push(sheet);
        if (before.length > MOST_BEFORE) before.shift();
        sheet = next;
      }
      next.rounds.push(round);
      lead(round);
    }
    show(round, chunk);
  }
}

/** The seed of the next round. @param {Sheet} next */
function seedOf({ settings: { seed }, rounds }) {
  return rounds.length === 0 ? seed : BigInt.asUintN(64, BigInt(seed) + BigInt(rounds.length));
}

/** Whether the model ended a text. @param {Sheet | undefined} text */
function hasEnded(text) {
  return text?.rounds.at(-1)?.stats?.ended === true;
}

/** What the model goes on from. @param {Sheet} next @param {Round} round the one to come */
function promptOf({ prompt, rounds }, round) {
  if (session.lacksTokenizer) return readTokens(prompt + written({ rounds }));
  if (rounds.length === 0) return prompt;
  return whole({ prompt, rounds: [...rounds, round] });
}

/** What stands after the prompt. @param {Pick<Sheet, "rounds">} text */
function written({ rounds }) {
  return rounds.map(({ given, text }) => given + text).join("");
}

/** The same as bytes. @param {Round[]} rounds */
function bytesOf(rounds) {
  return joined(rounds.flatMap(({ given, pieces }) => [new TextEncoder().encode(given), ...pieces]));
}

/** Prompt and text. @param {Pick<Sheet, "prompt" | "rounds">} text */
function whole({ prompt, rounds }) {
  return joined([new TextEncoder().encode(prompt), bytesOf(rounds)]);
}

/** @param {Uint8Array[]} pieces */
function joined(pieces) {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

/** Puts a text on the page. @param {Sheet} text */
function lay({ prompt, rounds }) {
  inside?.hide();
  paper.begin(session.lacksTokenizer ? `${[...readTokens(prompt)].join(" ")} ` : prompt);
  byteRow.begin();
  announcer.begin();
  for (const round of rounds) {
    lead(round);
    paper.write(round.text);
    byteRow.write(joined(round.pieces), Uint32Array.from(round.ends));
  }
}

/** Shows what a round goes on from, if that is more than the text before. @param {Round} round */
function lead({ given }) {
  if (given === "") return;
  paper.give(given);
  byteRow.begin();
}

/** @param {Round} round @param {Chunk} chunk */
function show(round, { bytes, ends, text, stats, tokens, trace }) {
  const ids = session.lacksTokenizer ? [...(tokens ?? [])].map((id) => `${id} `).join("") : "";
  for (const end of ends) round.ends.push(stats.bytes - bytes.length + end);
  round.pieces.push(bytes);
  round.text += text + ids;
  round.stats = stats;
  if (trace) round.trace = follow(round.trace, trace);
  paper.write(text + ids);
  byteRow.write(bytes, ends);
  announcer.write(text + ids);
  if (stats.readPatches < stats.promptPatches) {
    showProgress(true, stats.readPatches / stats.promptPatches);
    say(`Reading the prompt: ${stats.readPatches} of ${stats.promptPatches} patches`);
    return;
  }
  showProgress(false);
  say(`Writing: ${sayWritten(round)}`);
  session.showStats(stats);
}

/**
 * A trace and what follows it, cut to the latest symbols and patches.
 *
 * @param {Trace | undefined} trace
 * @param {Trace} next
 * @returns {Trace}
 */
function follow(trace, next) {
  const [symbols, patches] = [trace?.symbols ?? [], trace?.patches ?? []];
  return { symbols: [...symbols, ...next.symbols].slice(-MOST_SEEN), patches: [...patches, ...next.patches].slice(-MOST_SEEN) };
}

/** @param {Sheet | undefined} text @param {"Done" | "Stopped"} how */
function finish(text, how) {
  announcer.flush();
  paper.finish();
  const round = text?.rounds.at(-1);
  if (!text || !round) {
    say(`${how}.`, true);
    return;
  }
  const { seed } = text.settings;
  say(`${how}: ${sayWritten(round)} in ${round.stats?.seconds.toFixed(1)} s, seed ${seed}.`, true);
  if (hasEnded(text)) announcer.say(ENDED);
  page.keepSeed.hidden = composer.seed === seed;
  showSeen();
}

/** @param {Round} round */
function sayWritten({ stats, text }) {
  if (session.lacksTokenizer) return `${count(text.split(" ").length - 1)} tokens`;
  return `${count(stats?.bytes ?? 0)} bytes`;
}

/** Shows what the model expected, where that is wanted and known. */
async function showSeen() {
  const round = sheet?.rounds.at(-1);
  if (!sheet || !round?.trace || !page.see.checked) {
    inside?.hide();
    return;
  }
  const loaded = await arrival(import("./inside.js"));
  if (!loaded) return;
  inside ??= new loaded.Inside(output);
  if (round !== sheet?.rounds.at(-1) || !page.see.checked || output.offsetParent === null) return; // overtaken
  if (session.model) inside.show(round.trace, whole(sheet).length, session.model.info);
}

/** Looks inside a text that is already there, by scoring it. */
async function see() {
  const [round, model] = [sheet?.rounds.at(-1), session.model];
  if (page.see.checked && sheet && round && !round.trace && model && session.isReady && sheet.model === session.file?.name) {
    if (model.info.reads === "tokens") {
      say("Generate again to see inside: tokens are traced as they are written.", true);
      return;
    }
    const length = Math.min(joined(round.pieces).length, MOST_SEEN);
    const text = whole(sheet);
    const failed = await session.perform(async (signal) => {
      say("Looking inside…", true);
      const { trace } = await model.score(text, { trace: true, signal });
      if (trace) round.trace = { symbols: trace.symbols.slice(-length), patches: trace.patches.slice(-MOST_SEEN) };
      say("Done.", true);
    });
    if (failed) composer.tell(failed, failed.message);
  }
  showSeen();
}

function undo() {
  if (page.undo.ariaDisabled === "true") return;
  sheet = before.pop();
  if (sheet) lay(sheet);
  else paper.clear();
  paper.finish();
  page.keepSeed.hidden = true;
  showSeen();
  say("Taken back.", true);
  showWork();
}

async function copyText() {
  if (!sheet) return;
  await copy(sheet.prompt + written(sheet), "The text is copied.");
}

async function copyLink() {
  if (!sheet) return;
  const { place, names, weights, dialect } = session.file ?? {};
  const { prompt, settings, rounds } = sheet;
  const link = linkTo({ place, reading: { names, weights, dialect }, prompt, settings, rounds: rounds.length });
  history.replaceState(null, "", link);
  const local = place instanceof File ? " Your own file is not part of it: who opens it needs that file." : "";
  await copy(link, `The link is copied: it reproduces this text.${local}`);
}

/** @param {string} text @param {string} sentence */
async function copy(text, sentence) {
  try {
    await navigator.clipboard.writeText(text);
    say(sentence, true);
  } catch {
    say("The browser does not let this page copy; select the text and copy it by hand.", true);
  }
}

/** Saves the text with all that is needed to make it again. */
function save() {
  if (!sheet) return;
  const { prompt, settings, rounds, model } = sheet;
  const bytes = bytesOf(rounds);
  const content = {
    program: "CPU-1 in the browser",
    model: { name: model, run: session.model?.info.run, source: session.file?.place instanceof URL ? session.file.place.href : undefined },
    prompt,
    settings,
    rounds: rounds.length,
    text: written(sheet),
    bytes: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")),
    bits: rounds.every(({ trace }) => trace) ? rounds.flatMap(({ trace }) => trace?.symbols.map(({ bits }) => bits) ?? []) : undefined,
  };
  saveAs(`cpu1-${settings.seed}.json`, JSON.stringify(content, null, 2));
  say("Saved.", true);
}

/** Whether the model that is there wrote the text. */
function canGoOn() {
  return session.isReady && sheet !== undefined && sheet.model === session.file?.name;
}

/** Shows what can be done now. */
function showWork() {
  const has = sheet !== undefined && session.doing !== "working";
  const ended = canGoOn() && hasEnded(sheet);
  page.continue.ariaDisabled = String(!canGoOn() || ended);
  page.ending.hidden = !session.endsTexts;
  page.ended.textContent = ended ? ENDED : "";
  page.another.ariaDisabled = String(!canGoOn());
  for (const button of [page.next, page.ask]) button.ariaDisabled = String(!ended);
  page.undo.ariaDisabled = String(!has || !session.isReady);
  for (const button of [page.copy, page.link, page.save]) button.ariaDisabled = String(!has);
  if (session.doing === "working") page.keepSeed.hidden = true;
}

/** @param {HTMLButtonElement} button @param {() => void} press */
function onPress(button, press) {
  button.addEventListener("click", () => {
    if (button.ariaDisabled !== "true") press();
  });
}

session.onChange(showWork);
element("composer", HTMLFormElement).addEventListener("input", () => {
  wanted = 1; // it is another text now
});
onPress(page.continue, goOn);
onPress(page.another, tellAnother);
onPress(page.next, goOn);
onPress(page.ask, ask);
onPress(page.undo, undo);
onPress(page.copy, copyText);
onPress(page.link, copyLink);
onPress(page.save, save);
page.see.addEventListener("change", see);
page.keepSeed.addEventListener("click", () => {
  if (sheet) composer.seed = sheet.settings.seed;
  page.keepSeed.hidden = true;
});
