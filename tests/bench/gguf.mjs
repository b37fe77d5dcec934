// Writes a model as llama.cpp reads it (GGUF): random weights in its ternary type TQ2_0.
import { LAYERS, Random, VOCABULARY, WIDTH, matrices } from "./shape.mjs";

/** Weights of a TQ2_0 block: 64 bytes of four 2-bit codes each, then its scale as f16. */
const BLOCK = 256;
const BLOCK_BYTES = 66;
/** 1.2 / √512 in f16. */
const SCALE = [0xca, 0x2a];

const TYPES = { u32: 4, f32: 6, bool: 7, string: 8, array: 9 };
const F32 = 0;
const F16 = 1;
const TQ2_0 = 35;
const ALIGNMENT = 32;

/**
 * A feed-forward width that whole blocks can hold; the nearest to ours.
 */
export const GGUF_HIDDEN = 1280;

/** @returns {Buffer} */
export function gguf() {
  const random = new Random();
  /** @type {{ name: string, shape: number[], type: number, data: Buffer }[]} */
  const tensors = [];
  const norm = (/** @type {string} */ name) => {
    tensors.push({ name, shape: [WIDTH], type: F32, data: Buffer.from(new Float32Array(WIDTH).fill(1).buffer) });
  };
  const table = (/** @type {string} */ name) => {
    // Numbers of either sign around 0.25, as f16.
    const numbers = Uint16Array.from({ length: VOCABULARY * WIDTH }, () => 0x3400 + random.next(512) + 0x8000 * random.next(2));
    tensors.push({ name, shape: [WIDTH, VOCABULARY], type: F16, data: Buffer.from(numbers.buffer) });
  };
  const names = { q: "attn_q", k: "attn_k", v: "attn_v", o: "attn_output", gate: "ffn_gate", up: "ffn_up", down: "ffn_down" };
  table("token_embd.weight");
  for (let layer = 0; layer < LAYERS; layer += 1) {
    norm(`blk.${layer}.attn_norm.weight`);
    norm(`blk.${layer}.ffn_norm.weight`);
    for (const [name, rows, columns] of matrices(GGUF_HIDDEN)) {
      const part = names[/** @type {keyof typeof names} */ (name)];
      const data = ternary((rows * columns) / BLOCK, random);
      tensors.push({ name: `blk.${layer}.${part}.weight`, shape: [columns, rows], type: TQ2_0, data });
    }
  }
  norm("output_norm.weight");
  table("output.weight");
  return file(header(), tensors);
}

/**
 * @param {number} blocks
 * @param {Random} random
 */
function ternary(blocks, random) {
  const data = Buffer.alloc(blocks * BLOCK_BYTES);
  for (let block = 0; block < blocks; block += 1) {
    const start = block * BLOCK_BYTES;
    for (let i = 0; i < BLOCK / 4; i += 1) {
      const code = () => random.next(3);
      data[start + i] = code() | (code() << 2) | (code() << 4) | (code() << 6);
    }
    data.set(SCALE, start + BLOCK / 4);
  }
  return data;
}

/** @returns {[string, keyof typeof TYPES, any][]} */
function header() {
  // One printable character a token, so that a stream never waits for the rest of one.
  const letters = Array.from({ length: VOCABULARY - 4 }, (_, i) => String.fromCodePoint(i < 94 ? 0x21 + i : 0xae + i));
  const tokens = ["<unk>", "<s>", "</s>", "\u2581", ...letters];
  return [
    ["general.architecture", "string", "llama"],
    ["general.name", "string", "random ternary weights"],
    ["llama.context_length", "u32", 2048],
    ["llama.embedding_length", "u32", WIDTH],
    ["llama.block_count", "u32", LAYERS],
    ["llama.feed_forward_length", "u32", GGUF_HIDDEN],
    ["llama.attention.head_count", "u32", 8],
    ["llama.attention.head_count_kv", "u32", 8],
    ["llama.rope.dimension_count", "u32", WIDTH / 8],
    ["llama.attention.layer_norm_rms_epsilon", "f32", 1e-5],
    ["llama.vocab_size", "u32", VOCABULARY],
    ["tokenizer.ggml.model", "string", "llama"],
    ["tokenizer.ggml.pre", "string", "default"],
    ["tokenizer.ggml.tokens", "array", { of: "string", values: tokens }],
    ["tokenizer.ggml.scores", "array", { of: "f32", values: tokens.map((_, i) => -i) }],
    ["tokenizer.ggml.token_type", "array", { of: "u32", values: tokens.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : 1)) }],
    ["tokenizer.ggml.bos_token_id", "u32", 1],
    ["tokenizer.ggml.eos_token_id", "u32", 2],
    ["tokenizer.ggml.unknown_token_id", "u32", 0],
    ["tokenizer.ggml.add_bos_token", "bool", true],
  ];
}

/**
 * @param {ReturnType<typeof header>} entries
 * @param {{ name: string, shape: number[], type: number, data: Buffer }[]} tensors
 */
function file(entries, tensors) {
  const parts = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, type, value] of entries) parts.push(string(key), typed(type, value));
  let offset = 0;
  for (const { name, shape, type, data } of tensors) {
    parts.push(string(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset));
    offset += aligned(data.length);
  }
  const head = Buffer.concat(parts);
  const body = tensors.flatMap(({ data }) => [data, Buffer.alloc(aligned(data.length) - data.length)]);
  return Buffer.concat([head, Buffer.alloc(aligned(head.length) - head.length), ...body]);
}

/**
 * @param {keyof typeof TYPES} type
 * @param {any} value
 */
function typed(type, value) {
  if (type !== "array") return Buffer.concat([u32(TYPES[type]), plain(type, value)]);
  // Token types are signed numbers to llama.cpp.
  const of = value.of === "u32" ? 5 : TYPES[/** @type {keyof typeof TYPES} */ (value.of)];
  return Buffer.concat([u32(TYPES.array), u32(of), u64(value.values.length), ...value.values.map((/** @type {any} */ v) => plain(value.of, v))]);
}

/**
 * @param {string} type
 * @param {any} value
 */
function plain(type, value) {
  if (type === "string") return string(value);
  if (type === "bool") return Buffer.from([value ? 1 : 0]);
  if (type === "f32") return Buffer.from(new Float32Array([value]).buffer);
  return u32(value);
}

/** @param {string} text */
function string(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** @param {number} n */
function u32(n) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}

/** @param {number} n */
function u64(n) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
}

/** @param {number} length */
function aligned(length) {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
