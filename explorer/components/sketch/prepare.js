import { context2d } from "../base/context2d.js";

// Converts a drawing to a model's input, as vae_core.data.preparation does: either the whole drawing is scaled down, or only
// the strokes, which are centred on their centre of mass.

const INK_THRESHOLD = 0.15 * 255;

export class Preparer {
  // image: [channels, height, width]; framing: { frame, box, middle: [down, across] }
  /**
   * @param {ImageShape} image
   * @param {Framing} framing
   */
  constructor([channels, height, width], framing) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.framing = framing;
    this.values = new Float32Array(channels * height * width);
    this.small = makeCanvas(width, height);
    this.part = makeCanvas(width, height);
  }

  // The values (channels, height, width) in [0, 1] of a drawing. They are overwritten by the next call.
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {CanvasRenderingContext2D} context
   */
  prepare(canvas, context) {
    const centred = this.framing.frame === "centre";
    const { data } = centred ? this.centred(canvas, context) : this.whole(canvas);
    const count = this.width * this.height;
    for (let i = 0, at = 0; i < count; i++, at += 4) {
      if (this.channels === 1) this.values[i] = grey(data, at) / 255;
      else for (let c = 0; c < 3; c++) this.values[c * count + i] = data[at + c] / 255;
    }
    return this.values;
  }

  /** @param {HTMLCanvasElement} canvas */
  whole(canvas) {
    shrink(canvas, 0, 0, canvas.width, canvas.height, this.small);
    return this.small.getImageData(0, 0, this.width, this.height);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {CanvasRenderingContext2D} context
   */
  centred(canvas, context) {
    const { width, height, small } = this;
    small.fillStyle = "#000";
    small.fillRect(0, 0, width, height);
    const box = boundingBox(context.getImageData(0, 0, canvas.width, canvas.height));
    if (box) {
      const scale = (this.framing.box * Math.max(width, height)) / Math.max(box.width, box.height);
      const w = Math.max(1, Math.round(scale * box.width));
      const h = Math.max(1, Math.round(scale * box.height));
      this.part.canvas.width = w;
      this.part.canvas.height = h;
      shrink(canvas, box.left, box.top, box.width, box.height, this.part);
      const [down, across] = centreOfMass(this.part.getImageData(0, 0, w, h));
      /**
       * @param {number} middle
       * @param {number} size
       * @param {number} mass
       * @param {number} extent
       */
      const place = (middle, size, mass, extent) => {
        const free = size - extent;
        return Math.min(Math.max(Math.round(middle * size - mass), Math.min(0, free)), Math.max(0, free));
      };
      small.drawImage(this.part.canvas, place(this.framing.middle[1], width, across, w), place(this.framing.middle[0], height, down, h));
    }
    return small.getImageData(0, 0, width, height);
  }
}

/**
 * @param {number} width
 * @param {number} height
 */
function makeCanvas(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return context2d(canvas, { willReadFrequently: true });
}

// Scales down by halves, and by the browser's filter only in the last step, because the filter would skip pixels in one large
// step.
/**
 * @param {HTMLCanvasElement} source
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 * @param {CanvasRenderingContext2D} target
 */
function shrink(source, left, top, width, height, target) {
  const { canvas } = target;
  let [from, x, y, w, h] = [source, left, top, width, height];
  while (w > 2 * canvas.width && h > 2 * canvas.height) {
    const [halfW, halfH] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    const half = makeCanvas(halfW, halfH);
    half.drawImage(from, x, y, w, h, 0, 0, halfW, halfH);
    [from, x, y, w, h] = [half.canvas, 0, 0, halfW, halfH];
  }
  target.imageSmoothingQuality = "high";
  target.drawImage(from, x, y, w, h, 0, 0, canvas.width, canvas.height);
}

/**
 * @param {ArrayLike<number>} data
 * @param {number} at
 */
function grey(data, at) {
  return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}

/** @param {ImageData} image */
function boundingBox({ data, width, height }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (grey(data, at) <= INK_THRESHOLD) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

// The centre of mass [down, across] in pixels.
/** @param {ImageData} image */
function centreOfMass({ data, width, height }) {
  let [mass, down, across] = [0, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const value = grey(data, at);
      mass += value;
      down += value * (y + 0.5);
      across += value * (x + 0.5);
    }
  }
  return mass ? [down / mass, across / mass] : [height / 2, width / 2];
}
