// Where programs are on this machine, and how Chromium is started.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** `$CHROMIUM`, or the first Chromium or Chrome of this machine. */
export function chromiumPath() {
  const path = process.env.CHROMIUM ?? NAMES.map(pathOf).find((found) => found);
  if (path === undefined) throw new Error("Found no Chromium or Chrome: install one, or set CHROMIUM to its path.");
  return path;
}

/** Where a program is, if it is on this machine. @param {string} program its name, or a path */
export function pathOf(program) {
  const places = program.includes("/") ? [program] : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
