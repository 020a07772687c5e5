import { quantile } from "../base/numbers.js";

const MIN_ASPECT = 2 / 3;
// Of a strip, where there is only one direction to move in.
const STRIP_ASPECT = 5;
// Share of the codes left out at each side of each axis, so that a few strays do not shrink the rest.
const SPREAD = 0.005;
const MARGIN = 0.05;
const WITHOUT_CODES = 3;

// The part of a plane of codes that is on screen: coordinates (a, b), shares of the pad's width and height, codes.
//
// u and v are orthonormal, or v is 0 where there is no second direction, and b with it; a and b are measured from `centre`; all that the plane does not move stays as it is in `through`.
export class Plane {
  // within: codes that are to be on screen, whatever the others' extent.
  constructor({ u, v, centre, labels, within = [] }, through, codes) {
    Object.assign(this, { u, v, centre, labels, latent: u.length });
    this.origin = new Float32Array(u.length);
    this.through(through);
    [this.a0, this.a1] = this.extent(u, codes, within);
    [this.b0, this.b1] = this.extent(v, codes, within);
  }

  // Moves the plane, as it lies, to where it holds this code.
  through(z) {
    const { u, v, origin } = this;
    const [a, b] = this.point(z);
    for (let i = 0; i < z.length; i++) origin[i] = z[i] - a * u[i] - b * v[i];
  }

  along(direction, codes, at) {
    let sum = 0;
    for (let i = 0; i < direction.length; i++) sum += (codes[at + i] - this.centre[i]) * direction[i];
    return sum;
  }

  extent(direction, codes, within) {
    const count = codes.length / this.latent;
    if (count < 2) return [-WITHOUT_CODES, WITHOUT_CODES];
    const values = Float64Array.from({ length: count }, (_, row) => this.along(direction, codes, row * this.latent));
    const inside = within.map((code) => this.along(direction, code, 0));
    const low = Math.min(quantile(values, SPREAD), ...inside);
    const high = Math.max(quantile(values, 1 - SPREAD), ...inside);
    const margin = Math.max(MARGIN * (high - low), 1e-3);
    return [low - margin, high + margin];
  }

  // From where to where the first axis goes.
  get span() {
    return [this.a0, this.a1];
  }

  // Where codes are on the plane, (n, 2), and how far off it, (n).
  place(codes) {
    const d = this.latent;
    const count = codes.length / d;
    const points = new Float32Array(2 * count);
    const off = new Float32Array(count);
    const foot = new Float32Array(d);
    for (let row = 0, at = 0; row < count; row++, at += d) {
      const a = this.along(this.u, codes, at);
      const b = this.along(this.v, codes, at);
      this.code(a, b, foot);
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (codes[at + i] - foot[i]) ** 2;
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

  // Width over height: one unit is as long on both axes unless that made a strip of the pad.
  get aspect() {
    if (this.flat) return STRIP_ASPECT;
    return Math.min(Math.max((this.a1 - this.a0) / (this.b1 - this.b0), MIN_ASPECT), 1 / MIN_ASPECT);
  }

  // Shares of the width from the left and of the height from the top.
  across(a) {
    return (a - this.a0) / (this.a1 - this.a0);
  }

  down(b) {
    return (this.b1 - b) / (this.b1 - this.b0);
  }

  a(across) {
    return this.a0 + Math.min(Math.max(across, 0), 1) * (this.a1 - this.a0);
  }

  b(down) {
    if (this.flat) return 0;
    return this.b1 - Math.min(Math.max(down, 0), 1) * (this.b1 - this.b0);
  }

  clamp([a, b]) {
    return [Math.min(Math.max(a, this.a0), this.a1), this.flat ? 0 : Math.min(Math.max(b, this.b0), this.b1)];
  }

  // The point of a code on the plane, which the pad need not reach.
  point(z) {
    return [this.along(this.u, z, 0), this.along(this.v, z, 0)];
  }

  // Where (a, b) is in an SVG over the pad whose sides count 100.
  percent([a, b]) {
    return `${(100 * this.across(a)).toFixed(3)} ${(100 * this.down(b)).toFixed(3)}`;
  }

  // Writes the code at (a, b) into z.
  code(a, b, z) {
    for (let i = 0; i < this.latent; i++) z[i] = this.origin[i] + a * this.u[i] + b * this.v[i];
  }

  // Whether a code lies on the plane.
  holds(z) {
    const foot = new Float32Array(this.latent);
    this.code(this.along(this.u, z, 0), this.along(this.v, z, 0), foot);
    return foot.every((value, i) => Math.abs(value - z[i]) <= 1e-4 * (1 + Math.abs(z[i])));
  }

  // The dimensions that moving on the plane changes, those that it changes most first.
  moving() {
    const reach = (i) => Math.hypot(this.u[i] * (this.a1 - this.a0), this.v[i] * (this.b1 - this.b0));
    return Array.from({ length: this.latent }, (_, i) => i).sort((i, j) => reach(j) - reach(i) || i - j);
  }
}
