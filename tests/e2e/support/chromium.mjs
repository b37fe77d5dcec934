// Which browser, and how it is started.
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

const PLACES = [
  ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].flatMap((name) =>
    (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)),
  ),
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** `$CHROMIUM`, or the first Chromium or Chrome of this machine. */
export function chromiumPath() {
  const path = process.env.CHROMIUM ?? PLACES.find(isExecutable);
  if (path === undefined) throw new Error("Found no Chromium or Chrome: install one, or set CHROMIUM to its path.");
  return path;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
