// Operations on values of several tensors that stand at the same place, and products of matrices that are both computed.

import { size } from "./program.js";

/** @type {Record<string, (a: number, b: number) => number>} */
const FUNCTIONS = {
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  greater: (a, b) => Number(a > b),
  not_less: (a, b) => Number(a >= b),
  equal: (a, b) => Number(a === b),
};

/** @type {Plan} */
export function planAdd(node, { address }) {
  const [a, b] = node.inputs.map((name) => address[name]);
  const y = address[node.output];
  const count = size(node.shape);
  return (kernels) => [() => kernels.add(a, b, y, count)];
}

/** @type {Plan} */
export function planBinary(node, { address }) {
  const [a, b] = node.inputs.map((name) => address[name] >> 2);
  const y = address[node.output] >> 2;
  const count = size(node.shape);
  const f = FUNCTIONS[node.function];
  if (!f) throw new Error(`This page cannot run the function "${node.function}".`);
  return (_, floats) => [
    () => {
      for (let i = 0; i < count; i++) floats[y + i] = f(floats[a + i], floats[b + i]);
    },
  ];
}

// The second input where the first is not 0, else the third.
/** @type {Plan} */
export function planWhere(node, { address }) {
  const [condition, a, b] = node.inputs.map((name) => address[name] >> 2);
  const y = address[node.output] >> 2;
  const count = size(node.shape);
  return (_, floats) => [
    () => {
      for (let i = 0; i < count; i++) floats[y + i] = floats[condition + i] ? floats[a + i] : floats[b + i];
    },
  ];
}

// `count` products of (m, k) and (k, n).
/** @type {Plan} */
export function planMatmul(node, { address }) {
  const [a, b] = node.inputs.map((name) => address[name] >> 2);
  const y = address[node.output] >> 2;
  const { count, sides: [m, k, n] } = node;
  return (_, floats) => [
    () => {
      for (let one = 0, at = y; one < count; one++) {
        for (let row = 0; row < m; row++) {
          for (let column = 0; column < n; column++, at++) {
            let sum = 0;
            for (let i = 0; i < k; i++) sum += floats[a + (one * m + row) * k + i] * floats[b + (one * k + i) * n + column];
            floats[at] = sum;
          }
        }
      }
    },
  ];
}
