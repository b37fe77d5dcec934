// Choosing a model as a person does: by role and label, from a stand-in for the Hub over real HTTP.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fixture } from "./support/api.mjs";
import { Meter } from "../../www/ui/meter.js";
import { standIn } from "./support/hub.mjs";
import { openReady } from "./support/page.mjs";
import { says, siteFor } from "./support/site.mjs";

/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const ARCHIVE = "Cukinator/cpu1-ablation-checkpoints";
const FINALS = "Cukinator/cpu1-ablations-final";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/** @param {string} name */
const www = (name) => readFileSync(join(WWW, name), "utf8");

/** What a file name may hold and a page must not run. */
const HOSTILE = "checkpoint_<img src=x onerror=\"document.title='pwned'\">.pt";

/** The two repositories at reduced size. */
const FILES = {
  [`${FINALS}/run_03/model.pt`]: fixture("run_03.unpacked"),
  [`${FINALS}/run_15/model.pt`]: fixture("run_15.unpacked"),
  [`${ARCHIVE}/run_07/checkpoint_run_07_final.pt`]: fixture("run_07.compact"),
  [`${ARCHIVE}/run_07/checkpoint_run_07_step500.pt`]: fixture("run_07.step"),
  [`${ARCHIVE}/run_07/checkpoint_run_07_phase2_step900.pt`]: fixture("run_07.step"),
  [`${ARCHIVE}/run_07/${HOSTILE}`]: fixture("run_07.step"),
  [`${ARCHIVE}/run_07_r2/checkpoint_run_07_r2_step700.pt`]: fixture("run_07.step"),
  [`${ARCHIVE}/run_07_v3/checkpoint_run_07_v3_step100.pt`]: fixture("run_07.step"),
  "someone/else/deep/file.pt": fixture("run_08.compact"),
};

/**
 * Opens the page with the stand-in in the Hub's place, waits until its model is there, and opens the picker.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 */
async function openPicker(t, options = {}) {
  const hub = await standIn(t, FILES);
  const opened = await openReady(t, { ...options, root: siteFor(t, hub) });
  const { page, picker, press } = opened;
  await press("Choose another model");
  await page.waitForFunction(() => document.activeElement?.closest("#runs")); // its list is there
  return {
    hub,
    ...opened,
    /** Chooses a run, whose name the line begins with. @param {string} name */
    run: (name) => picker.getByRole("radio", { name: new RegExp(`^${name} `) }).check(),
    card: picker.getByRole("form"),
    /** @param {RegExp} name */
    file: (name) => picker.getByRole("group", { name: "File" }).getByRole("radio", { name }),
    load: picker.getByRole("button", { name: /^(Download and load|Load)$/ }),
    model: page.locator("#fact-model"),
    origin: page.locator("#origin"),
  };
}

test("the catalogue says of every documented run what the table of runs says", () => {
  const { hub, finals, archive, models } = JSON.parse(www("catalog.json"));
  assert.deepEqual([hub, finals, archive], ["https://huggingface.co", FINALS, ARCHIVE]);
  /** @type {Record<string, { config: Record<string, any> }>} */
  const full = JSON.parse(readFileSync(new URL("../fixtures/full_size.json", import.meta.url), "utf8"));
  const rust = readFileSync(new URL("../../src/runs.rs", import.meta.url), "utf8");
  const spec = [...rust.matchAll(/"(run_\w+)",\s*"\w+",\s*([\d_]+),/g)].map(([, id, count = ""]) => [id, Number(count.replaceAll("_", ""))]);
  assert.equal(spec.length, 16);
  /** @type {any[]} */
  const runs = models.slice(1);
  assert.deepEqual(runs.slice(0, 16).map(({ id, parameters }) => [id, parameters]), spec);
  for (const { id, name, ternary, parameters, files } of runs) {
    const parent = id.replace("_r2", "");
    assert.deepEqual([name, ternary], [full[parent]?.config.internal_name, full[parent]?.config.ternary], id);
    assert.equal(parameters, spec.find(([known]) => known === parent)?.[1]);
    const expected = { run_04_r2: ["compact"], run_07_r2: [] }[/** @type {string} */ (id)] ?? ["unpacked", "compact"];
    assert.deepEqual(files, expected, id);
  }
  const speaking = runs.filter(({ label }) => label === "speaks").map(({ id }) => id);
  assert.deepEqual(speaking, ["run_01", "run_02a_byte_only_heads", "run_02", "run_03"]);
  const silent = runs.filter(({ label }) => label === "unpublished").map(({ id }) => id);
  assert.deepEqual(silent, ["run_16", ...["04", "07", "13", "14", "15", "16"].map((run) => `run_${run}_r2`)]);
});

