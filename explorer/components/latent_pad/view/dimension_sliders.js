import { context2d } from "../../base/context2d.js";
import { NumberBox } from "../../base/number_box.js";
import { IdleQueue } from "../../base/idle_queue.js";
import { formatNumber } from "../../base/numbers.js";

const TILES = 9;
const STEPS = 200;

// One slider for each dimension, most used first, over a strip of images of what moving this dimension alone would show.
export class DimensionSliders {
  // pad: stopPlayback(), code(), moveCode(z, happened), commitSoon(), busy()
  /**
   * @param {any} root
   * @param {import("../model.js").Model} model
   * @param {Painter} painter
   * @param {any} pad
   */
  constructor(root, model, painter, pad) {
    this.root = root;
    this.model = model;
    this.pad = pad;
    this.painter = painter;
    this.width = painter.width;
    this.height = painter.height;
    this.idleQueue = new IdleQueue((done) => this.step(done), () => pad.busy());
    /** @type {any[]} */
    this.queue = [];
    this.z = new Float32Array(model.latent);
    /** @type {any[]} */
    this.rows = [];
    root.querySelector("summary").textContent = model.latent === 1 ? "Its single dimension" : `All ${model.latent} dimensions`;
    root.ontoggle = () => this.redraw();
  }

  build() {
    this.rows = this.model.order.map((i) => this.row(i));
    this.root.querySelector(".rows").replaceChildren(...this.rows.map(({ element }) => element));
  }

  /** @param {number} i */
  row(i) {
    const { model, pad } = this;
    const element = document.createElement("label");
    element.className = "dimension";
    const unused = model.unused.includes(i);
    element.toggleAttribute("data-unused", unused);
    element.title = unused ? `${model.dimensions[i]}: unused. The encoder stores nothing in it, and the decoder ignores it.` : model.dimensions[i];
    const name = Object.assign(document.createElement("span"), { className: "name", textContent: `z${i + 1}${unused ? " unused" : ""}` });
    const canvas = document.createElement("canvas");
    canvas.width = TILES * this.width;
    canvas.height = this.height;
    canvas.toggleAttribute("data-ink", this.painter.ink);
    const [low, high] = model.range(i);
    const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step: (high - low) / STEPS });
    input.setAttribute("aria-label", element.title);
    input.addEventListener("input", (event) => {
      pad.stopPlayback();
      const z = pad.code();
      model.space.move(z, i, input.valueAsNumber);
      pad.moveCode(z, event.timeStamp);
      pad.commitSoon();
    });
    const value = new NumberBox();
    const output = document.createElement("output");
    output.append(value.element);
    const track = Object.assign(document.createElement("span"), { className: "track" });
    track.append(canvas, input);
    element.append(name, track, output);
    return { i, low, high, element, input, value, context: context2d(canvas) };
  }

  // Shows the current code.
  /** @param {Float32Array} z */
  show(z) {
    if (!this.root.open) return;
    for (const { i, input, value } of this.rows) {
      const text = formatNumber(z[i], 2);
      if (!value.setText(text)) continue;
      input.value = z[i];
      input.setAttribute("aria-valuetext", text);
    }
  }

  // Redraws the strips for the current code.
  redraw() {
    const { z } = this.model;
    if (!this.root.open) return;
    if (!this.rows.length) this.build();
    this.show(z);
    this.z.set(z);
    this.queue = this.rows.flatMap((row) => Array.from({ length: TILES }, (_, tile) => [row, tile])).reverse();
    this.idleQueue.resume();
  }

  // Decodes one tile of a strip, then calls done(hasMore).
  /** @param {(hasMore: boolean) => void} done */
  step(done) {
    const { queue } = this;
    const [row, tile] = queue.pop() ?? [];
    if (!row) return done(false);
    const z = this.z.slice();
    this.model.space.move(z, row.i, row.low + ((tile + 0.5) / TILES) * (row.high - row.low));
    this.model.decoder.decodeQueued(z, (values) => {
      if (queue === this.queue) this.draw(values, row, tile);
      done(this.queue.length > 0);
    });
  }

  /**
   * @param {Float32Array} values
   * @param {any} row
   * @param {number} tile
   */
  draw(values, row, tile) {
    this.painter.paint(row.context, values, tile * this.width, 0);
  }

  get left() {
    return this.queue.length;
  }

  stop() {
    this.idleQueue.stop();
    this.queue = [];
  }
}
