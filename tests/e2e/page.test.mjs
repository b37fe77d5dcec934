// The page as a person meets it: everything is found by role and label.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPage } from "./support/browser.mjs";
import { failingModel, scriptedModel } from "./support/scripted.mjs";
import { says } from "./support/site.mjs";

/** @import { Page } from "playwright-core" */
/** @import { TestContext } from "node:test" */
/** @import { PageOptions } from "./support/browser.mjs" */

const MODEL = new URL("../../www/models/cpu1-rust-docs.pt", import.meta.url);
const NETWORK_ERRORS = [/Failed to load resource/, /request failed/];

/** @param {Page} page */
function parts(page) {
  return {
    prompt: page.getByRole("textbox", { name: "Prompt" }),
    generate: page.getByRole("button", { name: "Generate" }),
    stop: page.getByRole("button", { name: "Stop", exact: true }),
    text: page.getByRole("region", { name: "Text" }),
    status: page.getByRole("status"),
    alert: page.getByRole("alert").filter({ hasText: /./ }),
    /** @param {string} name */
    setting: (name) => page.getByLabel(name, { exact: true }),
    /** @param {string} term */
    fact: (term) => page.locator("dl > div", { hasText: term }).getByRole("definition"),
  };
}

/**
 * Opens the page, waits until its model is there, and opens the settings.
 *
 * @param {TestContext} t
 * @param {PageOptions} [options]
 */
async function openReady(t, options) {
  const { page } = await openPage(t, options);
  const found = parts(page);
  await says(found.status, /^Ready/);
  await page.locator("summary", { hasText: "Settings" }).click();
  return { page, ...found };
}

for (const isolated of [true, false]) {
  test(`text streams, stops, and streams again, ${isolated ? "isolated" : "not isolated"}`, async (t) => {
    const { page, prompt, generate, stop, text, status, setting, fact } = await openReady(t, { isolated });
    await page.evaluate(() => {
      /** @type {any} */ (window).lengths = [];
      const region = /** @type {HTMLElement} */ (document.querySelector("[role=region]"));
      const note = () => /** @type {any} */ (window).lengths.push(region.textContent.length);
      new MutationObserver(note).observe(region, { childList: true, subtree: true, characterData: true });
    });
    await prompt.fill("The borrow checker");
    await setting("Length").fill("500000");
    await generate.click();
    await page.waitForFunction(() => new Set(/** @type {any} */ (window).lengths).size > 3);
    assert.match(await says(text, /./), /^The borrow checker/);
    assert.match(await says(fact("Speed"), /bytes\/s/), /^[1-9][\d,]* bytes\/s$/);

    await stop.click();
    const stopped = /^Stopped: ([\d,]+) bytes/.exec(await says(status, /^Stopped/));
    assert.ok(stopped && Number(stopped[1]?.replaceAll(",", "")) < 500_000);

    await setting("Length").fill("50");
    await generate.click();
    await says(status, /^Done: 50 bytes/);
    assert.match(await says(fact("Kernel"), /./), /^relaxed SIMD, (pairs|dot)$/);
    assert.match(await says(fact("Model"), /./), /run_14.*10\.7 M/);
    const threads = Number(await fact("Threads").textContent());
    if (isolated) assert.ok(threads >= 1);
    else assert.equal(threads, 1);
    const why = isolated ? /is cross-origin isolated/ : /One thread: .* not cross-origin isolated, as its server does not/;
    await page.getByText(why).waitFor();
  });
}

test("a seed means the same text: twice, and with or without threads", async (t) => {
  /** @type {Set<string | null>} */
  const texts = new Set();
  for (const options of [{ path: "/?threads=2" }, { path: "/?threads=3" }, { isolated: false }]) {
    const { generate, text, status, setting, fact } = await openReady(t, options);
    const asked = /threads=(\d)/.exec(options.path ?? "")?.[1] ?? "1";
    assert.equal(await fact("Threads").textContent(), asked);
    await setting("Seed").fill("18446744073709551615");
    await setting("Length").fill("300");
    for (let turn = 0; turn < 2; turn += 1) {
      await generate.click();
      await says(status, /^Done: 300 bytes.*seed 18446744073709551615/);
      texts.add(await text.textContent());
    }
  }
  assert.equal(texts.size, 1);
});

