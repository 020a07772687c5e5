// Directions in a latent space, computed from groups of codes.

// The mean code of some images; null where there are none.
/**
 * @param {{ codes: Float32Array, latent: number }} model
 * @param {number[]} images
 */
export function meanCode({ codes, latent }, images) {
  if (!images.length) return null;
  const mean = new Float64Array(latent);
  for (const image of images) for (let i = 0; i < latent; i++) mean[i] += codes[image * latent + i] / images.length;
  return Float32Array.from(mean);
}

// The vector from the mean code of one group to that of another (Larsen et al. 2016, section 3.3.1); null where the means
// coincide or a group is empty.
/**
 * @param {{ codes: Float32Array, latent: number }} model
 * @param {number[]} from
 * @param {number[]} to
 */
export function direction(model, from, to) {
  const [a, b] = [meanCode(model, from), meanCode(model, to)];
  const vector = a && b && b.map((value, i) => value - a[i]);
  return vector && Math.hypot(...vector) > 1e-6 ? vector : null;
}

// The component of a vector that is orthogonal to all others; null where nothing is left of it.
/**
 * @param {Float32Array} vector
 * @param {Float32Array[]} others
 */
export function orthogonalised(vector, others) {
  /** @type {Float64Array[]} */
  const basis = [];
  /** @param {ArrayLike<number>} v */
  const residual = (v) => {
    const left = Float64Array.from(v);
    for (const side of basis) {
      const share = side.reduce((sum, value, i) => sum + value * left[i], 0);
      for (let i = 0; i < left.length; i++) left[i] -= share * side[i];
    }
    return left;
  };
  for (const other of others) {
    const left = residual(other);
    const length = Math.hypot(...left);
    if (length > 1e-6 * Math.hypot(...other)) basis.push(left.map((value) => value / length));
  }
  const left = residual(vector);
  return Math.hypot(...left) > 1e-4 * Math.hypot(...vector) ? Float32Array.from(left) : null;
}
