const MARGIN = 0.06;
const MAX_ZOOM = 400;

// The visible part of the map. It converts map coordinates to pixels of the field and back; one unit has the same length on
// both axes.
export class Camera {
  /** @param {Float32Array} points */
  constructor(points) {
    const box = { x0: Infinity, x1: -Infinity, y0: Infinity, y1: -Infinity };
    for (let i = 0; i < points.length; i += 2) {
      box.x0 = Math.min(box.x0, points[i]);
      box.x1 = Math.max(box.x1, points[i]);
      box.y0 = Math.min(box.y0, points[i + 1]);
      box.y1 = Math.max(box.y1, points[i + 1]);
    }
    this.middle = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2];
    this.span = [Math.max(box.x1 - box.x0, 1e-6), Math.max(box.y1 - box.y0, 1e-6)];
    this.zoom = 1;
    this.centre = [...this.middle];
    this.width = this.height = 1;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    this.width = width;
    this.height = height;
  }

  // Pixels per unit.
  get scale() {
    return this.zoom * (1 - 2 * MARGIN) * Math.min(this.width / this.span[0], this.height / this.span[1]);
  }

  /** @param {number} a */
  x(a) {
    return this.width / 2 + (a - this.centre[0]) * this.scale;
  }

  /** @param {number} b */
  y(b) {
    return this.height / 2 - (b - this.centre[1]) * this.scale;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Point}
   */
  at(x, y) {
    return [this.centre[0] + (x - this.width / 2) / this.scale, this.centre[1] - (y - this.height / 2) / this.scale];
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.centre[0] -= dx / this.scale;
    this.centre[1] += dy / this.scale;
    // The centre of the screen stays on the map, so that users do not lose it.
    for (const axis of [0, 1]) {
      const reach = this.span[axis] / 2;
      this.centre[axis] = Math.min(Math.max(this.centre[axis], this.middle[axis] - reach), this.middle[axis] + reach);
    }
  }

  // Zooms so that the map's point at (x, y) stays there.
  /**
   * @param {number} x
   * @param {number} y
   * @param {number} factor
   */
  zoomAt(x, y, factor) {
    const [a, b] = this.at(x, y);
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MAX_ZOOM);
    this.pan(x - this.x(a), y - this.y(b));
  }

  fit() {
    this.zoom = 1;
    this.centre = [...this.middle];
  }
}