test("a run is known before it is fetched, then it loads and writes", async (t) => {
  const { hub, picker, run, card, file, load, status, model, origin, write } = await openPicker(t);
  await run("run_07");
  assert.match(await says(card, /run_07/), /Collapsed to uniform: it did not learn, and can only emit noise\./);
  await run("run_03");
  const said = await says(card, /run_03/);
  assert.match(said, /It speaks/);
  assert.match(said, /1\.870 nats per byte/);
  assert.match(said, /38\.8 million/);
  assert.match(said, /Unpacked, in float32about 155 MB/);
  assert.match(said, /not on this machine yet/);
  assert.ok(await file(/^Unpacked/).isChecked());
  assert.deepEqual(hub.requests, []);

  await load.click();
  await picker.waitFor({ state: "hidden" });
  await says(status, /^Ready/);
  assert.match(await says(model, /./), /run_03/);
  assert.match(await says(origin, /./), new RegExp(`^Bytes in patches of 4, MLGRU, float weights, local byte decoder\\. Read from run_03/model\\.pt of ${FINALS} \\(unpacked\\), kept from now on\\.$`));
  assert.match(await write(/^Done: 400 bytes/), /^Ownership is/);
});

test("the list is the study's chain: what each run adds to which, and what is kept", async (t) => {
  const { hub, press, picker, run, file, load, origin } = await openPicker(t);
  const lines = await picker.getByRole("group", { name: "Models" }).locator("label").allTextContents();
  const order = lines.slice(1, -1).map((line) => /^run_\d+[ab]?(_r2)?/.exec(line)?.[0]);
  assert.deepEqual(order.slice(0, 15), [
    "run_01", "run_02a", "run_02", "run_03", "run_04", "run_08", "run_04_r2", "run_05", "run_05b", "run_06", "run_07", "run_07_r2", "run_09", "run_10",
    "run_13",
  ]);
  assert.equal(order.length, 22);
  assert.match(lines[5] ?? "", /\+ ternary weights *only noise/);
  // Branches stand one column to the right of what goes on.
  const columns = await picker.locator(".graph").evaluateAll((graphs) => graphs.map((graph) => graph.childElementCount - 1));
  assert.deepEqual(columns.slice(0, 15), [0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0]);
  await run("run_07");
  await file(/^Compact about 11 MB/).check();
  await load.click();
  await says(origin, / Read from run_07\/checkpoint_run_07_final\.pt of .*\(compact/);
  assert.ok(hub.requests.every((path) => path.endsWith("_final.pt") || path.endsWith("tokenizer.json")));
  await press("Choose another model");
  await picker.getByText("kept, only noise").waitFor();
});

test("step files are listed when asked for, over all pages, and nothing in a name becomes markup", async (t) => {
  const { hub, page, picker, run, card, file, load, status, origin } = await openPicker(t);
  const title = await page.title();
  await run("run_07");
  assert.deepEqual(hub.requests, []);
  await picker.getByRole("button", { name: "List its step files" }).click();
  await file(/^checkpoint_<img/).waitFor();
  assert.equal(hub.requests.length, 2);
  assert.match(await says(card, /step500/), /checkpoint_run_07_step500\.pt109\.7 kB/);
  assert.equal(await file(/_final/).count(), 0);
  assert.equal(await picker.locator("img").count(), 0);
  await file(/^checkpoint_run_07_phase2_step900\.pt/).check();
  await load.click();
  await says(status, /^Ready/);
  assert.match(await says(origin, /./), /phase2_step900\.pt of .*\(step, step [\d,]+\)/);
  assert.equal(await page.title(), title);
});

test("folders that the page does not know are listed live, and so are their files", async (t) => {
  const { picker, run, card, file, load, status, origin } = await openPicker(t);
  await picker.getByRole("button", { name: /other folders/ }).click();
  await run("run_07_v3");
  assert.match(await says(card, /run_07_v3/), /knows nothing else/);
  await picker.getByRole("button", { name: "List its step files" }).click();
  await file(/step100/).waitFor();
  await load.click();
  await says(status, /^Ready/);
  assert.match(await says(origin, /./), /run_07_v3\/checkpoint_run_07_v3_step100\.pt/);
});

test("any other file goes by its name", async (t) => {
  const { hub, picker, run, load, status, alert, model } = await openPicker(t);
  await run("Another file");
  const name = picker.getByRole("textbox", { name: "Name on the Hub" });
  await name.fill("no name");
  await name.press("Enter");
  await says(alert, /^“no name” is not a name on the Hub; that is owner\/repo\/path/);
  assert.equal(await name.getAttribute("aria-invalid"), "true");
  await name.fill("someone/else/deep/file.pt@v1");
  await load.click();
  await says(status, /^Ready/);
  assert.match(await says(model, /./), /run_08/);
  assert.ok(hub.requests.includes("/someone/else/resolve/v1/deep/file.pt"));
});

test("a run without a final file says that there are only step files, and a folder that cannot be listed is a sentence", async (t) => {
  const { picker, run, card, load, alert } = await openPicker(t, { allow: [/Failed to load resource/] });
  await run("run_07_r2");
  await says(card, /No final file of it is known\. List its step files, and choose one\./);
  assert.equal(await load.count(), 0);
  const list = picker.getByRole("button", { name: "List its step files" });
  await list.click();
  await load.waitFor();
  await run("run_10");
  await list.click();
  await says(alert, /^There is no folder .*run_10 on the Hub, or it is not public\.$/);
});

test("a download shows how far it is and can be cancelled; the model before stays", async (t) => {
  const { hub, page, run, load, status, generate, model, write } = await openPicker(t);
  hub.faults.push(...Array(3).fill(undefined), ...Array(20).fill({ drip: 20 }));
  await run("run_03");
  await load.click();
  await says(status, /^Unpacking run_03: .* of 162\.8 kB, [\d.]+ kB fetched, [\d.]+ kB\/s/);
  assert.equal(await generate.getAttribute("aria-disabled"), "true");
  await page.getByRole("button", { name: "Cancel" }).click();
  await says(status, /^The model before is still here\./);
  assert.match(await says(model, /./), /run_14/);
  assert.equal(await page.getByRole("button", { name: "Cancel" }).isVisible(), false);
  await write();
});

test("a meter says bytes, rate and remaining time of each phase", () => {
  let now = 0;
  const meter = new Meter("run_07", () => now);
  /** @type {[at: number, phase: "fetch" | "unpack" | "pack", loaded: number, total: number, sentence: string, share?: number][]} */
  const notes = [
    [0, "fetch", 0, 0, "Fetching run_07: 0 bytes"],
    [1000, "fetch", 2e6, 0, "Fetching run_07: 2.0 MB, 2.0 MB/s"],
    [1000, "unpack", 0, 100e6, "Unpacking run_07: 0 bytes of 100.0 MB, 2.0 MB fetched, 2.0 MB/s", 0],
    [4000, "unpack", 20e6, 100e6, "Unpacking run_07: 20.0 MB of 100.0 MB, 2.0 MB fetched, 500.0 kB/s, 16 s left", 0.2],
    [5000, "fetch", 25e6, 0, "Unpacking run_07: 20.0 MB of 100.0 MB, 25.0 MB fetched, 5.0 MB/s, 20 s left", 0.2],
    [9000, "pack", 0, 10e6, "Keeping run_07 for the next visit: 0 bytes of 10.0 MB", 0],
    [11000, "pack", 1e6, 10e6, "Keeping run_07 for the next visit: 1.0 MB of 10.0 MB, 18 s left", 0.1],
  ];
  for (const [at, phase, loaded, total, sentence, share] of notes) {
    now = at;
    assert.deepEqual(meter.note({ phase, loaded, total }), { sentence, share });
  }
});

test("the second visit takes the model from the cache, without a request, until it is deleted", async (t) => {
  const { hub, page, picker, run, card, load, status, origin } = await openPicker(t);
  await run("run_03");
  await load.click();
  await says(status, /^Ready/);
  await page.reload();
  await says(status, /^Ready/);
  const before = hub.requests.length;
  const choose = page.getByRole("button", { name: "Choose another model" });
  await choose.click();
  await run("run_03");
  await says(card, /kept on this machine: nothing is downloaded/);
  await load.click();
  await says(origin, /, kept on this machine\.$/);
  await says(status, /^Ready/);
  assert.equal(hub.requests.length, before);

  await choose.click();
  await picker.locator("summary", { hasText: "Kept on this machine" }).click();
  const kept = picker.getByRole("list", { name: "Kept models" }).getByRole("listitem");
  assert.match(await says(kept, /./), /run_03\/model\.pt of .*unpacked, [\d.]+ kB, \w+ \d+, \d{4}/);
  await picker.getByRole("button", { name: /^Delete run_03/ }).click();
  await kept.waitFor({ state: "detached" });
  await says(card, /not on this machine yet/);

  for (const name of ["run_03", "run_15"]) {
    await run(name);
    await load.click();
    await says(origin, new RegExp(`${name}/.*kept from now on`));
    await says(status, /^Ready/);
    await choose.click();
  }
  await says(origin, /Not used, as no part of the model has that role: aligner\.weight\./);
  await kept.nth(1).waitFor();
  await picker.getByRole("button", { name: "Delete all" }).click();
  await kept.first().waitFor({ state: "detached" });
  assert.deepEqual(await page.evaluate("import('/cpu1.js').then(({ CPU1 }) => CPU1.cached())"), []);
});

test("a full quota is told, and the model runs", async (t) => {
  const { page, run, load, origin, write } = await openPicker(t);
  const client = await page.context().newCDPSession(page);
  await client.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: 1 });
  await run("run_03");
  await load.click();
  await says(origin, /\(unpacked\)\. The model is not kept for the next visit: .* is used up; .*\.$/);
  await write();
});

