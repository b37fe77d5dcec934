// The page as a person meets it: everything is found by role and label.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { NETWORK, openPage } from "./support/browser.mjs";
import { openReady, parts } from "./support/page.mjs";
import { scriptedModel } from "./support/scripted.mjs";
import { says } from "./support/site.mjs";

test("text streams, stops, and streams again", async (t) => {
  const { page, prompt, generate, stop, text, status, setting, fact, write } = await openReady(t, {}, { Length: "500000" });
  await page.evaluate(() => {
    /** @type {any} */ (window).lengths = [];
    const region = /** @type {HTMLElement} */ (document.querySelector("[role=region]"));
    const note = () => /** @type {any} */ (window).lengths.push(region.textContent.length);
    new MutationObserver(note).observe(region, { childList: true, subtree: true, characterData: true });
  });
  await prompt.fill("The borrow checker");
  await generate.click();
  await page.waitForFunction(() => new Set(/** @type {any} */ (window).lengths).size > 3);
  assert.match(await says(text, /./), /^The borrow checker/);
  assert.match(await says(fact("Speed"), /bytes\/s/), /^[1-9][\d,]* bytes\/s$/);

  await stop.click();
  const stopped = /^Stopped: ([\d,]+) bytes/.exec(await says(status, /^Stopped/));
  assert.ok(stopped && Number(stopped[1]?.replaceAll(",", "")) < 500_000);

  await setting("Length").fill("50");
  await write(/^Done: 50 bytes/);
  assert.match(await says(fact("Model"), /./), /run_14.*10\.7 M/);
});

test("a text that came out well can be had again by its seed, on as many threads as the address asks for", async (t) => {
  const { fact, press, write } = await openReady(t, { path: "/?threads=3" });
  assert.equal(await fact("Threads").textContent(), "3");
  const first = await write();
  await press("Keep this seed");
  assert.equal(await write(), first);
});

test("the page answers while the model writes", async (t) => {
  const { generate, stop, status, setting, settings } = await openReady(t, {}, { Length: "1000000" });
  await generate.click();
  await says(status, /^Writing/);
  await settings.click();
  await setting("Length").waitFor({ state: "hidden" });
  await settings.click();
  await setting("Seed").fill("12");
  assert.match(await says(status, /./), /^Writing/);
  await stop.click();
  await says(status, /^Stopped/);
});

test("a prompt of a megabyte gets a sentence, a long one is read", async (t) => {
  const { prompt, generate, stop, status, alert, setting, write } = await openReady(t);
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
  await write(/^Done: 40 bytes/);
});

test("absurd settings get a sentence beside them", async (t) => {
  const { page, generate, alert, setting, write } = await openReady(t);
  /** @type {[name: string, value: string, sentence: RegExp][]} */
  const absurd = [
    ["Temperature", "-1", /^The temperature is -1; it must be a number from 0 to 10\.$/],
    ["Length", "0", /^The length is 0 bytes; it must be/],
    ["Top-p", "0", /^The top-p is 0; it must be/],
    ["Top-k", "-3", /^The top-k must be a whole number/],
    ["Min-p", "7", /^The min-p is 7; it must be/],
    ["Repetition penalty", "0", /^The repetition penalty is 0; it must be/],
    ["Seed", "tuesday", /^The seed must be a whole number/],
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
  await write();
  assert.equal(await alert.count(), 0);
});

test("a setting left empty keeps its default, and an empty prompt is a prompt", async (t) => {
  const { prompt, write } = await openReady(t, {}, { Temperature: "", "Top-p": "", Length: "" });
  await prompt.fill("");
  assert.ok((await write(/^Done: 256 bytes/)).length > 100);
});

test("a model file that is missing or foreign gets a sentence, and another try", async (t) => {
  /** @type {[answer: { status?: number, body?: Buffer } | "abort", sentence: RegExp][]} */
  const bad = [
    [{ status: 404 }, /could not be fetched: the server answered 404\./],
    ["abort", /could not be fetched: the connection failed\./],
    [{ body: Buffer.from("<!doctype html><title>Not here</title>".repeat(99)) }, /This is a web page, not a checkpoint/],
  ];
  let now = 0;
  const { page } = await openPage(t, {
    allow: NETWORK,
    before: async (opened) => {
      await opened.route("**/*.pt", (route) => {
        const answer = bad[now]?.[0];
        if (answer === undefined) return route.continue();
        return answer === "abort" ? route.abort() : route.fulfill(answer);
      });
    },
  });
  const { generate, status, alert, press, write } = parts(page);
  for (const [, sentence] of bad) {
    assert.match(await says(alert, sentence), /^[A-Z].*\.Load the model again$/s);
    assert.equal(await generate.getAttribute("aria-disabled"), "true");
    now += 1;
    await press("Load the model again");
  }
  await says(status, /^Ready/);
  await write();
});

test("a file of one's own: a bad one leaves the model, a good one takes its place", async (t) => {
  const { page, alert, fact, write } = await openReady(t);
  const choose = page.getByLabel("Open another CPU-1 checkpoint");
  const name = "<img src=x onerror=alert(1)>.pt";
  await choose.setInputFiles({ name, mimeType: "", buffer: Buffer.from("PK\x03\x04 and nothing more") });
  await says(alert, /^<img src=x onerror=alert\(1\)>\.pt: [A-Z].*\.$/s);
  assert.match(await says(fact("Model"), /./), /run_14/);
  await write();

  await choose.setInputFiles(new URL("../fixtures/run_03.compact.pt", import.meta.url).pathname);
  await says(fact("Model"), /run_03/);
  assert.match(await write(), /^Ownership is/);
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
  const { page, prompt, text, write } = await openReady(t, { before: (opened) => scriptedModel(opened, bytes) });
  const title = await page.title();
  await prompt.fill("<b>bold</b> <img src=x onerror=\"document.title='pwned'\">");
  assert.equal(await write(), `${await prompt.inputValue()}${written}\ufffd\ufffd!`);
  assert.equal(await text.locator("img, b, script").count(), 0);
  assert.equal(await page.title(), title);
});

test("screen readers hear sentences", async (t) => {
  const sentences = ["Ownership is a rule.", "It has\ntwo parts!", "Does it hold? ", "It does (always)."];
  const bytes = [...new TextEncoder().encode(sentences.join(" "))];
  const { page, write } = await openReady(t, { before: (opened) => scriptedModel(opened, bytes) });
  await write();
  const heard = (await page.getByRole("log").locator("p").allTextContents()).map((line) => line.trim());
  assert.deepEqual(heard.slice(0, 2), ["Fetching the model.", "Ready."]);
  assert.deepEqual(heard.slice(2, 6), sentences.map((sentence) => sentence.trim()));
  assert.match(heard[6] ?? "", /^Done: /);
});

test("nothing sticks out, however wide the page is", async (t) => {
  const { page, generate, alert, setting, prompt, write, sticksOut } = await openReady(t);
  const fits = async () => {
    for (const width of [320, 375, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      assert.equal(await sticksOut(), false, `${width} px`);
    }
  };
  await fits();
  for (const word of ["Patches dropped", "Kernel"]) {
    await page.locator("summary", { hasText: word }).press("Enter");
    await fits();
  }
  await page.getByText("A patch is what the model reads in one step").waitFor({ state: "hidden" });
  await page.getByText("The program for the innermost loop").waitFor();
  await prompt.fill("x".repeat(600));
  await setting("Seed").fill("18446744073709551615");
  await write();
  await fits();
  await setting("Min-p").fill("1e30");
  await generate.click();
  await says(alert, /min-p/);
  await fits();
});

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
