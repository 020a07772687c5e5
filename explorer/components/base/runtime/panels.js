// Rearranges a matrix (rows, columns) for the kernels: panels of 4 rows, column by column, with zeros in the missing rows of
// the last panel.
export function toPanels(matrix, rows, columns) {
  const panels = new Float32Array(padded(rows) * columns);
  for (let row = 0; row < rows; row++) {
    const start = (row >> 2) * 4 * columns + (row & 3);
    for (let column = 0; column < columns; column++) panels[start + 4 * column] = matrix[row * columns + column];
  }
  return panels;
}

export function padded(rows) {
  return (rows + 3) & ~3;
}

export function withZeros(values, length) {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}
