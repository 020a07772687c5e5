// The part of a plane z = origin + a u + b v that is on screen: coordinates (a, b), pixels, codes.

const MIN_ASPECT = 2 / 3;

export class Plane {
  constructor(extent, vectors) {
    [this.a0, this.a1, this.b0, this.b1] = extent;
    this.latent = vectors.length / 3;
    this.vectors = vectors;
  }

  // Width over height: one unit is as long on both axes unless that made a strip of the pad.
  get aspect() {
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
    return this.b1 - Math.min(Math.max(down, 0), 1) * (this.b1 - this.b0);
  }

  clamp([a, b]) {
    return [Math.min(Math.max(a, this.a0), this.a1), Math.min(Math.max(b, this.b0), this.b1)];
  }

  // Writes the code at (a, b) into z.
  code(a, b, z) {
    const d = this.latent;
    for (let i = 0; i < d; i++) z[i] = this.vectors[i] + a * this.vectors[d + i] + b * this.vectors[2 * d + i];
  }

  // The dimensions that moving on the plane changes, those that it changes most first.
  moving() {
    const d = this.latent;
    const reach = (i) => Math.hypot(this.vectors[d + i] * (this.a1 - this.a0), this.vectors[2 * d + i] * (this.b1 - this.b0));
    return Array.from({ length: d }, (_, i) => i).sort((i, j) => reach(j) - reach(i) || i - j);
  }
}

// Round values in [low, high]: the largest round step that gives at least `count` of them.
export function niceTicks(low, high, count) {
  let power = 10 ** Math.ceil(Math.log10(high - low));
  for (;; power /= 10) {
    for (const factor of [1, 0.5, 0.2]) {
      const step = factor * power;
      const first = Math.ceil(low / step - 1e-9);
      const last = Math.floor(high / step + 1e-9);
      if (last - first + 1 < count) continue;
      const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
      return Array.from({ length: last - first + 1 }, (_, i) => [(first + i) * step, formatNumber((first + i) * step, digits)]);
    }
  }
}

// A true minus sign: as wide as a digit in tabular figures.
export function formatNumber(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
