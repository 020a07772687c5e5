// Prepares a network program to run: every buffer and every step is set up once, so that a frame allocates no memory.

import { startKernels } from "./kernels.js";
import { planNode } from "./operations.js";
import { parseProgram, size } from "./program.js";

const PAGE = 65536;
// The kernels process whole vectors and may read and write this many floats past the end of a buffer.
const SLACK = 8;

// Allocates addresses, and stores the initial values until the memory exists.
class Arena {
  constructor() {
    this.end = 0;
    /** @type {{ address: number, values: Values }[]} */
    this.writes = [];
  }

  /** @param {number} count */
  floats(count) {
    const address = this.end;
    this.end += Math.ceil((count + SLACK) / 4) * 16;
    return address;
  }

  // Allocates a buffer with these initial values (Float32Array or Int32Array). Returns its address.
  /** @param {Values} values */
  store(values) {
    const address = this.floats(values.length);
    this.writes.push({ address, values });
    return address;
  }
}

// Makes something once for each key, for nodes that share their weights.
function oncePerKey() {
  const made = new Map();
  /**
   * @template Made
   * @param {string} key
   * @param {() => Made} make
   * @returns {Made}
   */
  return (key, make) => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key);
  };
}

// Returns { inputs, outputs: name -> Float32Array in the network's memory; run(); macs; draw: how a decoder's images are
// sampled }.
/**
 * @param {Uint8Array} bytes
 * @returns {Network}
 */
export function buildNetwork(bytes) {
  const { header, array, weight } = parseProgram(bytes);
  /** @type {ProgramNode[]} */
  const nodes = header.nodes;
  const arena = new Arena();
  /** @type {Record<string, number>} */
  const address = {};
  for (const [name, shape] of Object.entries(header.inputs)) address[name] = arena.floats(size(shape));
  const shapes = { ...header.inputs, ...Object.fromEntries(nodes.map((node) => [node.output, node.shape])) };
  const context = { arena, address, shapes, array, weight, once: oncePerKey() };
  const planned = nodes.map((node) => planNode(node, context));

  const memory = new WebAssembly.Memory({ initial: Math.ceil(arena.end / PAGE) + 1 });
  const floats = new Float32Array(memory.buffer);
  for (const { address: at, values } of arena.writes) (values instanceof Int32Array ? new Int32Array(memory.buffer, at) : new Float32Array(memory.buffer, at)).set(values);
  const kernels = startKernels(memory);
  const steps = planned.flatMap((bind) => bind(kernels, floats));

  /** @param {string} name */
  const view = (name) => new Float32Array(memory.buffer, address[name], size(shapes[name]));
  /** @param {[string, string][]} names */
  const views = (names) => Object.fromEntries(names.map(([key, tensor]) => [key, view(tensor)]));
  return {
    inputs: views(Object.keys(header.inputs).map((name) => [name, name])),
    outputs: views(Object.entries(header.outputs)),
    macs: header.macs,
    draw: header.draw,
    run() {
      for (let i = 0; i < steps.length; i++) steps[i]();
    },
  };
}
