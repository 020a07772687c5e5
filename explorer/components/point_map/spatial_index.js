// Finds points near a position, with a grid of cells that hold about two points each.
export class SpatialIndex {
  /** @param {Float32Array} points */
  constructor(points) {
    const count = points.length / 2;
    this.points = points;
    this.side = Math.max(1, Math.round(Math.sqrt(count / 2)));
    this.low = [Infinity, Infinity];
    this.high = [-Infinity, -Infinity];
    for (let i = 0; i < points.length; i++) {
      this.low[i % 2] = Math.min(this.low[i % 2], points[i]);
      this.high[i % 2] = Math.max(this.high[i % 2], points[i]);
    }
    // Counting sort: the points of cell c are order[start[c]] to order[start[c + 1] - 1].
    this.start = new Uint32Array(this.side ** 2 + 1);
    const cells = Uint32Array.from({ length: count }, (_, i) => this.cell(points[2 * i], 0) + this.side * this.cell(points[2 * i + 1], 1));
    for (const cell of cells) this.start[cell + 1]++;
    for (let c = 0; c < this.side ** 2; c++) this.start[c + 1] += this.start[c];
    const next = this.start.slice();
    this.order = new Uint32Array(count);
    cells.forEach((cell, i) => (this.order[next[cell]++] = i));
  }

  /**
   * @param {number} value
   * @param {number} axis
   */
  cell(value, axis) {
    const share = (value - this.low[axis]) / (this.high[axis] - this.low[axis] || 1);
    return Math.min(Math.max(Math.floor(share * this.side), 0), this.side - 1);
  }

  // Calls visit(i) for every point in the cells that a box touches.
  /**
   * @param {number} a0
   * @param {number} b0
   * @param {number} a1
   * @param {number} b1
   * @param {(i: number) => void} visit
   */
  within(a0, b0, a1, b1, visit) {
    for (let row = this.cell(b0, 1); row <= this.cell(b1, 1); row++) {
      for (let column = this.cell(a0, 0); column <= this.cell(a1, 0); column++) {
        const cell = column + this.side * row;
        for (let at = this.start[cell]; at < this.start[cell + 1]; at++) visit(this.order[at]);
      }
    }
  }

  // The point nearest to (a, b) within `reach`, among those for which `shown` is true; -1 if there is none.
  /**
   * @param {number} a
   * @param {number} b
   * @param {number} reach
   * @param {(i: number) => boolean} shown
   */
  nearest(a, b, reach, shown) {
    let best = -1;
    let least = reach ** 2;
    this.within(a - reach, b - reach, a + reach, b + reach, (i) => {
      const square = (this.points[2 * i] - a) ** 2 + (this.points[2 * i + 1] - b) ** 2;
      if (square <= least && shown(i)) {
        least = square;
        best = i;
      }
    });
    return best;
  }

  // The points inside a polygon [[a, b], ...], by the even-odd rule.
  /**
   * @param {Point[]} polygon
   * @param {(i: number) => boolean} shown
   */
  inside(polygon, shown) {
    /** @param {number} axis */
    const along = (axis) => polygon.map((corner) => corner[axis]);
    const [as, bs] = [along(0), along(1)];
    /** @type {number[]} */
    const found = [];
    this.within(Math.min(...as), Math.min(...bs), Math.max(...as), Math.max(...bs), (i) => {
      if (shown(i) && contains(polygon, this.points[2 * i], this.points[2 * i + 1])) found.push(i);
    });
    return found.sort((i, j) => i - j);
  }
}

/**
 * @param {Point[]} polygon
 * @param {number} a
 * @param {number} b
 */
function contains(polygon, a, b) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ai, bi] = polygon[i];
    const [aj, bj] = polygon[j];
    if (bi > b !== bj > b && a < ((aj - ai) * (b - bi)) / (bj - bi) + ai) inside = !inside;
  }
  return inside;
}
