// On the padded image, a tap of the kernel is a constant offset for every output pixel, provided that outputs are counted along
// the padded rows. The few values that fall between two rows are skipped when the result is collected. A plain convolution with
// a stride first distributes its image over stride x stride planes, on which the stride is 1. A transposed convolution is
// stride x stride plain convolutions of stride 1, each of which gives every stride-th pixel.

/** @typedef {{ input: number, output: number, kernel: number, stride: number, padding: number }} AxisSizes */
/** @typedef {{ taps: number[][], count: number, first: number, step: number }} Phase */
/** @typedef {{ a: number, rows: number, k: number, n: number, y: Phase, x: Phase }} Product */
/** @typedef {{ length: number, planes: number, places: number[][], phases: Phase[] }} Axis */

import { padded, toPanels, withZeros } from "./panels.js";

/** @param {number} n */
const range = (n) => Array.from({ length: n }, (_, i) => i);

// Along one axis: the padded length of a plane, where input i goes (plane, place), and the phases: each with its taps
// (kernel index, plane, place of output 0), its number of outputs, and the first output and the step between two.
/**
 * @param {AxisSizes} sizes
 * @returns {Axis}
 */
export function convolutionAxis({ input, output, kernel, stride, padding }) {
  const length = Math.ceil(Math.max((output - 1) * stride + kernel, input + padding) / stride);
  const places = range(input).map((i) => [(i + padding) % stride, Math.floor((i + padding) / stride)]);
  const taps = range(kernel).map((k) => [k, k % stride, Math.floor(k / stride)]);
  return { length, planes: stride, places, phases: [{ taps, count: output, first: 0, step: 1 }] };
}

/**
 * @param {AxisSizes} sizes
 * @returns {Axis}
 */
export function transposedAxis({ input, output, kernel, stride, padding }) {
  // Output o = stride * j + r - padding takes input j - t through tap r + stride * t of the kernel.
  const phases = range(stride).map((r) => ({
    taps: range(Math.max(0, Math.ceil((kernel - r) / stride))),
    r,
    from: Math.ceil((padding - r) / stride),
    to: Math.floor((output - 1 + padding - r) / stride),
  }));
  const before = Math.max(0, ...phases.map((p) => p.taps.length - 1 - p.from));
  const after = Math.max(0, ...phases.map((p) => p.to - (input - 1)));
  return {
    length: before + input + after,
    planes: 1,
    places: range(input).map((i) => [0, i + before]),
    phases: phases
      .filter((p) => p.to >= p.from)
      .map((p) => ({
        taps: p.taps.map((t) => [p.r + stride * t, 0, p.from - t + before]),
        count: p.to - p.from + 1,
        first: stride * p.from + p.r - padding,
        step: stride,
      })),
  };
}

/** @type {(axis: (sizes: AxisSizes) => Axis) => Plan} */
export const planConvolution = (axis) => (node, { arena, address, shapes, array, weight }) => {
  const [channels, height, width] = shapes[node.inputs[0]];
  const [filters, outHeight, outWidth] = node.shape;
  const weights = weight(node);
  const [, , kernelHeight, kernelWidth] = node.kernel;
  /**
   * @param {number} k
   * @param {number} input
   * @param {number} output
   */
  const along = (k, input, output) =>
    axis({ input, output, kernel: node.kernel[k + 2], stride: node.stride[k], padding: node.padding[k] });
  const down = along(0, height, outHeight);
  const across = along(1, width, outWidth);

  const pitch = across.length;
  const plane = down.length * pitch;
  const image = arena.floats(down.planes * across.planes * channels * plane);
  /**
   * @param {number} py
   * @param {number} px
   */
  const planeStart = (py, px) => (py * across.planes + px) * channels * plane;
  const rowPlaces = Int32Array.from(down.places.map(([p, place]) => planeStart(p, 0) + place * pitch));
  const columnPlaces = Int32Array.from(across.places.map(([p, place]) => planeStart(0, p) + place));

  const source = address[node.inputs[0]] >> 2;
  const target = address[node.output] >> 2;
  const m = padded(filters);
  const bias = arena.store(withZeros(array(node.arrays.bias), m));
  /** @type {Product[]} */
  const products = [];
  for (const y of down.phases) {
    for (const x of across.phases) {
      const taps = y.taps.flatMap(([ky, py, oy]) =>
        x.taps.map(([kx, px, ox]) => ({ at: ky * kernelWidth + kx, offset: planeStart(py, px) + oy * pitch + ox })),
      );
      const k = channels * taps.length;
      const rows = new Int32Array(k);
      const matrix = new Float32Array(filters * k);
      for (let channel = 0, row = 0; channel < channels; channel++) {
        for (const { at, offset } of taps) {
          rows[row] = image + 4 * (channel * plane + offset);
          for (let filter = 0; filter < filters; filter++) {
            matrix[filter * k + row] = weights[(filter * channels + channel) * kernelHeight * kernelWidth + at];
          }
          row++;
        }
      }
      const n = (y.count - 1) * pitch + x.count;
      products.push({ a: arena.store(toPanels(matrix, filters, k)), rows: arena.store(rows), k, n, y, x });
    }
  }
  const result = arena.floats(m * Math.max(...products.map((product) => product.n)));

  return (kernels, floats) => {
    const spread = () => {
      for (let channel = 0, from = source; channel < channels; channel++) {
        const start = (image >> 2) + channel * plane;
        for (let y = 0; y < height; y++) {
          const row = start + rowPlaces[y];
          for (let x = 0; x < width; x++) floats[row + columnPlaces[x]] = floats[from++];
        }
      }
    };
    /** @param {Product} product */
    const multiply = ({ a, rows, k, n, y, x }) => () => {
      kernels.matmul(a, rows, bias, result, m, k, n);
      for (let filter = 0; filter < filters; filter++) {
        for (let j = 0; j < y.count; j++) {
          let from = (result >> 2) + filter * n + j * pitch;
          let to = target + (filter * outHeight + y.first + j * y.step) * outWidth + x.first;
          for (let i = 0; i < x.count; i++, to += x.step) floats[to] = floats[from++];
        }
      }
    };
    return [spread, ...products.map(multiply)];
  };
};
