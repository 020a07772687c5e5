import { context2d } from "../base/context2d.js";

// Draws the discs of dots.js without a GPU: blends them into an image pixel by pixel.

// Number of subpixel positions of a disc's centre, along each axis.
const SUBPIXELS = 4;
// Margin around the image in pixels, so that discs at its edge need not be clipped.
const MARGIN = 24;

/** @typedef {{ count: number, offsets: Int32Array, covers: Float32Array, rims: Float32Array }} Stamp */

export class PixelDots {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.kind = "2d";
    this.pitch = 0;
    this.diameter = 0;
    this.image = this.context.createImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.points = new Float32Array(0);
    this.words = new Uint32Array(0);
    this.order = new Uint32Array(0);
    /** @type {Stamp[]} */
    this.stamps = [];
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} ratio
   */
  resize(width, height, ratio) {
    const { canvas, context } = this;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    this.pitch = canvas.width + 2 * MARGIN;
    this.image = context.createImageData(this.pitch, canvas.height + 2 * MARGIN);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.diameter = 0;
  }

  /** @param {Float32Array} points */
  setPoints(points) {
    this.points = points;
  }

  // As in dots.js.
  /**
   * @param {Uint8Array} colours
   * @param {Uint32Array} order
   */
  setColours(colours, order) {
    this.words = new Uint32Array(colours.slice().buffer);
    this.order = order;
  }

  /**
   * @param {import("./camera.js").Camera} camera
   * @param {number} diameter
   * @param {number} ratio
   */
  draw(camera, diameter, ratio) {
    const { canvas, context, image, pixels, pitch, points, order, words } = this;
    if (diameter * ratio !== this.diameter) this.stamp(diameter * ratio);
    pixels.fill(0);
    const { scale } = camera;
    const [centreX, centreY] = camera.centre;
    const left = (camera.width / 2) * ratio;
    const top = (camera.height / 2) * ratio;
    const right = canvas.width + this.diameter;
    const bottom = canvas.height + this.diameter;
    for (let at = 0; at < order.length; at++) {
      const i = order[at];
      const x = (points[2 * i] - centreX) * scale * ratio + left;
      const y = top - (points[2 * i + 1] - centreY) * scale * ratio;
      if (!(x > -this.diameter && y > -this.diameter && x < right && y < bottom)) continue;
      const column = Math.floor(x);
      const row = Math.floor(y);
      const stamp = this.stamps[Math.floor(SUBPIXELS * (y - row)) * SUBPIXELS + Math.floor(SUBPIXELS * (x - column))];
      this.blend(stamp, (row + MARGIN) * pitch + column + MARGIN, words[i]);
    }
    context.putImageData(image, -MARGIN, -MARGIN, MARGIN, MARGIN, canvas.width, canvas.height);
  }

  // Blends one disc over the image. Colours are not premultiplied by their opacity.
  /**
   * @param {Stamp} stamp
   * @param {number} middle
   * @param {number} word
   */
  blend({ count, offsets, covers, rims }, middle, word) {
    const { pixels } = this;
    const red = word & 255;
    const green = (word >>> 8) & 255;
    const blue = (word >>> 16) & 255;
    const alpha = (word >>> 24) / 255;
    for (let k = 0; k < count; k++) {
      const place = middle + offsets[k];
      const below = pixels[place];
      const rim = rims[k];
      const cover = alpha * covers[k];
      const left = (below >>> 24) / 255;
      const all = cover + left * (1 - cover);
      const share = cover / all;
      const r = (below & 255) + share * (red * rim - (below & 255));
      const g = ((below >>> 8) & 255) + share * (green * rim - ((below >>> 8) & 255));
      const b = ((below >>> 16) & 255) + share * (blue * rim - ((below >>> 16) & 255));
      pixels[place] = (r + 0.5) | ((g + 0.5) << 8) | ((b + 0.5) << 16) | ((255 * all + 0.5) << 24);
    }
  }

  // Computes the pixels of a disc for each subpixel position of its centre: how much of each pixel is covered, and how dark it
  // is.
  /** @param {number} diameter */
  stamp(diameter) {
    this.diameter = Math.min(diameter, 2 * (MARGIN - 2));
    this.stamps = [];
    const reach = Math.ceil(this.diameter / 2) + 1;
    for (let sub = 0; sub < SUBPIXELS ** 2; sub++) {
      const x = ((sub % SUBPIXELS) + 0.5) / SUBPIXELS;
      const y = (Math.floor(sub / SUBPIXELS) + 0.5) / SUBPIXELS;
      const found = [];
      for (let row = -reach; row <= reach; row++) {
        for (let column = -reach; column <= reach; column++) {
          const inside = this.diameter / 2 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
          if (inside > 0.02) found.push([row * this.pitch + column, Math.min(inside, 1), 0.72 + 0.28 * Math.min(Math.max(inside - 1.2, 0), 1)]);
        }
      }
      this.stamps.push({
        count: found.length,
        offsets: Int32Array.from(found, ([offset]) => offset),
        covers: Float32Array.from(found, ([, cover]) => cover),
        rims: Float32Array.from(found, ([, , rim]) => rim),
      });
    }
  }

  stop() {
    // There is nothing to release.
  }
}