test("a file that is not there gets a sentence and another try", async (t) => {
  const { hub, page, run, load, status, alert, model } = await openPicker(t, { allow: [/Failed to load resource/] });
  await run("run_04");
  await load.click();
  assert.match(await says(alert, /./), /^run_04: The file model\.pt could not be fetched: it is not there\.Try again$/);
  assert.match(await says(model, /./), /run_14/);
  await says(status, /^The model before is still here\./);
  const before = hub.requests.length;
  await page.getByRole("button", { name: "Try again" }).click();
  await says(alert, /it is not there/);
  assert.ok(hub.requests.length > before);
});

test("the keyboard is enough to choose", async (t) => {
  const { page, picker, card, status, model } = await openPicker(t);
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Choose another model");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement instanceof HTMLInputElement);
  for (let i = 0; i < 4; i += 1) await page.keyboard.press("ArrowDown");
  await says(card, /run_03/);
  await page.keyboard.press("Tab"); // the archive's other folders
  await page.keyboard.press("Tab"); // the file
  await page.keyboard.press("Tab"); // the step files
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await says(status, /^Ready/);
  assert.match(await says(model, /./), /run_03/);
});

test("nothing of the picker sticks out where it is narrow", async (t) => {
  const { page, picker, run, file } = await openPicker(t);
  const fits = async () => {
    for (const width of [320, 375]) {
      await page.setViewportSize({ width, height: 700 });
      assert.ok(await picker.evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth), `${width} px`);
    }
  };
  await fits();
  await run("run_07");
  await picker.getByRole("button", { name: "List its step files" }).click();
  await file(/^checkpoint_<img/).waitFor();
  await fits();
  await run("Another file");
  await fits();
});
