import { context2d } from "./context2d.js";

// A canvas that shows one decoded observation.
export class ImageCanvas {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Painter} painter
   */
  constructor(canvas, painter) {
    canvas.width = painter.width;
    canvas.height = painter.height;
    canvas.toggleAttribute("data-ink", painter.ink);
    this.painter = painter;
    this.context = context2d(canvas);
    // The values are copied because the network's output is overwritten when tiles are decoded between frames.
    this.values = new Float32Array(painter.size);
  }

  /** @param {Float32Array} values */
  draw(values) {
    this.values.set(values);
    this.painter.paint(this.context, values, 0, 0);
  }
}
