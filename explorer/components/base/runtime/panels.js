// Rearranges a matrix (rows, columns) for the kernels: panels of 4 rows, column by column, with zeros in the missing rows of
// the last panel.
/**
 * @param {Float32Array} matrix
 * @param {number} rows
 * @param {number} columns
 */
export function toPanels(matrix, rows, columns) {
  const panels = new Float32Array(padded(rows) * columns);
  for (let row = 0; row < rows; row++) {
    const start = (row >> 2) * 4 * columns + (row & 3);
    for (let column = 0; column < columns; column++) panels[start + 4 * column] = matrix[row * columns + column];
  }
  return panels;
}

/** @param {number} rows */
export function padded(rows) {
  return (rows + 3) & ~3;
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} length
 */
export function withZeros(values, length) {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}
