import { Neighbours } from "../base/neighbours.js";

// Ways from code to code: each kind gives a function from a share of the way, 0 to 1, to a code.

export const ROUTES = {
  linear: ["Straight line", "Straight from pin to pin."],
  spherical: ["Great circle", "Turned from pin to pin, lengths in proportion: draws from N(0, I) in many dimensions lie near a sphere (White 2016)."],
  data: ["Along the data", "The shortest way over held-out codes, each joined to those nearest to it: it stays where the data are."],
};

const JOINED = 10;
// Held-out codes over which a way is looked for.
const STEPPING_STONES = 2000;

export function route(kind, from, to, model) {
  if (kind === "spherical") return turned(from, to);
  const stones = kind === "data" ? shortest(from, to, model) : null;
  return along([from, ...(stones ?? []), to]);
}

// As far on the polyline as that share of its length.
function along(codes) {
  const lengths = [0];
  for (let i = 1; i < codes.length; i++) lengths.push(lengths[i - 1] + distance(codes[i - 1], codes[i]));
  const whole = lengths[lengths.length - 1];
  return (share) => {
    const at = share * whole;
    let i = 1;
    while (i < codes.length - 1 && lengths[i] < at) i++;
    const side = lengths[i] - lengths[i - 1];
    const part = side > 0 ? (at - lengths[i - 1]) / side : share;
    return codes[i].map((value, j) => codes[i - 1][j] + part * (value - codes[i - 1][j]));
  };
}

// As vae_core.models.spaces does it: the direction turns at an even rate and the norm changes evenly. A straight line where the two
// point the same way, or opposite ways between which no great circle is the shortest.
function turned(from, to) {
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

// The held-out codes on the shortest way (Dijkstra 1959) over their nearest-neighbour graph; null where there is no way.
function shortest(from, to, { codes, latent }) {
  const among = codes.subarray(0, Math.min(STEPPING_STONES, codes.length / latent) * latent);
  const count = among.length / latent;
  if (count < 2) return null;
  const near = new Neighbours(among, latent, JOINED);
  const code = (i) => among.subarray(i * latent, (i + 1) * latent);
  const start = near.find(from);
  const goal = near.find(to);
  const edges = joined(near, code, count);
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
    for (const [next, far] of edges[at]) {
      if (length[at] + far >= length[next]) continue;
      length[next] = length[at] + far;
      before[next] = at;
    }
  }
  const way = [];
  for (let at = goal; at >= 0; at = before[at]) way.unshift(code(at));
  return way;
}

// The neighbours of each code with their distances, joined both ways.
const known = new WeakMap();
function joined(near, code, count) {
  const { buffer } = near.codes;
  if (known.has(buffer)) return known.get(buffer);
  const edges = Array.from({ length: count }, () => []);
  for (let i = 0; i < count; i++) {
    near.find(code(i));
    for (let k = 0; k < near.k; k++) {
      const j = near.index[k];
      if (j === i || j < 0) continue;
      const far = Math.sqrt(near.square[k]);
      edges[i].push([j, far]);
      edges[j].push([i, far]);
    }
  }
  known.set(buffer, edges);
  return edges;
}

function distance(a, b) {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