test("a text that came out well can be had again by its seed", async (t) => {
  const { page, generate, text, status } = await openReady(t);
  await generate.click();
  await says(status, /^Done/);
  const first = await text.textContent();
  await page.getByRole("button", { name: "Keep this seed" }).click();
  await generate.click();
  await says(status, /^Done/);
  assert.equal(await text.textContent(), first);
});

test("the keyboard is enough", async (t) => {
  const { page, prompt, status, setting } = await openReady(t);
  await setting("Length").fill("1000000");
  await prompt.focus();
  await page.keyboard.press("Control+Enter");
  await says(status, /^Writing/);
  await page.keyboard.press("Escape");
  await says(status, /^Stopped/);
});

test("the page answers while the model writes", async (t) => {
  const { page, generate, stop, status, setting } = await openReady(t);
  await setting("Length").fill("1000000");
  await generate.click();
  await says(status, /^Writing/);
  await page.locator("summary", { hasText: "Settings" }).click();
  await setting("Length").waitFor({ state: "hidden" });
  await page.locator("summary", { hasText: "Settings" }).click();
  await setting("Seed").fill("12");
  assert.match(await says(status, /./), /^Writing/);
  await stop.click();
  await says(status, /^Stopped/);
});

test("an empty prompt is a prompt", async (t) => {
  const { prompt, generate, text, status } = await openReady(t);
  await prompt.fill("");
  await generate.click();
  await says(status, /^Done: 400 bytes/);
  assert.ok((await says(text, /./)).length > 200);
});

test("a prompt of a megabyte gets a sentence, a long one is read", async (t) => {
  const { prompt, generate, stop, status, alert, setting } = await openReady(t);
  await prompt.fill("x".repeat(1 << 20));
  await generate.click();
  await says(alert, /The prompt has 1,048,576 bytes and may have at most 65,536; shorten it\./);
  await prompt.fill("fn main() {}".repeat(5000));
  await alert.waitFor({ state: "detached" });
  await generate.click();
  await says(status, /^Reading the prompt: \d+ of 15000 patches/);
  await stop.click();
  await says(status, /^Stopped/);
  await prompt.fill("fn main() {");
  await setting("Length").fill("40");
  await generate.click();
  await says(status, /^Done: 40 bytes/);
});

test("absurd settings get a sentence beside them", async (t) => {
  const { page, generate, status, alert, setting } = await openReady(t);
  /** @type {[name: string, value: string, sentence: RegExp][]} */
  const absurd = [
    ["Temperature", "-1", /^The temperature is -1; it must be a number from 0 to 10\.$/],
    ["Temperature", "1e300", /^The temperature is .*it must be/],
    ["Length", "0", /^The length is 0 bytes; it must be/],
    ["Length", "1e12", /^The length must be|^The length is/],
    ["Length", "2.5", /^The length must be a whole number/],
    ["Top-p", "0", /^The top-p is 0; it must be/],
    ["Top-k", "-3", /^The top-k must be a whole number/],
    ["Min-p", "7", /^The min-p is 7; it must be/],
    ["Repetition penalty", "0", /^The repetition penalty is 0; it must be/],
    ["Seed", "tuesday", /^The seed must be a whole number/],
    ["Seed", "-1", /^The seed must be a whole number/],
  ];
  for (const [name, value, sentence] of absurd) {
    const usual = await setting(name).inputValue();
    await setting(name).fill(value);
    await generate.click();
    await says(alert, sentence);
    assert.equal(await setting(name).getAttribute("aria-invalid"), "true");
    assert.equal(await page.evaluate(() => document.activeElement?.id), await setting(name).getAttribute("id"));
    await setting(name).fill(usual);
  }
  await generate.click();
  await says(status, /^Done/);
  assert.equal(await alert.count(), 0);
});

test("a field left empty keeps its default", async (t) => {
  const { generate, status, setting } = await openReady(t);
  for (const name of ["Temperature", "Top-p", "Length"]) await setting(name).fill("");
  await generate.click();
  await says(status, /^Done: 256 bytes/);
});

