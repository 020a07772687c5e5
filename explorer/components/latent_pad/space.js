// The geometry of codes, as in vae_core.models.spaces: a model's header names the kind of its space. Functions that change a
// code change it in place, and return it.

// Norm below which a vector has no direction that could be told from rounding.
const DEGENERATE = 1e-6;

// R^d.
/** @type {Space} */
const euclidean = {
  kind: "euclidean",
  // The kind of path from pin to pin that is the straight one here.
  straight: "linear",
  // Largest coordinate of a code; infinite where codes are not bounded.
  reach: Infinity,
  // Moves a point to the nearest code of the space.
  project: (z) => z,
  // Moves a point of a plane along u and v to the code that is drawn there.
  onto: (z) => z,
  // The coordinates along u and v at which the code of a point of a plane is drawn.
  inside: (a, b) => [a, b],
  // Gives one dimension another value.
  move(z, i, value) {
    z[i] = value;
    return z;
  },
  // The distance between two codes from the length of the straight line between them.
  distance: (chord) => chord,
};

// The unit vectors of R^d, d at least 2. A plane shows the half of the sphere that is seen along its normal: a code is drawn at
// its own coordinates along u and v, and points beyond the rim stand for the nearest point of the rim.
/** @type {Space} */
const sphere = {
  kind: "sphere",
  straight: "spherical",
  reach: 1,

  // It is the first axis for the origin, to which all codes are equally near.
  project(z) {
    const norm = Math.hypot(...z);
    if (norm > 0) for (let i = 0; i < z.length; i++) z[i] /= norm;
    else z[0] = 1;
    return z;
  },

  onto(z, u, v) {
    const [a, b] = [dot(z, u), dot(z, v)];
    const [onA, onB] = sphere.inside(a, b, z.length);
    const height = Math.sqrt(Math.max(0, 1 - onA * onA - onB * onB));
    const normal = height > 0 ? normalOf(z, u, v, a, b) : u;
    for (let i = 0; i < z.length; i++) z[i] = onA * u[i] + onB * v[i] + height * normal[i];
    return z;
  },

  inside(a, b, latent) {
    const norm = Math.hypot(a, b);
    if (latent > 2 && norm <= 1 + DEGENERATE) return [a, b];
    return norm > 0 ? [a / norm, b / norm] : [1, 0];
  },

  // The other dimensions keep their proportions. At a pole of the dimension they are all 0, and the next one takes the rest.
  move(z, i, value) {
    const height = Math.min(Math.max(value, -1), 1);
    z[i] = 0;
    const norm = Math.hypot(...z);
    if (norm < DEGENERATE) z.fill(0)[(i + 1) % z.length] = Math.sqrt(1 - height * height);
    else for (let j = 0; j < z.length; j++) z[j] *= Math.sqrt(1 - height * height) / norm;
    z[i] = height;
    return z;
  },

  // The angle, in radians.
  distance: (chord) => 2 * Math.asin(Math.min(1, chord / 2)),
};

/** @type {Record<string, Space>} */
const SPACES = { euclidean, sphere };

/** @param {string} kind */
export function spaceOf(kind) {
  return SPACES[kind];
}

// The unit vector towards z that is orthogonal to u and v; where nothing is left of z, it is that of the dimension of which most
// is left.
/**
 * @param {Floats} z
 * @param {Floats} u
 * @param {Floats} v
 * @param {number} a
 * @param {number} b
 */
function normalOf(z, u, v, a, b) {
  const rest = Float64Array.from(z, (value, i) => value - a * u[i] - b * v[i]);
  if (Math.hypot(...rest) >= DEGENERATE) return sphere.project(rest);
  const left = u.map((value, i) => 1 - value * value - v[i] * v[i]);
  const most = left.indexOf(Math.max(...left));
  return sphere.project(Float64Array.from(u, (value, i) => Number(i === most) - u[most] * value - v[most] * v[i]));
}

/**
 * @param {Floats} x
 * @param {Floats} y
 */
function dot(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
