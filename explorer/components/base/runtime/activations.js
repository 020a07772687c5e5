// Elementwise functions, applied in place. Those that the app's networks use are kernels; the others are plain loops.

/** @typedef {(kernels: Kernels, floats: Float32Array, address: number, count: number) => Step} BindActivation */

// Abramowitz & Stegun 7.1.26: the error is below 1.5e-7.
/** @param {number} x */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const polynomial = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - polynomial * Math.exp(-x * x));
}

// log(1 + exp(x)), without overflow.
/** @param {number} x */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @type {(f: (x: number) => number) => BindActivation} */
const loop = (f) => (kernels, floats, address, count) => () => {
  const start = address >> 2;
  for (let i = start; i < start + count; i++) floats[i] = f(floats[i]);
};
/** @type {(name: string) => () => BindActivation} */
const kernel = (name) => () => (kernels, floats, address, count) => () => kernels[name](address, count);

/** @type {Record<string, (...parameters: number[]) => BindActivation>} */
const ACTIVATIONS = {
  relu: kernel("relu"),
  silu: kernel("silu"),
  sigmoid: kernel("sigmoid"),
  tanh: () => loop(Math.tanh),
  leaky_relu: (slope) => loop((x) => (x > 0 ? x : slope * x)),
  elu: (alpha) => loop((x) => (x > 0 ? x : alpha * Math.expm1(x))),
  gelu: () => loop((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  gelu_tanh: () => loop((x) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))),
  softplus: (beta, threshold) => loop((x) => (beta * x > threshold ? x : softplus(beta * x) / beta)),
  logsigmoid: () => loop((x) => -softplus(-x)),
  mish: () => loop((x) => x * Math.tanh(softplus(x))),
  linear: (scale, shift) => loop((x) => scale * x + shift),
  power: (exponent) => loop((x) => x ** exponent),
  clamp: (low, high) => loop((x) => Math.min(Math.max(x, low), high)),
  exp: () => loop(Math.exp),
  expm1: () => loop(Math.expm1),
  log: () => loop(Math.log),
  log1p: () => loop(Math.log1p),
  sqrt: () => loop(Math.sqrt),
  abs: () => loop(Math.abs),
  sin: () => loop(Math.sin),
  cos: () => loop(Math.cos),
  floor: () => loop(Math.floor),
  trunc: () => loop(Math.trunc),
};

// Turns [name, ...parameters] into a step over `count` floats at `address`.
/**
 * @param {Activation} activation
 * @param {Kernels} kernels
 * @param {Float32Array} floats
 * @param {number} address
 * @param {number} count
 */
export function bindActivation([name, ...parameters], kernels, floats, address, count) {
  const activation = ACTIVATIONS[name];
  if (!activation) throw new Error(`This page cannot run the activation "${name}".`);
  return activation(...parameters)(kernels, floats, address, count);
}
