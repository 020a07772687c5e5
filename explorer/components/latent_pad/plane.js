import { quantile } from "../base/numbers.js";

const MIN_ASPECT = 2 / 3;
// The aspect ratio for a one-dimensional space, which is drawn as a strip.
const STRIP_ASPECT = 5;
// The share of codes beyond each edge, so that a few outliers do not shrink the rest.
const OUTLIER_SHARE = 0.005;
const MARGIN = 0.05;
const DEFAULT_REACH = 3;

// The visible part of a plane in latent space. It converts between coordinates (a, b), positions as shares of the pad's width
// and height, and codes.
//
// u and v are orthonormal; v and b are 0 in a one-dimensional space. a and b are measured from `centre`. All directions
// orthogonal to the plane keep their values from the code in `through`, as far as the space of the codes allows it.
export class Plane {
  // include: codes that have to be visible
  /**
   * @param {PlaneAxes} axes
   * @param {Float32Array} through
   * @param {Float32Array} codes
   * @param {Space} space
   */
  constructor({ u, v, centre, labels, include = [] }, through, codes, space) {
    this.u = u;
    this.v = v;
    this.centre = centre;
    this.labels = labels;
    this.space = space;
    this.latent = u.length;
    this.origin = new Float32Array(u.length);
    // The coordinates of the point 0 of R^d.
    this.middle = this.point(this.origin);
    this.moveThrough(through);
    const [a0, a1] = this.extent(u, codes, include, this.middle[0]);
    const [b0, b1] = this.extent(v, codes, include, this.middle[1]);
    this.a0 = a0;
    this.a1 = a1;
    this.b0 = b0;
    this.b1 = b1;
  }

  // Moves the plane in parallel so that it contains this code.
  /** @param {Float32Array} z */
  moveThrough(z) {
    const { u, v, origin } = this;
    const [a, b] = this.point(z);
    for (let i = 0; i < z.length; i++) origin[i] = z[i] - a * u[i] - b * v[i];
  }

  /**
   * @param {Float32Array} direction
   * @param {Float32Array} codes
   * @param {number} at
   */
  along(direction, codes, at) {
    let sum = 0;
    for (let i = 0; i < direction.length; i++) sum += (codes[at + i] - this.centre[i]) * direction[i];
    return sum;
  }

  /**
   * @param {Float32Array} direction
   * @param {Float32Array} codes
   * @param {Float32Array[]} include
   * @param {number} middle
   */
  extent(direction, codes, include, middle) {
    const reach = (1 + MARGIN) * this.space.reach;
    if (reach < Infinity) return [middle - reach, middle + reach];
    const count = codes.length / this.latent;
    if (count < 2) return [-DEFAULT_REACH, DEFAULT_REACH];
    const values = Float64Array.from({ length: count }, (_, row) => this.along(direction, codes, row * this.latent));
    const inside = include.map((code) => this.along(direction, code, 0));
    const low = Math.min(quantile(values, OUTLIER_SHARE), ...inside);
    const high = Math.max(quantile(values, 1 - OUTLIER_SHARE), ...inside);
    const margin = Math.max(MARGIN * (high - low), 1e-3);
    return [low - margin, high + margin];
  }

  // The range of the first axis.
  get span() {
    return [this.a0, this.a1];
  }

  // The projections of codes onto the plane, (n, 2), and their distances from it, (n).
  /** @param {Float32Array} codes */
  place(codes) {
    const d = this.latent;
    const count = codes.length / d;
    const points = new Float32Array(2 * count);
    const off = new Float32Array(count);
    const projected = new Float32Array(d);
    for (let row = 0, at = 0; row < count; row++, at += d) {
      const a = this.along(this.u, codes, at);
      const b = this.along(this.v, codes, at);
      this.code(a, b, projected);
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (codes[at + i] - projected[i]) ** 2;
      points[2 * row] = a;
      points[2 * row + 1] = b;
      off[row] = Math.sqrt(sum);
    }
    return { points, off };
  }

  // Whether there is only one direction to move in.
  get flat() {
    return !this.v.some((value) => value !== 0);
  }

  // Width over height. One unit has the same length on both axes unless that would make the pad too narrow or too flat.
  get aspect() {
    if (this.flat) return STRIP_ASPECT;
    return Math.min(Math.max((this.a1 - this.a0) / (this.b1 - this.b0), MIN_ASPECT), 1 / MIN_ASPECT);
  }

  // Positions as shares of the width from the left and of the height from the top.
  /** @param {number} a */
  across(a) {
    return (a - this.a0) / (this.a1 - this.a0);
  }

  /** @param {number} b */
  down(b) {
    return (this.b1 - b) / (this.b1 - this.b0);
  }

  /** @param {number} across */
  a(across) {
    return this.a0 + Math.min(Math.max(across, 0), 1) * (this.a1 - this.a0);
  }

  /** @param {number} down */
  b(down) {
    if (this.flat) return 0;
    return this.b1 - Math.min(Math.max(down, 0), 1) * (this.b1 - this.b0);
  }

  /**
   * @param {number[]} point
   * @returns {Point}
   */
  clamp([a, b]) {
    return [Math.min(Math.max(a, this.a0), this.a1), this.flat ? 0 : Math.min(Math.max(b, this.b0), this.b1)];
  }

  // The coordinates at which the code at (a, b) is drawn.
  /**
   * @param {number[]} point
   * @returns {Point}
   */
  inside([a, b]) {
    if (this.space.reach === Infinity) return [a, b];
    const [middleA, middleB] = this.middle;
    const [onA, onB] = this.space.inside(a - middleA, b - middleB, this.latent);
    return [onA + middleA, onB + middleB];
  }

  // Whether (a, b) is not beyond the rim of what the plane shows.
  /**
   * @param {number} a
   * @param {number} b
   */
  shows(a, b) {
    const [onA, onB] = this.inside([a, b]);
    return this.latent === 2 || Math.hypot(onA - a, onB - b) < 1e-6;
  }

  // The coordinates of a code's projection, which may lie outside of the visible part.
  /**
   * @param {Float32Array} z
   * @returns {Point}
   */
  point(z) {
    return [this.along(this.u, z, 0), this.along(this.v, z, 0)];
  }

  // The position of (a, b) in an SVG over the pad whose sides have length 100.
  /** @param {number[]} point */
  percent([a, b]) {
    return `${(100 * this.across(a)).toFixed(3)} ${(100 * this.down(b)).toFixed(3)}`;
  }

  // Writes the code at (a, b) into z.
  /**
   * @param {number} a
   * @param {number} b
   * @param {Float32Array} z
   */
  code(a, b, z) {
    for (let i = 0; i < this.latent; i++) z[i] = this.origin[i] + a * this.u[i] + b * this.v[i];
    this.space.onto(z, this.u, this.v);
  }

  // Whether a code lies on the plane.
  /** @param {Float32Array} z */
  contains(z) {
    const projected = new Float32Array(this.latent);
    this.code(this.along(this.u, z, 0), this.along(this.v, z, 0), projected);
    return projected.every((value, i) => Math.abs(value - z[i]) <= 1e-4 * (1 + Math.abs(z[i])));
  }

  // The dimensions in the order of how much they change over the plane, most first.
  dimensionsByRange() {
    /** @param {number} i */
    const reach = (i) => Math.hypot(this.u[i] * (this.a1 - this.a0), this.v[i] * (this.b1 - this.b0));
    return Array.from({ length: this.latent }, (_, i) => i).sort((i, j) => reach(j) - reach(i) || i - j);
  }
}