test("a model file that is missing, cut off, damaged or foreign gets a sentence, and another try", async (t) => {
  const whole = await readFile(MODEL);
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 0, 4096);
  /** @type {[name: string, answer: { status?: number, body?: Buffer } | "abort", sentence: RegExp][]} */
  const bad = [
    ["missing", { status: 404 }, /could not be fetched: the server answered 404\./],
    ["unreachable", "abort", /could not be fetched: the connection failed\./],
    ["empty", { body: Buffer.alloc(0) }, /\./],
    ["cut off", { body: whole.subarray(0, whole.length / 2) }, /\./],
    ["damaged", { body: damaged }, /\./],
    ["foreign", { body: Buffer.from("<!doctype html><title>Not here</title>".repeat(99)) }, /\./],
    ["large and foreign", { body: Buffer.alloc(17 << 20) }, /\./],
  ];
  let now = 0;
  const { page } = await openPage(t, {
    allow: NETWORK_ERRORS,
    before: async (opened) => {
      await opened.route("**/*.pt", (route) => {
        const answer = bad[now]?.[1];
        if (answer === undefined) return route.continue();
        return answer === "abort" ? route.abort() : route.fulfill(answer);
      });
    },
  });
  const { generate, status, alert } = parts(page);
  for (const [name, , sentence] of bad) {
    const said = await says(alert, sentence);
    t.diagnostic(`${name}: ${said}`);
    assert.match(said, /^[A-Z].*\.Load the model again$/s);
    assert.equal(await generate.getAttribute("aria-disabled"), "true");
    now += 1;
    await page.getByRole("button", { name: "Load the model again" }).click();
    await page.waitForFunction((before) => document.querySelector("#load-error")?.textContent !== before, said);
  }
  await says(status, /^Ready/);
  await generate.click();
  await says(status, /^Done/);
});

test("a file of one's own: a bad one leaves the model, a good one takes its place", async (t) => {
  const { page, generate, status, alert, fact, text } = await openReady(t);
  const choose = page.getByLabel("Open another CPU-1 checkpoint");
  const name = "<img src=x onerror=alert(1)>.pt";
  await choose.setInputFiles({ name, mimeType: "", buffer: Buffer.from("PK\x03\x04 and nothing more") });
  t.diagnostic(await says(alert, /^<img src=x onerror=alert\(1\)>\.pt: [A-Z].*\.$/s));
  assert.match(await says(fact("Model"), /./), /run_14/);
  await generate.click();
  await says(status, /^Done/);

  await choose.setInputFiles(new URL("../fixtures/run_03.compact.pt", import.meta.url).pathname);
  await says(fact("Model"), /run_03/);
  await generate.click();
  await says(status, /^Done/);
  assert.match(await says(text, /./), /^Ownership is/);
});

test("a dropped file becomes the prompt, if it is text, and a checkpoint the model", async (t) => {
  const { page, prompt, alert, fact } = await openReady(t);
  /** @type {(name: string, bytes: number[]) => Promise<void>} */
  const drop = (name, bytes) =>
    page.evaluate(
      ([called, content]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(content)], called));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      },
      /** @type {const} */ ([name, bytes]),
    );
  await drop("notes.txt", [...Buffer.from("Größe\n")]);
  await page.waitForFunction(() => document.querySelector("textarea")?.value === "Größe\n");
  await page.getByText("8 bytes").waitFor();
  await drop("<b>.bin", [0xff, 0xfe, 0x80]);
  await says(alert, /^<b>\.bin is not text in UTF-8/);
  await drop("long.txt", Array(70_000).fill(0x61));
  await says(alert, /^long\.txt has 70,000 bytes; a prompt may have at most 65,536\.$/);
  assert.equal(await prompt.inputValue(), "Größe\n");
  await drop("run_07.pt", [...(await readFile(new URL("../fixtures/run_07.compact.pt", import.meta.url)))]);
  await says(fact("Model"), /run_07/);
});

test("a bar shows that the model is on its way", async (t) => {
  // The model waits for us, whether it is asked for before we let it go or after.
  let arrive = () => {};
  const arrival = new Promise((resolve) => {
    arrive = () => resolve(undefined);
  });
  const { page } = await openPage(t, {
    before: async (opened) => {
      await opened.route("**/*.pt", (route) => arrival.then(() => route.continue()));
    },
  });
  const { generate, status } = parts(page);
  const bar = page.getByRole("progressbar", { name: "Progress" });
  await bar.waitFor();
  await says(status, /^Fetching the model/);
  assert.equal(await generate.getAttribute("aria-disabled"), "true");
  arrive();
  await says(status, /^Ready/);
  await bar.waitFor({ state: "hidden" });
});

