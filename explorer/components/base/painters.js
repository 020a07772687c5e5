import { toInk, toPixels } from "./pixels.js";

// Painters draw one decoded observation on a canvas: { width, height, size, unit, ink, noun, discrete, faint,
// paint(context, values, x, y), text(values) }. `discrete` observations have no mean and no spread. `size` is the number of values of an observation, and `unit` is what the values of stored originals are
// multiplied by. A painter with `ink` paints black on nothing, which the page turns white in its dark theme. `faint` paints
// backgrounds. `text` is what a text says; it is empty for an image.

/**
 * @param {{ image: ImageShape, characters?: string[], smooth?: boolean }} about
 * @returns {Painter}
 */
export function painterOf({ image, characters = [], smooth = false }) {
  return characters.length ? new TextPainter(image[2], characters) : new ImagePainter(image, smooth);
}

class ImagePainter {
  /**
   * @param {ImageShape} image
   * @param {boolean} smooth
   * @param {boolean} ink
   */
  constructor(image, smooth, ink = false) {
    const [channels, height, width] = image;
    this.noun = "image";
    this.discrete = false;
    this.unit = 1 / 255;
    this.channels = channels;
    this.width = width;
    this.height = height;
    this.size = channels * height * width;
    this.ink = ink;
    // Strokes on an empty background are drawn as ink in the text colour; other images keep their own background.
    /** @type {Painter} */
    this.faint = !ink && channels === 1 && !smooth ? new ImagePainter(image, smooth, true) : this;
    /** @type {ImageData | null} */
    this.image = null;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float32Array} values
   * @param {number} x
   * @param {number} y
   */
  paint(context, values, x = 0, y = 0) {
    this.image ??= context.createImageData(this.width, this.height);
    if (this.ink) toInk(values, this.image);
    else toPixels(values, this.channels, this.image);
    context.putImageData(this.image, x, y);
  }

  text() {
    return "";
  }
}

// The canvas of a text is so many pixels wide and high, and has letters of that size or smaller.
const [TEXT_WIDTH, TEXT_HEIGHT, LETTER] = [256, 84, 48];

// Texts, whose values are the numbers of their characters, counted from 1. The number 0 ends a text.
class TextPainter {
  /**
   * @param {number} length
   * @param {string[]} characters
   */
  constructor(length, characters) {
    this.noun = "text";
    this.discrete = true;
    this.unit = 1;
    this.size = length;
    this.characters = characters;
    this.width = TEXT_WIDTH;
    this.height = TEXT_HEIGHT;
    this.ink = true;
    /** @type {Painter} */
    this.faint = this;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Float32Array} values
   * @param {number} x
   * @param {number} y
   */
  paint(context, values, x = 0, y = 0) {
    const { width, height } = this;
    const text = this.text(values);
    context.clearRect(x, y, width, height);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${LETTER}px sans-serif`;
    context.fillText(text, x + width / 2, y + height / 2, 0.94 * width);
  }

  /** @param {Float32Array} values */
  text(values) {
    const end = values.indexOf(0);
    return Array.from(end < 0 ? values : values.subarray(0, end), (value) => this.characters[value - 1]).join("");
  }
}
