import { context2d } from "../../base/context2d.js";

// The encoded images as dots on the plane, coloured by class, and paler the farther they are from it.

const RADIUS = 2.4;
const REFERENCE_SIDE = 560;
const DENSE = 4000;
const LEVELS = 6;
const FAINTEST = 0.12;
// The label of a point without a class, which is larger than any class index.
export const NO_CLASS = 0xffff;

export class Points {
  // placed: { points (n, 2), off (n) } from Plane.place
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("../plane.js").Plane} plane
   * @param {{ points: Float32Array, off: Float32Array }} placed
   * @param {Uint16Array | null} labels
   */
  constructor(canvas, plane, { points, off }, labels) {
    this.canvas = canvas;
    this.plane = plane;
    this.points = points;
    this.labels = labels;
    this.context = context2d(canvas);
    this.ratio = 1;
    this.levels = fadeLevels(off);
    /** @type {(label: number) => boolean} */
    this.shown = () => true;
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} ratio
   */
  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
  }

  // colours: [fill, outline] of each class; plain: the same for points without a class
  /**
   * @param {DotColours[]} colours
   * @param {DotColours} plain
   */
  draw(colours, plain) {
    const { canvas, context, plane, points, labels, levels, ratio } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const count = points.length / 2;
    // Dots are smaller if there are many or if the pad is small, so that dense regions can still be recognised.
    const crowding = Math.max(1, count / DENSE) ** -0.25 * Math.min(1, Math.sqrt(canvas.width / ratio / REFERENCE_SIDE));
    const radius = RADIUS * crowding * ratio;
    /** @type {HTMLCanvasElement[]} */
    const dots = [];
    /** @param {number} label */
    const dot = (label) => {
      const which = label === NO_CLASS ? colours.length : label % colours.length;
      const [fill, outline] = colours[which] ?? plain;
      dots[which] ??= makeDot(fill, outline, radius, ratio);
      return dots[which];
    };
    const strength = labels ? (count > DENSE ? 0.65 : 0.8) : 0.45;
    // Faint dots are drawn first, so that dots on the plane are on top.
    for (let level = LEVELS; level >= 0; level--) {
      context.globalAlpha = strength * Math.max(FAINTEST, 1 - level / LEVELS);
      for (let i = 0; i < count; i++) {
        const label = labels ? labels[i] : NO_CLASS;
        if (levels[i] !== level || !this.shown(label)) continue;
        const image = dot(label);
        const x = plane.across(points[2 * i]) * canvas.width;
        const y = plane.down(points[2 * i + 1]) * canvas.height;
        context.drawImage(image, x - image.width / 2, y - image.height / 2);
      }
    }
  }
}

// How faint each point is, from 0 (on the plane) to LEVELS, by its distance relative to the median.
/** @param {Float32Array} off */
function fadeLevels(off) {
  const sorted = Float32Array.from(off).sort();
  const median = sorted[sorted.length >> 1] ?? 0;
  if (!(median > 1e-6)) return new Uint8Array(off.length);
  return Uint8Array.from(off, (r) => Math.round(LEVELS * (1 - Math.exp(-((r / median) ** 2)))));
}

/**
 * @param {string} fill
 * @param {string} outline
 * @param {number} radius
 * @param {number} ratio
 */
function makeDot(fill, outline, radius, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * Math.ceil(radius + ratio);
  const context = context2d(canvas);
  context.beginPath();
  context.arc(canvas.width / 2, canvas.width / 2, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 0.6 * ratio;
  context.strokeStyle = outline;
  context.stroke();
  return canvas;
}