test("prompts and texts never become markup, and characters come whole", async (t) => {
  const written = "naïve 🦀 <img src=x onerror=\"document.title='pwned'\"> <script>document.title='pwned'</script>";
  const bytes = [...new TextEncoder().encode(written), 0xff, 0xe2, 0x82, 0x21];
  const { page, prompt, generate, text, status } = await openReady(t, { before: (opened) => scriptedModel(opened, bytes) });
  const title = await page.title();
  await prompt.fill("<b>bold</b> <img src=x onerror=\"document.title='pwned'\">");
  await generate.click();
  await says(status, /^Done/);
  assert.equal(await text.textContent(), `${await prompt.inputValue()}${written}\ufffd\ufffd!`);
  assert.equal(await text.locator("img, b, script").count(), 0);
  assert.equal(await page.title(), title);
});

test("a fault of the program gets a sentence, and the model can be loaded again", async (t) => {
  const { page, generate, status, alert } = await openReady(t, { before: (opened) => failingModel(opened) });
  await generate.click();
  await says(alert, /^The program stopped: unreachable\./);
  await page.unroute("**/pkg/cpu1.js");
  await page.getByRole("button", { name: "Load the model again" }).click();
  await says(status, /^Ready/);
  await generate.click();
  await says(status, /^Done/);
});

test("screen readers hear sentences", async (t) => {
  const sentences = ["Ownership is a rule.", "It has\ntwo parts!", "Does it hold? ", "It does (always)."];
  const bytes = [...new TextEncoder().encode(sentences.join(" "))];
  const { page, generate, status } = await openReady(t, { before: (opened) => scriptedModel(opened, bytes) });
  await generate.click();
  await says(status, /^Done/);
  const heard = (await page.getByRole("log").locator("p").allTextContents()).map((line) => line.trim());
  assert.deepEqual(heard.slice(0, 2), ["Fetching the model.", "Ready."]);
  assert.deepEqual(heard.slice(2, 6), sentences.map((sentence) => sentence.trim()));
  assert.match(heard[6] ?? "", /^Done: /);
});

test("nothing moves while text streams", async (t) => {
  const { page, generate, status, setting } = await openReady(t);
  await setting("Length").fill("8000");
  // Browsers excuse what moves just after an input by a person, so this one comes from a script.
  await generate.evaluate((button) => {
    /** @type {any} */ (window).moved = 0;
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries())) {
        if (!entry.hadRecentInput) /** @type {any} */ (window).moved += entry.value;
      }
    }).observe({ type: "layout-shift" });
    /** @type {HTMLButtonElement} */ (button).click();
  });
  await says(status, /^Done/);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).moved), 0);
});

for (const width of [320, 375, 1280]) {
  test(`nothing sticks out at ${width} px`, async (t) => {
    const { page, generate, status, alert, setting, prompt } = await openReady(t, { viewport: { width, height: 700 } });
    const sticksOut = () => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(await sticksOut(), false);
    await prompt.fill("x".repeat(600));
    await setting("Seed").fill("18446744073709551615");
    await generate.click();
    await says(status, /^Done/);
    assert.equal(await sticksOut(), false);
    await setting("Min-p").fill("1e30");
    await generate.click();
    await says(alert, /min-p/);
    assert.equal(await sticksOut(), false);
  });
}

test("the page works from a sub-folder", async (t) => {
  /** @type {string[]} */
  const wanted = [];
  const { page, origin } = await openPage(t, {
    root: fileURLToPath(new URL("../../", import.meta.url)),
    path: "/www/",
    before: async (opened) => void opened.on("request", (request) => wanted.push(request.url())),
  });
  await says(parts(page).status, /^Ready/);
  const here = wanted.filter((url) => url.startsWith(origin));
  assert.ok(here.length > 5);
  const outside = here.filter((url) => !url.startsWith(`${origin}/www/`));
  assert.deepEqual(outside, []);
});
