import { Leisure } from "../../base/leisure.js";
import { toInk, toPixels } from "../../base/pixels.js";

// Side of a tile on screen: images of up to 32 pixels are told apart at that size, faces need more.
const SMALL_IMAGE = 32;
const SMALL_TILE = 40;
const LARGE_TILE = 64;

// The image decoded at every place of a grid, as the background: from the centre outwards, in the time that is left over.
export class Tiles {
  // decoder: as `openDecoder` gives it; busy() -> whether to wait
  constructor(canvas, plane, [channels, height, width], smooth, decoder, busy) {
    Object.assign(this, { canvas, plane, channels, height, width, decoder });
    this.leisure = new Leisure((then) => this.drawOne(then), busy);
    this.z = new Float32Array(plane.latent);
    // Strokes on an empty ground are drawn as ink in the colour of the text; anything else keeps its own ground.
    this.ink = channels === 1 && !smooth;
    canvas.toggleAttribute("data-ink", this.ink);
    this.context = canvas.getContext("2d");
    this.image = this.context.createImageData(width, height);
    this.columns = 0;
    this.rows = 0;
    this.queue = [];
  }

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
    this.queue = [];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) this.queue.push([column, row]);
    const fromCentre = ([column, row]) => Math.hypot(column - (columns - 1) / 2, row - (rows - 1) / 2);
    this.queue.sort((a, b) => fromCentre(b) - fromCentre(a));
    this.resume();
  }

  get left() {
    return this.queue.length;
  }

  resume() {
    if (this.queue.length) this.leisure.resume();
  }

  // then(whether there are more)
  drawOne(then) {
    const { queue } = this;
    const [column, row] = queue.pop() ?? [];
    if (row === undefined) return then(false);
    this.plane.code(this.plane.a((column + 0.5) / this.columns), this.plane.b((row + 0.5) / this.rows), this.z);
    this.decoder.decodeAtRest(this.z, (values) => {
      // Another grid may have been asked for meanwhile.
      if (queue === this.queue) this.draw(values, column, row);
      then(this.queue.length > 0);
    });
  }

  draw(values, column, row) {
    if (this.ink) toInk(values, this.image);
    else toPixels(values, this.channels, this.image);
    this.context.putImageData(this.image, column * this.width, row * this.height);
  }

  stop() {
    this.leisure.stop();
    this.queue = [];
  }
}
