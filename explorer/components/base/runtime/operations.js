// The operations of a network program, one function each. A plan allocates what a node needs in the arena, and returns a
// function that takes the kernels and the memory and returns the steps to run.

import { bindActivation } from "./activations.js";
import { planAdd, planBinary, planMatmul, planWhere } from "./combining.js";
import { convolutionAxis, planConvolution, transposedAxis } from "./convolution.js";
import { planUpsample } from "./upsampling.js";
import { planConcat, planEmbedding, planSlice, planTake } from "./moving.js";
import { padded, toPanels, withZeros } from "./panels.js";
import { size } from "./program.js";
import { planCumulate, planLogSoftmax, planReduce, planSoftmax, planStandardise } from "./reducing.js";

// `rows`: of how many vectors, one after the other, each is multiplied; 1 if not given.
/** @type {Plan} */
function planLinear(node, { arena, address, shapes, array, weight, once }) {
  const { rows = 1 } = node;
  const outputs = size(node.shape) / rows;
  const columns = size(shapes[node.inputs[0]]) / rows;
  const m = padded(outputs);
  const { a, bias } = once(JSON.stringify(node.arrays), () => ({
    a: arena.store(toPanels(weight(node), outputs, columns)),
    bias: arena.store(withZeros(array(node.arrays.bias), m)),
  }));
  const x = address[node.inputs[0]];
  const y = address[node.output];
  if (rows === 1) return (kernels) => [() => kernels.matvec(a, x, bias, y, m, columns)];
  // What a product writes past the end of its row, the next one mends.
  return (kernels) => [
    () => {
      for (let row = 0; row < rows; row++) kernels.matvec(a, x + 4 * row * columns, bias, y + 4 * row * outputs, m, columns);
    },
  ];
}

/** @type {Plan} */
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

/** @type {Record<string, Plan>} */
const OPERATIONS = {
  linear: planLinear,
  conv: planConvolution(convolutionAxis),
  conv_transpose: planConvolution(transposedAxis),
  matmul: planMatmul,
  affine: planAffine,
  add: planAdd,
  binary: planBinary,
  where: planWhere,
  slice: planSlice,
  copy: planSlice,
  take: planTake,
  concat: planConcat,
  embedding: planEmbedding,
  reduce: planReduce,
  softmax: planSoftmax,
  log_softmax: planLogSoftmax,
  cumsum: planCumulate,
  standardise: planStandardise,
  upsample: planUpsample,
};

// Operations whose output needs no step: where it lies.
/** @type {Record<string, (node: ProgramNode, context: PlanContext) => number>} */
const PLACED = {
  reshape: (node, { address }) => address[node.inputs[0]],
  constant: (node, { arena, array }) => arena.store(array(node.arrays.values)),
};

/** @type {Plan} */
export function planNode(node, context) {
  const { address, arena } = context;
  if (node.op in PLACED) {
    address[node.output] = PLACED[node.op](node, context);
    return () => [];
  }
  const plan = OPERATIONS[node.op];
  if (!plan) throw new Error(`This page cannot run the operation "${node.op}".`);
  const count = size(node.shape);
  // A matrix product writes whole panels of rows, which may exceed the output.
  address[node.output] = arena.floats(count + 4);
  const bind = plan(node, context);
  return (kernels, floats) => [
    ...bind(kernels, floats),
    ...(node.activations ?? []).map((one) => bindActivation(one, kernels, floats, address[node.output], count)),
  ];
}
