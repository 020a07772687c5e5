import { context2d } from "../base/context2d.js";

/** @typedef {{ points: Point[], width: number, colour: string }} Stroke */

// The strokes that a pen has drawn on a canvas, so that the last one can be undone.
export class Strokes {
  // background: [red, green, blue]
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Colour} background
   */
  constructor(canvas, background) {
    this.canvas = canvas;
    this.context = context2d(canvas, { willReadFrequently: true });
    this.background = `rgb(${background})`;
    /** @type {Stroke[]} */
    this.strokes = [];
    /** @type {Stroke | null} */
    this.current = null;
    this.draw();
  }

  get count() {
    return this.strokes.length;
  }

  // x, y: in pixels of the canvas; width: as a share of the canvas's shorter side
  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {string} colour
   */
  begin(x, y, width, colour) {
    const side = Math.min(this.canvas.width, this.canvas.height);
    /** @type {Stroke} */
    const stroke = { points: [[x, y]], width: width * side, colour };
    this.current = stroke;
    this.strokes.push(stroke);
    this.line(stroke, 0);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  extend(x, y) {
    const stroke = this.current;
    // The stroke was undone while the pen was down.
    if (!stroke) return;
    stroke.points.push([x, y]);
    this.line(stroke, stroke.points.length - 2);
  }

  undo() {
    this.strokes.pop();
    this.current = null;
    this.draw();
  }

  clear() {
    this.strokes = [];
    this.current = null;
    this.draw();
  }

  draw() {
    this.context.fillStyle = this.background;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) this.line(stroke, 0);
  }

  // Draws a stroke from its point `from` on.
  /**
   * @param {Stroke} stroke
   * @param {number} from
   */
  line({ points, width, colour }, from) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...points[from]);
    // A dot is a line of length 0.
    for (const point of points.slice(Math.min(from + 1, points.length - 1))) context.lineTo(...point);
    context.stroke();
  }
}
