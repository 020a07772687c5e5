// Directions in a latent space, from groups of codes.

// The mean of the codes of some images; null where there are none.
export function meanCode({ codes, latent }, images) {
  if (!images.length) return null;
  const mean = new Float64Array(latent);
  for (const image of images) for (let i = 0; i < latent; i++) mean[i] += codes[image * latent + i] / images.length;
  return Float32Array.from(mean);
}

// From the mean of one group to that of another (Larsen et al. 2016, section 3.3.1); null where they are no two places.
export function direction(model, from, to) {
  const [a, b] = [meanCode(model, from), meanCode(model, to)];
  const found = a && b && b.map((value, i) => value - a[i]);
  return found && Math.hypot(...found) > 1e-6 ? found : null;
}

// What of a direction is at right angles to all the others; null where nothing is left of it.
export function orthogonalised(one, others) {
  const basis = [];
  const rest = (vector) => {
    const left = Float64Array.from(vector);
    for (const side of basis) {
      const share = side.reduce((sum, value, i) => sum + value * left[i], 0);
      for (let i = 0; i < left.length; i++) left[i] -= share * side[i];
    }
    return left;
  };
  for (const other of others) {
    const left = rest(other);
    const length = Math.hypot(...left);
    if (length > 1e-6 * Math.hypot(...other)) basis.push(left.map((value) => value / length));
  }
  const left = rest(one);
  return Math.hypot(...left) > 1e-4 * Math.hypot(...one) ? Float32Array.from(left) : null;
}
