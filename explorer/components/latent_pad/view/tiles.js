import { context2d } from "../../base/context2d.js";
import { IdleQueue } from "../../base/idle_queue.js";

// Sizes of a tile on the screen: images of up to 32 pixels can be recognised in a small tile, faces need a larger one.
const SMALL_IMAGE = 32;
const SMALL_TILE = 40;
const LARGE_TILE = 64;

// The background: images decoded at every point of a grid, from the centre outwards, in idle time.
export class Tiles {
  // decoder: from `openDecoder`. busy(): whether to wait.
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("../plane.js").Plane} plane
   * @param {Painter} painter
   * @param {Decoder} decoder
   * @param {() => boolean} busy
   */
  constructor(canvas, plane, painter, decoder, busy) {
    this.canvas = canvas;
    this.plane = plane;
    this.painter = painter;
    this.height = painter.height;
    this.width = painter.width;
    this.decoder = decoder;
    this.idleQueue = new IdleQueue((done) => this.drawOne(done), busy);
    this.z = new Float32Array(plane.latent);
    canvas.toggleAttribute("data-ink", painter.ink);
    this.context = context2d(canvas);
    this.columns = 0;
    this.rows = 0;
    /** @type {number[][]} */
    this.queue = [];
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const side = Math.max(this.width, this.height) <= SMALL_IMAGE ? SMALL_TILE : LARGE_TILE;
    const scale = side / Math.max(this.width, this.height);
    const columns = Math.max(3, Math.round(width / (scale * this.width)));
    const rows = Math.max(3, Math.round(height / (scale * this.height)));
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    this.canvas.width = columns * this.width;
    this.canvas.height = rows * this.height;
    this.redraw();
  }

  // Draws all tiles again; those that are there stay until then.
  redraw() {
    const { columns, rows } = this;
    this.queue = [];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) if (this.shows(column, row)) this.queue.push([column, row]);
    /** @param {number[]} tile */
    const fromCentre = ([column, row]) => Math.hypot(column - (columns - 1) / 2, row - (rows - 1) / 2);
    this.queue.sort((a, b) => fromCentre(b) - fromCentre(a));
    this.resume();
  }

  get left() {
    return this.queue.length;
  }

  // The coordinates of a tile's centre.
  /**
   * @param {number} column
   * @param {number} row
   * @returns {Point}
   */
  centre(column, row) {
    return [this.plane.a((column + 0.5) / this.columns), this.plane.b((row + 0.5) / this.rows)];
  }

  /**
   * @param {number} column
   * @param {number} row
   */
  shows(column, row) {
    return this.plane.shows(...this.centre(column, row));
  }

  resume() {
    if (this.queue.length) this.idleQueue.resume();
  }

  // Draws one tile, then calls done(hasMore).
  /** @param {(hasMore: boolean) => void} done */
  drawOne(done) {
    const { queue } = this;
    const [column, row] = queue.pop() ?? [];
    if (row === undefined) return done(false);
    this.plane.code(...this.centre(column, row), this.z);
    this.decoder.decodeQueued(this.z, (values) => {
      // The grid may have changed in the meantime.
      if (queue === this.queue) this.draw(values, column, row);
      done(this.queue.length > 0);
    });
  }

  /**
   * @param {Float32Array} values
   * @param {number} column
   * @param {number} row
   */
  draw(values, column, row) {
    this.painter.paint(this.context, values, column * this.width, row * this.height);
  }

  stop() {
    this.idleQueue.stop();
    this.queue = [];
  }
}
