// One thread of the worker's team: it shares the worker's memory and works until the worker ends.
import init, { wbg_rayon_start_worker } from "../pkg/cpu1.js";

/** @import { Enrolment } from "./team.js" */

self.onmessage = async (/** @type {MessageEvent<Enrolment>} */ { data: { module, memory, receiver } }) => {
  await init({ module_or_path: module, memory });
  self.postMessage("ready");
  wbg_rayon_start_worker(receiver);
};
