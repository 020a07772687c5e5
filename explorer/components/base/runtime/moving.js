// Operations that move values and compute none.

import { size } from "./program.js";

// `start`: the first of the floats that are taken.
/** @type {Plan} */
export function planSlice(node, { address }) {
  const from = (address[node.inputs[0]] >> 2) + (node.start ?? 0);
  const to = address[node.output] >> 2;
  const count = size(node.shape);
  return (_, floats) => [() => floats.copyWithin(to, from, from + count)];
}

// Values at the places of nested loops (`start`, and `counts` and `strides` from the outermost to the innermost), or at those
// of an array `index`, 0 where that is negative.
/** @type {Plan} */
export function planTake(node, { address, array }) {
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  const index = node.arrays ? array(node.arrays.index) : places(node);
  return (_, floats) => [
    () => {
      for (let i = 0; i < index.length; i++) floats[to + i] = index[i] < 0 ? 0 : floats[from + index[i]];
    },
  ];
}

/** @param {ProgramNode} node */
function places({ start, counts, strides }) {
  let found = [start];
  /** @type {number[]} */ (counts).forEach((count, k) => {
    found = found.flatMap((place) => Array.from({ length: count }, (_, i) => place + i * strides[k]));
  });
  return Int32Array.from(found);
}

// Inputs one after the other, `outer` times: each has as many values for each time.
/** @type {Plan} */
export function planConcat(node, { address, shapes }) {
  const from = node.inputs.map((name) => address[name] >> 2);
  const widths = node.inputs.map((name) => size(shapes[name]) / node.outer);
  const to = address[node.output] >> 2;
  return (_, floats) => [
    () => {
      for (let row = 0, at = to; row < node.outer; row++) {
        for (let k = 0; k < from.length; at += widths[k], k++) {
          const start = from[k] + row * widths[k];
          floats.copyWithin(at, start, start + widths[k]);
        }
      }
    },
  ];
}

// Rows of a table, at the numbers that the input holds.
/** @type {Plan} */
export function planEmbedding(node, { arena, address, shapes, array }) {
  const table = array(node.arrays.weight);
  const count = size(shapes[node.inputs[0]]);
  const width = size(node.shape) / count;
  const rows = table.length / width;
  const start = arena.store(table) >> 2;
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  return (_, floats) => [
    () => {
      for (let i = 0; i < count; i++) {
        const row = floats[from + i];
        if (!(row >= 0 && row < rows && Number.isInteger(row))) throw new RangeError(`The network was given ${row} where it knows 0 to ${rows - 1}.`);
        floats.copyWithin(to + i * width, start + row * width, start + (row + 1) * width);
      }
    },
  ];
}
