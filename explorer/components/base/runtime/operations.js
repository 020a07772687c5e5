// The operations of a network program, one function each. A plan allocates what a node needs in the arena, and returns a
// function that takes the kernels and the memory and returns the steps to run.

import { bindActivation } from "./activations.js";
import { convolutionAxis, planConvolution, transposedAxis } from "./convolution.js";
import { planPixelShuffle, planUpsample } from "./upsampling.js";
import { padded, toPanels, withZeros } from "./panels.js";
import { size } from "./program.js";

function planLinear(node, { arena, address, shapes, array, weight }) {
  const rows = size(node.shape);
  const columns = size(shapes[node.inputs[0]]);
  const m = padded(rows);
  const a = arena.store(toPanels(weight(node), rows, columns));
  const bias = arena.store(withZeros(array(node.arrays.bias), m));
  const x = address[node.inputs[0]];
  const y = address[node.output];
  return (kernels) => [() => kernels.matvec(a, x, bias, y, m, columns)];
}

function planAffine(node, { arena, address, array }) {
  const [channels, ...sides] = node.shape;
  const plane = size(sides);
  const scale = arena.store(array(node.arrays.scale));
  const shift = arena.store(array(node.arrays.shift));
  const x = address[node.inputs[0]];
  const y = address[node.output];
  return (kernels) => [
    plane === 1
      ? () => kernels.multiply_add(x, y, scale, shift, channels)
      : () => kernels.affine(x, y, scale, shift, channels, plane),
  ];
}

function planAdd(node, { address }) {
  const [a, b] = node.inputs.map((name) => address[name]);
  const y = address[node.output];
  const count = size(node.shape);
  return (kernels) => [() => kernels.add(a, b, y, count)];
}

// `start`: index of the first float that is copied
function planSlice(node, { address }) {
  const from = (address[node.inputs[0]] >> 2) + (node.start ?? 0);
  const to = address[node.output] >> 2;
  const count = size(node.shape);
  return (_, floats) => [() => floats.copyWithin(to, from, from + count)];
}

// Standardises `rows` consecutive segments of values to mean 0 and variance 1 each.
function planStandardise(node, { address }) {
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  const { rows, eps } = node;
  const length = size(node.shape) / rows;
  return (_, floats) => [
    () => {
      for (let row = 0; row < rows; row++) {
        const start = row * length;
        let sum = 0;
        for (let i = 0; i < length; i++) sum += floats[from + start + i];
        const mean = sum / length;
        let squares = 0;
        for (let i = 0; i < length; i++) squares += (floats[from + start + i] - mean) ** 2;
        const factor = 1 / Math.sqrt(squares / length + eps);
        for (let i = 0; i < length; i++) floats[to + start + i] = (floats[from + start + i] - mean) * factor;
      }
    },
  ];
}

const OPERATIONS = {
  linear: planLinear,
  conv: planConvolution(convolutionAxis),
  conv_transpose: planConvolution(transposedAxis),
  affine: planAffine,
  add: planAdd,
  slice: planSlice,
  copy: planSlice,
  standardise: planStandardise,
  upsample: planUpsample,
  pixel_shuffle: planPixelShuffle,
};

export function planNode(node, context) {
  const { address, arena } = context;
  if (node.op === "reshape") {
    address[node.output] = address[node.inputs[0]];
    return () => [];
  }
  const plan = OPERATIONS[node.op];
  if (!plan) throw new Error(`This page cannot run the operation "${node.op}".`);
  const count = size(node.shape);
  // A matrix product writes whole panels of rows, which may exceed the output.
  address[node.output] = arena.floats(count + 4);
  const bind = plan(node, context);
  if (!node.activation) return bind;
  return (kernels, floats) => [
    ...bind(kernels, floats),
    bindActivation(node.activation, kernels, floats, address[node.output], count),
  ];
}
