// What this browser's engine can do, and the program compiled for it.
import { CPU1Error } from "./errors.js";
import { nameOf } from "./remote.js";

/** A module with one relaxed instruction. To an engine without such instructions it is invalid. */
const RELAXED = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic number, version
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // types: [] -> [v128]
  0x03, 0x02, 0x01, 0x00, // functions: one, of that type
  0x0a, 0x0f, 0x01, 0x0d, 0x00, // code
  0x41, 0x01, 0xfd, 0x0f, // i32.const 1, i8x16.splat
  0x41, 0x02, 0xfd, 0x0f, // i32.const 2, i8x16.splat
  0xfd, 0x80, 0x02, 0x0b, // i8x16.relaxed_swizzle, end
);

/** Whether this engine has relaxed SIMD. */
export const hasRelaxed = WebAssembly.validate(RELAXED);

/** Whether workers can share memory here: WebKitGTK does not let them, even where the page is isolated. */
export const sharesMemory = self.crossOriginIsolated && typeof SharedArrayBuffer === "function";

/**
 * What to run instead of the fastest, for measurements. A kernel that does not exist is ignored.
 *
 * @typedef {{ simd?: "plain" | undefined, kernel?: string | undefined }} Wish
 */

/**
 * The number of threads to use: what was asked for, else half the machine's and at most four; one
 * where workers cannot share memory.
 *
 * @param {number | undefined} wanted
 */
export function chooseThreads(wanted) {
  if (!sharesMemory) return 1;
  const cores = navigator.hardwareConcurrency;
  return wanted ?? Math.min(cores, 4, Math.max(2, Math.floor(cores / 2)));
}

/** Fetches and compiles the program, which any worker of this page can then start. @param {Wish} [wish] */
export async function compileProgram({ simd } = {}) {
  // Bundlers only find addresses that are written out.
  const relaxed = new URL("../pkg/cpu1_relaxed.wasm", import.meta.url);
  const plain = new URL("../pkg/cpu1_bg.wasm", import.meta.url);
  const address = simd !== "plain" && hasRelaxed ? relaxed : plain;
  const lost = `The program itself, ${nameOf(address.href)}, could not be loaded from its server.`;
  const response = await fetch(address).catch((cause) => {
    throw new CPU1Error("network", lost, { cause });
  });
  if (!response.ok) throw new CPU1Error("network", lost);
  // Compiling while the file arrives needs the right content type, which not every server sends.
  const reads = response.headers.get("Content-Type")?.startsWith("application/wasm");
  try {
    return await (reads ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw new CPU1Error("network", lost, { cause });
    const sentence = "This browser lacks WebAssembly SIMD or threads; a newer one has them.";
    throw new CPU1Error("unsupported", sentence, { cause });
  }
}
