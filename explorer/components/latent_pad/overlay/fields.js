import { Neighbours } from "../../base/neighbours.js";
import { spaceOf } from "../space.js";

// Scalar fields over the latent space: { kind: make(model) -> codes -> a number for each, or a promise of them }.
//
// model: { latent, codes, scales, errors, gap, plane, space, squaredDistances(codes) }, the last as in `ServerConnection`. Without a
// space, codes are those of R^d.

const KERNEL_NEIGHBOURS = 32;
// The kernel is as wide as the distance to this neighbour.
const BANDWIDTH_NEIGHBOUR = 16;
// Step of the finite differences, as a share of the plane's extent.
const STEP = 0.005;
// Smallest distance between the two codes of a difference, as a share of its step.
const MIN_MOVE = 0.1;

/** @type {Record<string, (model: FieldModel) => (codes: Float32Array[]) => number[] | Promise<number[]>>} */
export const FIELDS = { density: each(density), prior: each(prior), error: each(error), change };

/**
 * @param {(model: FieldModel) => (z: Float32Array) => number} make
 * @returns {(model: FieldModel) => (codes: Float32Array[]) => number[]}
 */
function each(make) {
  return (model) => {
    const at = make(model);
    return (codes) => codes.map(at);
  };
}

// The log of the mean of the posteriors' densities over the held-out images (Hoffman & Johnson 2016), in nats. For a
// deterministic posterior, each density is a Gaussian as wide as the typical distance between neighbours.
/**
 * @param {FieldModel} model
 * @returns {(z: Float32Array) => number}
 */
function density({ latent, codes, scales, gap }) {
  const count = codes.length / latent;
  const precision = new Float32Array(codes.length);
  const offset = new Float64Array(count);
  for (let row = 0, at = 0; row < count; row++) {
    offset[row] = -0.5 * latent * Math.log(2 * Math.PI);
    for (let i = 0; i < latent; i++, at++) {
      const scale = Math.max(scales.length ? scales[at] : gap, 1e-6);
      precision[at] = 1 / scale;
      offset[row] -= Math.log(scale);
    }
  }
  const terms = new Float64Array(count);
  return (z) => {
    let most = -Infinity;
    for (let row = 0, at = 0; row < count; row++) {
      let square = 0;
      for (let i = 0; i < latent; i++, at++) {
        const distance = (z[i] - codes[at]) * precision[at];
        square += distance * distance;
      }
      terms[row] = offset[row] - 0.5 * square;
      if (terms[row] > most) most = terms[row];
    }
    let sum = 0;
    for (let row = 0; row < count; row++) sum += Math.exp(terms[row] - most);
    return most + Math.log(sum / count);
  };
}

// log N(z; 0, I), in nats.
/**
 * @param {FieldModel} model
 * @returns {(z: Float32Array) => number}
 */
function prior({ latent }) {
  const constant = -0.5 * latent * Math.log(2 * Math.PI);
  return (z) => constant - 0.5 * z.reduce((sum, value) => sum + value * value, 0);
}

// The mean of the errors of nearby held-out images, weighted by a Gaussian kernel (Nadaraya 1964).
/**
 * @param {FieldModel} model
 * @returns {(z: Float32Array) => number}
 */
function error({ latent, codes, errors }) {
  const near = new Neighbours(codes, latent, KERNEL_NEIGHBOURS);
  return (z) => {
    near.find(z);
    const width = Math.max(near.square[Math.min(BANDWIDTH_NEIGHBOUR, near.k) - 1], 1e-12);
    let sum = 0;
    let weights = 0;
    for (let k = 0; k < near.k; k++) {
      const weight = Math.exp((-0.5 * near.square[k]) / width);
      sum += weight * errors[near.index[k]];
      weights += weight;
    }
    return sum / weights;
  };
}

// How fast the image changes with the code: the root of the mean of the pull-back metric's diagonal on the plane (Arvanitidis,
// Hansen & Hauberg 2018), by central differences.
/**
 * @param {FieldModel} model
 * @returns {(codes: Float32Array[]) => Promise<number[]>}
 */
function change({ plane, latent, squaredDistances, space = spaceOf("euclidean") }) {
  const { u, v, a0, a1, b0, b1 } = plane;
  // In a one-dimensional space the second direction is 0.
  /** @type {[Float32Array, number][]} */
  const both = [[u, STEP * (a1 - a0)], [v, STEP * (b1 - b0)]];
  const moves = both.filter(([direction]) => direction.some((value) => value !== 0));
  return async (codes) => {
    const pairs = new Float32Array(codes.length * 2 * moves.length * latent);
    const lengths = new Float64Array(codes.length * moves.length);
    codes.forEach((z, i) => {
      moves.forEach(([direction, step], k) => {
        const at = moves.length * i + k;
        const ends = [-step, step].map((offset) => space.project(Float64Array.from(direction, (value, j) => z[j] + offset * value)));
        ends.forEach((end, e) => pairs.set(end, (2 * at + e) * latent));
        lengths[at] = space.distance(Math.hypot(...ends[0].map((value, j) => ends[1][j] - value)));
      });
    });
    const squares = await squaredDistances(pairs);
    // At the rim of a sphere one of the directions leads out of it, and moves the code hardly at all.
    /** @param {number} at */
    const moved = (at) => lengths[at] > MIN_MOVE * moves[at % moves.length][1];
    return codes.map((_, i) => {
      const known = moves.map((_, k) => moves.length * i + k).filter(moved);
      return Math.sqrt(known.reduce((sum, at) => sum + squares[at] / lengths[at] ** 2, 0) / known.length);
    });
  };
}
