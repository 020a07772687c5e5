// Operations along an axis: values lie as (outer, length, inner), and run along the middle one.

import { size } from "./program.js";

// A fold over the values of a row, and a function that is called for each row: with the index of its first float, the step from
// one to the next, and its number.
/** @typedef {{ first: number, next: (value: number, x: number) => number, end?: (value: number, length: number) => number }} Fold */
/** @typedef {(start: number, step: number, row: number) => void} ForRow */

// What is known of the values before the first, and how one more changes that; `end`, what is told at the last.
/** @type {Record<string, Fold>} */
const FUNCTIONS = {
  sum: { first: 0, next: (sum, x) => sum + x },
  mean: { first: 0, next: (sum, x) => sum + x, end: (sum, length) => sum / length },
  prod: { first: 1, next: (product, x) => product * x },
  max: { first: -Infinity, next: Math.max },
  min: { first: Infinity, next: Math.min },
};

/** @type {Plan} */
export function planReduce(node, context) {
  if (node.function in FUNCTIONS) return planFold(FUNCTIONS[node.function], node, context);
  if (node.function === "argmax") return planBest((x, best) => x > best, node, context);
  if (node.function === "argmin") return planBest((x, best) => x < best, node, context);
  if (node.function === "logsumexp") return planLogSumExp(node, context);
  throw new Error(`This page cannot run the function "${node.function}".`);
}

// Runs f(first float of a row, step from one to the next, number of the row) for each of the rows along the axis.
/**
 * @param {ProgramNode} node
 * @param {number} from
 * @param {ForRow} f
 */
function rows({ outer, inner, length }, from, f) {
  for (let i = 0; i < outer; i++) for (let j = 0; j < inner; j++) f(from + i * length * inner + j, inner, i * inner + j);
}

/** @type {(node: ProgramNode, context: PlanContext, bind: (floats: Float32Array, from: number, to: number) => ForRow) => Bind} */
const planRows = (node, { address }, bind) => {
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  return (_, floats) => {
    const f = bind(floats, from, to);
    return [() => rows(node, from, f)];
  };
};

/** @type {(fold: Fold, node: ProgramNode, context: PlanContext) => Bind} */
const planFold = ({ first, next, end }, node, context) =>
  planRows(node, context, (floats, _, to) => (start, step, row) => {
    let value = first;
    for (let i = 0; i < node.length; i++) value = next(value, floats[start + i * step]);
    floats[to + row] = end ? end(value, node.length) : value;
  });

/** @type {(better: (x: number, best: number) => boolean, node: ProgramNode, context: PlanContext) => Bind} */
const planBest = (better, node, context) =>
  planRows(node, context, (floats, _, to) => (start, step, row) => {
    let best = 0;
    for (let i = 1; i < node.length; i++) if (better(floats[start + i * step], floats[start + best * step])) best = i;
    floats[to + row] = best;
  });

// The largest of a row, and the sum of exp(x - largest) over it.
/**
 * @param {Float32Array} floats
 * @param {number} start
 * @param {number} step
 * @param {number} length
 */
function exponentials(floats, start, step, length) {
  let largest = -Infinity;
  for (let i = 0; i < length; i++) largest = Math.max(largest, floats[start + i * step]);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.exp(floats[start + i * step] - largest);
  return [largest, sum];
}

/** @type {Plan} */
const planLogSumExp = (node, context) =>
  planRows(node, context, (floats, _, to) => (start, step, row) => {
    const [largest, sum] = exponentials(floats, start, step, node.length);
    floats[to + row] = largest + Math.log(sum);
  });

/** @type {Plan} */
export const planSoftmax = (node, context) =>
  planRows(node, context, (floats, from, to) => (start, step) => {
    const [largest, sum] = exponentials(floats, start, step, node.length);
    const target = start - from + to;
    for (let i = 0; i < node.length; i++) floats[target + i * step] = Math.exp(floats[start + i * step] - largest) / sum;
  });

/** @type {Plan} */
export const planLogSoftmax = (node, context) =>
  planRows(node, context, (floats, from, to) => (start, step) => {
    const [largest, sum] = exponentials(floats, start, step, node.length);
    const target = start - from + to;
    for (let i = 0; i < node.length; i++) floats[target + i * step] = floats[start + i * step] - largest - Math.log(sum);
  });

/** @type {Plan} */
export const planCumulate = (node, context) =>
  planRows(node, context, (floats, from, to) => (start, step) => {
    let sum = 0;
    for (let i = 0; i < node.length; i++) floats[start - from + to + i * step] = sum += floats[start + i * step];
  });

// As many runs of values, one after the other, each brought to mean 0 and variance 1.
/** @type {Plan} */
export function planStandardise(node, { address }) {
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  const { rows: count, eps } = node;
  const length = size(node.shape) / count;
  return (_, floats) => [
    () => {
      for (let row = 0; row < count; row++) {
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
