// Writes a decoding step as an ONNX graph: embedding, layers, logits, with dynamically quantised
// 8-bit products, which is how models are usually put on the web. Attention over earlier tokens is
// left out, an element-wise gate keeps q, k and v alive: that favours this engine.
import { LAYERS, Random, VOCABULARY, WIDTH, matrices } from "./shape.mjs";

const FLOAT = 1;
const INT8 = 3;
const INT64 = 7;

/** @returns {Buffer} */
export function onnx() {
  const graph = new Graph();
  const table = (/** @type {string} */ name, /** @type {number[]} */ shape) => {
    const numbers = Float32Array.from({ length: VOCABULARY * WIDTH }, () => (graph.random.next(1001) - 500) / 1000);
    return graph.constant(name, shape, FLOAT, Buffer.from(numbers.buffer));
  };
  let x = graph.node("Gather", [table("embedding", [VOCABULARY, WIDTH]), "token"]);
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const by = Object.fromEntries(matrices().map(([name, rows, columns]) => [name, { rows, columns }]));
    const product = (/** @type {string} */ name, /** @type {Quantised} */ input) => {
      const { rows = 0, columns = 0 } = by[name] ?? {};
      return graph.product(input, rows, columns);
    };
    let quantised = graph.quantised(graph.norm(x));
    const [q = "", k = "", v = ""] = ["q", "k", "v"].map((name) => product(name, quantised));
    const gated = graph.node("Mul", [v, graph.node("Sigmoid", [graph.node("Mul", [q, k])])]);
    x = graph.node("Add", [x, product("o", graph.quantised(gated))]);
    quantised = graph.quantised(graph.norm(x));
    const gate = product("gate", quantised);
    const silu = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])]);
    const hidden = graph.node("Mul", [silu, product("up", quantised)]);
    x = graph.node("Add", [x, product("down", graph.quantised(hidden))]);
  }
  graph.node("MatMul", [graph.norm(x), table("head", [WIDTH, VOCABULARY])], "logits");
  return graph.file();
}

/** @typedef {{ values: string, scale: string, zero: string }} Quantised */

class Graph {
  random = new Random();
  #nodes = /** @type {Buffer[]} */ ([]);
  #constants = /** @type {Buffer[]} */ ([]);
  #names = 0;

  #name() {
    this.#names += 1;
    return `t${this.#names}`;
  }

  /**
   * @param {string} name
   * @param {number[]} shape
   * @param {number} type
   * @param {Buffer} data
   */
  constant(name, shape, type, data) {
    const unique = `${name}_${this.#name()}`;
    this.#constants.push(Buffer.concat([...shape.map((n) => varint(1, n)), varint(2, type), bytes(8, unique), bytes(9, data)]));
    return unique;
  }

  /**
   * @param {string} operator
   * @param {string[]} inputs
   * @param {string} [output]
   */
  node(operator, inputs, output = this.#name()) {
    this.#nodes.push(node(operator, inputs, [output]));
    return output;
  }

  /** RMSNorm. @param {string} x */
  norm(x) {
    const ones = this.constant("ones", [WIDTH], FLOAT, Buffer.from(new Float32Array(WIDTH).fill(1).buffer));
    const output = this.#name();
    const epsilon = Buffer.concat([bytes(1, "epsilon"), float(2, 1e-5), varint(20, 1)]);
    const axis = Buffer.concat([bytes(1, "axis"), varint(3, -1), varint(20, 2)]);
    this.#nodes.push(Buffer.concat([node("SimplifiedLayerNormalization", [x, ones], [output]), bytes(5, axis), bytes(5, epsilon)]));
    return output;
  }

  /**
   * @param {string} x
   * @returns {Quantised}
   */
  quantised(x) {
    const [values, scale, zero] = [this.#name(), this.#name(), this.#name()];
    this.#nodes.push(node("DynamicQuantizeLinear", [x], [values, scale, zero]));
    return { values, scale, zero };
  }

  /**
   * @param {Quantised} x
   * @param {number} rows
   * @param {number} columns
   */
  product({ values, scale, zero }, rows, columns) {
    const weights = Int8Array.from({ length: rows * columns }, () => this.random.next(3) - 1);
    const matrix = this.constant("w", [columns, rows], INT8, Buffer.from(weights.buffer));
    const none = this.constant("zero", [], INT8, Buffer.from([0]));
    const gamma = this.constant("gamma", [], FLOAT, Buffer.from(new Float32Array([1.2 / Math.sqrt(columns)]).buffer));
    const sums = this.node("MatMulInteger", [values, matrix, zero, none]);
    const cast = this.#name();
    const to = Buffer.concat([bytes(1, "to"), varint(3, FLOAT), varint(20, 2)]);
    this.#nodes.push(Buffer.concat([node("Cast", [sums], [cast]), bytes(5, to)]));
    return this.node("Mul", [cast, this.node("Mul", [scale, gamma])]);
  }

  file() {
    const graph = Buffer.concat([
      ...this.#nodes.map((each) => bytes(1, each)),
      bytes(2, "step"),
      ...this.#constants.map((constant) => bytes(5, constant)),
      bytes(11, tensor("token", INT64, ["n"])),
      bytes(12, tensor("logits", FLOAT, ["n", VOCABULARY])),
    ]);
    // Its format's version, the graph, and the version of the operators.
    return Buffer.concat([varint(1, 9), bytes(7, graph), bytes(8, varint(2, 18))]);
  }
}

/**
 * @param {string} operator
 * @param {string[]} inputs
 * @param {string[]} outputs
 */
function node(operator, inputs, outputs) {
  return Buffer.concat([...inputs.map((name) => bytes(1, name)), ...outputs.map((name) => bytes(2, name)), bytes(4, operator)]);
}

/**
 * @param {string} name
 * @param {number} type
 * @param {(number | string)[]} shape
 */
function tensor(name, type, shape) {
  const sizes = shape.map((size) => bytes(1, typeof size === "number" ? varint(1, size) : bytes(2, size)));
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, Buffer.concat([varint(1, type), bytes(2, Buffer.concat(sizes))])))]);
}

// Fields of protobuf messages.

/** @param {number} field @param {number} value */
function varint(field, value) {
  return Buffer.concat([number(field << 3), number(value)]);
}

/** @param {number} field @param {Buffer | string} value */
function bytes(field, value) {
  const data = Buffer.from(value);
  return Buffer.concat([number((field << 3) | 2), number(data.length), data]);
}

/** @param {number} field @param {number} value */
function float(field, value) {
  return Buffer.concat([number((field << 3) | 5), Buffer.from(new Float32Array([value]).buffer)]);
}

/** @param {number} value */
function number(value) {
  const digits = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 128n; left >>= 7n) digits.push(Number(left & 127n) | 128);
  digits.push(Number(left));
  return Buffer.from(digits);
}
