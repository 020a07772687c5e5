import { Neighbours } from "../base/neighbours.js";
import { spaceOf } from "./space.js";

// Interpolation between codes: each kind gives a function from a share of the path, 0 to 1, to a code.

/** @type {Record<string, string[]>} */
export const INTERPOLATIONS = {
  linear: ["Straight line", "Straight from pin to pin."],
  spherical: ["Great circle", "Rotates from pin to pin and scales the length: in many dimensions, draws from N(0, I) lie near a sphere (White 2016)."],
  data: ["Along the data", "The shortest path over held-out codes, each connected to its nearest neighbours: it stays where the data are."],
};

const GRAPH_NEIGHBOURS = 10;
// Largest number of held-out codes in the graph.
const MAX_GRAPH_CODES = 2000;

// The kinds of path in a space.
/**
 * @param {Space} space
 * @returns {Record<string, string[]>}
 */
export function interpolationsIn(space) {
  if (space.straight === "linear") return INTERPOLATIONS;
  const { spherical, data } = INTERPOLATIONS;
  return { spherical: [spherical[0], "The straight path on a sphere: the shortest way from pin to pin."], data };
}

/**
 * @param {string} kind
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {{ codes: Float32Array, latent: number, space?: Space }} model
 * @returns {(share: number) => Float32Array}
 */
export function interpolation(kind, from, to, model) {
  const { space = spaceOf("euclidean") } = model;
  if (space.straight === "spherical" && kind !== "data") return onSphere(from, to);
  if (kind === "spherical") return greatCircle(from, to);
  const codes = kind === "data" ? shortestPath(from, to, model) : null;
  const path = along([from, ...(codes ?? []), to]);
  return (share) => space.project(path(share));
}

// The point at a share of a polyline's length.
/**
 * @param {Float32Array[]} codes
 * @returns {(share: number) => Float32Array}
 */
function along(codes) {
  const lengths = [0];
  for (let i = 1; i < codes.length; i++) lengths.push(lengths[i - 1] + distance(codes[i - 1], codes[i]));
  const total = lengths[lengths.length - 1];
  return (share) => {
    const at = share * total;
    let i = 1;
    while (i < codes.length - 1 && lengths[i] < at) i++;
    const side = lengths[i] - lengths[i - 1];
    const part = side > 0 ? (at - lengths[i - 1]) / side : share;
    return codes[i].map((value, j) => codes[i - 1][j] + part * (value - codes[i - 1][j]));
  };
}

// As in vae_core.models.spaces, the direction rotates at a constant rate and the norm changes linearly. The path is a straight line if
// the two codes point in the same direction, or in opposite directions, between which no great circle is the shortest.
/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @returns {(share: number) => Float32Array}
 */
function greatCircle(from, to) {
  const [a, b] = [Math.hypot(...from), Math.hypot(...to)];
  const apart = Math.hypot(...from.map((value, i) => value / a - to[i] / b));
  const together = Math.hypot(...from.map((value, i) => value / a + to[i] / b));
  const angle = 2 * Math.atan2(apart, together);
  const sine = Math.sin(angle);
  if (!(Math.min(a, b) > 1e-8 && sine > 1e-4)) return along([from, to]);
  return (share) => {
    const norm = (1 - share) * a + share * b;
    const [p, q] = [(norm * Math.sin((1 - share) * angle)) / (sine * a), (norm * Math.sin(share * angle)) / (sine * b)];
    return from.map((value, i) => p * value + q * to[i]);
  };
}

// As in vae_core.models.spaces. Of the many great circles from a code to the opposite one, it is that through the dimension in
// which the codes are smallest.
/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @returns {(share: number) => Float32Array}
 */
function onSphere(from, to) {
  const angle = 2 * Math.atan2(distance(from, to), Math.hypot(...from.map((value, i) => value + to[i])));
  let side = sideOf(from, to);
  if (angle > Math.PI / 2 && Math.hypot(...side) < 1e-6) {
    const sizes = Array.from(from, Math.abs);
    const least = sizes.indexOf(Math.min(...sizes));
    side = sideOf(from, from.map((_, i) => Number(i === least)));
  }
  // Between nearly opposite codes rounding leaves a share of `from` in it, which the second pass takes away.
  const first = Math.hypot(...side) || 1;
  side = sideOf(from, side.map((value) => value / first));
  const length = Math.hypot(...side) || 1;
  return (share) => from.map((value, i) => Math.cos(share * angle) * value + (Math.sin(share * angle) * side[i]) / length);
}

// What is left of a vector without its share along a unit vector.
/**
 * @param {Float32Array} unit
 * @param {Float32Array | Float64Array} vector
 */
function sideOf(unit, vector) {
  const along = unit.reduce((sum, value, i) => sum + value * vector[i], 0);
  return Float64Array.from(vector, (value, i) => value - along * unit[i]);
}

// The held-out codes on the shortest path (Dijkstra 1959) in their nearest-neighbour graph; null if the ends are not connected.
/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {{ codes: Float32Array, latent: number }} model
 */
function shortestPath(from, to, { codes, latent }) {
  const among = codes.subarray(0, Math.min(MAX_GRAPH_CODES, codes.length / latent) * latent);
  const count = among.length / latent;
  if (count < 2) return null;
  const near = new Neighbours(among, latent, GRAPH_NEIGHBOURS);
  /** @param {number} i */
  const code = (i) => among.subarray(i * latent, (i + 1) * latent);
  const start = near.find(from);
  const goal = near.find(to);
  const edges = neighbourGraph(near, code, count);
  const length = new Float64Array(count).fill(Infinity);
  const before = new Int32Array(count).fill(-1);
  const done = new Uint8Array(count);
  length[start] = 0;
  for (;;) {
    let at = -1;
    for (let i = 0; i < count; i++) if (!done[i] && length[i] < Infinity && (at < 0 || length[i] < length[at])) at = i;
    if (at < 0) return null;
    if (at === goal) break;
    done[at] = 1;
    for (const [next, edge] of edges[at]) {
      if (length[at] + edge >= length[next]) continue;
      length[next] = length[at] + edge;
      before[next] = at;
    }
  }
  /** @type {Float32Array[]} */
  const path = [];
  for (let at = goal; at >= 0; at = before[at]) path.unshift(code(at));
  return path;
}

// The neighbours of each code with their distances, as an undirected graph.
const graphs = new WeakMap();
/**
 * @param {Neighbours} near
 * @param {(i: number) => Float32Array} code
 * @param {number} count
 */
function neighbourGraph(near, code, count) {
  const { buffer } = near.codes;
  if (graphs.has(buffer)) return graphs.get(buffer);
  /** @type {[number, number][][]} */
  const edges = Array.from({ length: count }, () => []);
  for (let i = 0; i < count; i++) {
    near.find(code(i));
    for (let k = 0; k < near.k; k++) {
      const j = near.index[k];
      if (j === i || j < 0) continue;
      const edge = Math.sqrt(near.square[k]);
      edges[i].push([j, edge]);
      edges[j].push([i, edge]);
    }
  }
  graphs.set(buffer, edges);
  return edges;
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function distance(a, b) {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
