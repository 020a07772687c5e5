import { context2d } from "./context2d.js";
import { toPixels } from "./pixels.js";

// A canvas that shows one decoded image.
export class ImageCanvas {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ImageShape} image
   */
  constructor(canvas, [channels, height, width]) {
    this.channels = channels;
    canvas.width = width;
    canvas.height = height;
    this.context = context2d(canvas);
    this.image = this.context.createImageData(width, height);
    // The values are copied because the network's output is overwritten when tiles are decoded between frames.
    this.values = new Float32Array(channels * height * width);
  }

  /** @param {Float32Array} values */
  draw(values) {
    this.values.set(values);
    toPixels(values, this.channels, this.image);
    this.context.putImageData(this.image, 0, 0);
  }
}
