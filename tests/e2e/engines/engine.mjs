// Real browser engines under WebDriver. `startEngine` starts one with all that belongs to it, in a process group and a
// folder of their own, so that nothing of it is left however a test ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder } from "selenium-webdriver";
import { FLAGS, chromiumPath, pathOf } from "../support/chromium.mjs";
import { until } from "../support/until.mjs";

/** @import { ChildProcess } from "node:child_process" */
/** @import { AddressInfo } from "node:net" */
/** @import { WebDriver } from "selenium-webdriver" */

/**
 * @typedef {object} Kind
 * @property {string} title what people call it
 * @property {string[]} programs that have to be on this machine; the first is the driver
 * @property {(isPrivate: boolean) => object} capabilities
 * @property {boolean} forgets whether what a page keeps is gone when no page of its origin is open: automated windows of
 *   WebKitGTK are private ones
 * @property {boolean} hidesFiles whether its private windows have no private file system
 */

const FIREFOX = process.env.FIREFOX ?? (pathOf("firefox") ? "firefox" : "firefox-esr");

/** @type {Record<string, Kind>} */
export const KINDS = {
  chromium: {
    title: "Chromium",
    programs: [process.env.CHROMEDRIVER ?? "chromedriver"],
    forgets: false,
    hidesFiles: false,
    capabilities: () => ({
      browserName: "chrome",
      "goog:chromeOptions": { binary: chromiumPath(), args: ["--headless=new", "--no-sandbox", "--window-size=1280,900", ...FLAGS] },
    }),
  },
  firefox: {
    title: "Firefox",
    programs: ["geckodriver", FIREFOX],
    forgets: false,
    hidesFiles: true,
    capabilities: (isPrivate) => ({
      browserName: "firefox",
      "moz:firefoxOptions": {
        binary: pathOf(FIREFOX),
        args: ["-headless", "-width", "1280", "-height", "900"],
        prefs: { "browser.privatebrowsing.autostart": isPrivate },
      },
    }),
  },
  webkit: {
    title: "WebKitGTK",
    programs: ["WebKitWebDriver", "Xvfb"], // the driver knows where its browser is
    forgets: true,
    hidesFiles: false,
    capabilities: () => ({ browserName: "MiniBrowser" }),
  },
};

/** Runs a program until standard input ends, as it also does when we are killed; then ends the whole process group. */
const GUARD = '"$@" & cat > /dev/null; rm -rf "$TMPDIR"; kill -KILL 0';

/** Milliseconds that a driver may take to answer for the first time. */
const PATIENCE = 60_000;

/** The engines that are to be tested: those of $ENGINES, else Chromium. */
export function wantedEngines() {
  const names = (process.env.ENGINES ?? "chromium").split(/[ ,]+/).filter((name) => name !== "");
  const unknown = names.filter((name) => KINDS[name] === undefined);
  if (unknown.length > 0) throw new Error(`There is no engine ${unknown.join(", ")}: ENGINES takes ${Object.keys(KINDS).join(", ")}.`);
  return names;
}

/** An engine that runs, and its session. */
export class Engine {
  /** @type {ChildProcess[]} */
  #guards = [];
  #folder = mkdtempSync(join(tmpdir(), "cpu1-engine-"));
  /** @type {WebDriver} */
  driver = /** @type {any} */ (undefined);

  /** @param {string} name @param {boolean} isPrivate whether its windows are private ones, where it has some */
  static async start(name, isPrivate = false) {
    const engine = new Engine();
    try {
      await engine.#start(/** @type {Kind} */ (KINDS[name]), isPrivate);
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** @param {Kind} kind @param {boolean} isPrivate */
  async #start({ title, programs: [program = "", ...others], capabilities }, isPrivate) {
    const missing = [program, ...others].filter((name) => pathOf(name) === undefined);
    if (missing.length > 0) throw new Error(`${title} cannot be tested without ${missing.join(" and ")}: ./build.sh setup --all-browsers.`);
    const display = others.includes("Xvfb") ? await this.#display() : undefined;
    const port = await freePort();
    // WebKitGTK's sandbox works neither for root nor in containers, and the pages are our own.
    this.#spawn(program, [`--port=${port}`], { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", ...(display && { DISPLAY: display }) });
    const address = `http://127.0.0.1:${port}`;
    await answers(`${address}/status`, title);
    this.driver = await new Builder().usingServer(address).withCapabilities(capabilities(isPrivate)).build();
    await this.driver.manage().setTimeouts({ script: PATIENCE, pageLoad: PATIENCE });
  }

  /** Starts a display that nobody sees. @returns {Promise<string>} its name */
  async #display() {
    const xvfb = this.#spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"], {}, "pipe");
    const number = await new Promise((resolve, reject) => {
      xvfb.stdout?.once("data", (data) => resolve(String(data).trim()));
      xvfb.stdout?.once("end", () => reject(new Error("Xvfb did not start.")));
    });
    return `:${number}`;
  }

  /**
   * @param {string} program
   * @param {string[]} args
   * @param {Record<string, string>} env
   * @param {"pipe" | "ignore"} stdout
   */
  #spawn(program, args, env, stdout = "ignore") {
    const child = spawn("sh", ["-c", GUARD, "sh", program, ...args], {
      detached: true, // a process group of its own
      env: { ...process.env, TMPDIR: this.#folder, ...env },
      stdio: ["pipe", stdout, "ignore"],
    });
    this.#guards.push(child);
    return child;
  }

  /** Ends the engine and all that it started. */
  async close() {
    await this.driver?.quit().catch(() => {}); // it may be gone
    for (const guard of this.#guards) guard.stdin?.end();
    for (const { pid = NaN } of this.#guards) {
      await until(() => !isGroup(pid), "the engine ends", PATIENCE);
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Whether anything of a process group is left. @param {number} id */
function isGroup(id) {
  try {
    return process.kill(-id, 0);
  } catch {
    return false;
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {AddressInfo} */ (server.address());
  await once(server.close(), "close");
  return port;
}

/** @param {string} address @param {string} title */
async function answers(address, title) {
  await until(() => fetch(address).then(({ ok }) => ok, () => false), `the driver of ${title} answers`, PATIENCE);
}
