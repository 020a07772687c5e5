// Round tick values in [low, high], with the largest round step that gives at least `count` ticks.
/**
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {[number, string][]}
 */
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

// A real minus sign is as wide as a digit in tabular figures.
/**
 * @param {number} value
 * @param {number} digits
 */
export function formatNumber(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

// A draw from N(0, 1) (Box & Muller 1958).
export function gaussian() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

// The quantile of the values. The array is sorted in place.
/**
 * @param {Float64Array | number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  if (!values.length) return 0;
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(share * values.length))];
}
