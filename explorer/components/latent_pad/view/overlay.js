import { context2d } from "../../base/context2d.js";
import { gradient, viridis } from "../../base/colormap.js";
import { makeRadioGroup } from "../../base/radio_group.js";
import { formatNumber, quantile } from "../../base/numbers.js";
import { startInlineWorker } from "../../base/inline_worker.js";
import source from "../overlay/overlay_worker.js?worker";

// Number of cells along the longer side.
const CELLS = 48;
// The share of cells beyond each end of the colour scale.
const OUTLIER_SHARE = 0.02;

/** @type {Record<string, string[]>} */
const LAYERS = {
  none: ["No overlay", "An overlay shows where the model has codes, where its errors are large, or how fast its image changes."],
  density: ["Codes", "Log density of the held-out images' posteriors: where the model has codes."],
  prior: ["Prior", "Log density of N(0, I): where a VAE should have codes."],
  error: ["Error", "The reconstruction error of the held-out images near each point."],
  change: ["Change", "How fast the image changes as the code moves (the pull-back metric): borders between kinds of images are bright."],
};
/** @type {Record<string, [string, number]>} */
const UNITS = { density: ["nats", 1], prior: ["nats", 1], error: ["MSE", 4], change: ["image distance per unit of z", 2] };

// A field over the plane, computed by a web worker and faded in.
export class Overlay {
  // elements: the canvas over the plane, and the choice and the colour scale beside it. onChange: called when another overlay
  // is chosen.
  /**
   * @param {{ canvas: HTMLCanvasElement, choice: HTMLElement, scale: HTMLElement }} elements
   * @param {Painter} painter
   * @param {() => void} onChange
   */
  constructor({ canvas, choice, scale }, painter, onChange) {
    this.painter = painter;
    this.canvas = canvas;
    this.scale = scale;
    this.kind = "none";
    /** @type {import("../model.js").Model | null} */
    this.model = null;
    /** @type {import("../plane.js").Plane | null} */
    this.plane = null;
    /** @type {Worker | null} */
    this.worker = null;
    this.number = 0;
    this.columns = 0;
    this.rows = 0;
    this.values = new Float64Array(0);
    this.left = 0;
    this.context = context2d(canvas);
    this.choice = makeRadioGroup("Overlay", LAYERS, this.kind, (kind) => {
      this.kind = kind;
      this.request();
      onChange();
    });
    choice.replaceChildren(this.choice.element);
    this.hide();
  }

  /** @param {any} kind */
  use(kind) {
    if (!(kind in LAYERS) || kind === this.kind) return;
    this.kind = kind;
    this.choice.use(kind);
    this.request();
  }

  // Computes the overlay for another plane, and perhaps another model.
  /**
   * @param {import("../model.js").Model} model
   * @param {import("../plane.js").Plane} plane
   */
  setPlane(model, plane) {
    if (model !== this.model) this.stop();
    this.model = model;
    this.plane = plane;
    this.request();
  }

  // Computes the overlay again where it depends on the images, which have changed everywhere.
  imagesChanged() {
    if (this.kind === "change") this.request();
  }

  /** @param {string} kind */
  has(kind) {
    if (!this.model) return false;
    const { codes, errors, priorDraws } = this.model;
    if (kind === "prior") return priorDraws.length === 0;
    return kind === "error" ? errors.length > 0 : kind !== "density" || codes.length > 0;
  }

  // Why an overlay of this kind is not shown for this model, as a sentence; empty where it is.
  /**
   * @param {string} kind
   * @param {import("../model.js").Model} model
   */
  reasonAgainst(kind, { noSpread, priorTitle, space }) {
    if (kind === "change" && this.painter.discrete) return "A text changes in jumps, one character after another, so there is no speed of change to show.";
    if (kind === "density" && noSpread) return noSpread;
    if (kind === "prior" && space.kind !== "euclidean") return `The prior is ${priorTitle}, whose density is the same everywhere.`;
    return "";
  }

  request() {
    this.number++;
    this.hide();
    if (this.kind === "none" || !this.model || !this.plane) return;
    if (!this.has(this.kind)) {
      if (this.kind === "prior") return this.showText("The density of this model's prior has no overlay: see its draws by Random draw.");
      return this.showText(`This checkpoint stores no ${this.kind === "error" ? "errors" : "codes"} of held-out images, which this overlay needs.`);
    }
    const reason = this.reasonAgainst(this.kind, this.model);
    if (reason) return this.showText(reason);
    const { name, latent, details, codes, scales, errors, typicalGap, program, decoder, server, space } = this.model;
    const onServer = decoder.where === "server";
    if (!this.worker) {
      try {
        this.worker = startInlineWorker(source);
      } catch {
        return this.showText("The overlay needs a web worker, and this browser cannot start one.");
      }
      this.worker.onmessage = ({ data }) => this.receive(data);
      this.worker.onerror = () => this.showText("The overlay could not be computed.");
      this.worker.postMessage({ model: { name, program, server: onServer && server, latent, details, codes, scales, errors, gap: typicalGap, space: space.kind } });
    }
    const { aspect, origin, u, v, a0, a1, b0, b1 } = this.plane;
    // Each of its cells needs four images, and the server also decodes for others.
    const cells = onServer && this.kind === "change" ? CELLS / 2 : CELLS;
    this.columns = Math.round(cells * Math.min(1, aspect));
    this.rows = Math.round(cells * Math.min(1, 1 / aspect));
    this.values = new Float64Array(this.columns * this.rows);
    this.left = this.rows;
    const plane = { origin, u, v, a0, a1, b0, b1 };
    this.worker.postMessage({ number: this.number, kind: this.kind, plane, columns: this.columns, rows: this.rows, further: decoder.further });
    this.showText("Computing the overlay.");
  }

  /** @param {string} text */
  showText(text) {
    this.scale.hidden = false;
    this.scale.textContent = text;
  }

  // Hides an overlay of the plane's old position, until the plane is set again.
  invalidate() {
    this.number++;
    this.hide();
  }

  // Whether a cell's centre is not beyond the rim of what the plane shows.
  /**
   * @param {number} column
   * @param {number} row
   */
  shows(column, row) {
    const { plane } = this;
    return plane !== null && plane.shows(plane.a((column + 0.5) / this.columns), plane.b((row + 0.5) / this.rows));
  }

  /** @param {{ number: number, problem?: string, row: number, values: number[] }} reply */
  receive({ number, problem, row, values }) {
    if (number !== this.number) return;
    if (problem) return this.showText(problem);
    this.values.set(values.map((value, column) => (this.shows(column, row) ? value : NaN)), row * this.columns);
    if (--this.left === 0) this.draw();
  }

  draw() {
    const { canvas, context, columns, rows, values, scale } = this;
    const finite = values.filter(Number.isFinite);
    const [low, high] = [quantile(finite, OUTLIER_SHARE), quantile(finite, 1 - OUTLIER_SHARE)];
    Object.assign(canvas, { width: columns, height: rows });
    const image = context.createImageData(columns, rows);
    /** @param {number} value */
    const colour = (value) => (Number.isFinite(value) ? [...viridis(high > low ? (value - low) / (high - low) : 0.5), 255] : [0, 0, 0, 0]);
    values.forEach((value, i) => image.data.set(colour(value), 4 * i));
    context.putImageData(image, 0, 0);
    canvas.hidden = false;
    // It is shown in the next frame, so that the fade has a start.
    requestAnimationFrame(() => canvas.toggleAttribute("data-shown", true));
    const [unit, digits] = UNITS[this.kind];
    const bar = Object.assign(document.createElement("span"), { className: "bar" });
    bar.style.background = gradient(viridis);
    scale.replaceChildren(formatNumber(low, digits), bar, `${formatNumber(high, digits)} ${unit}`);
  }

  hide() {
    this.canvas.hidden = true;
    this.canvas.removeAttribute("data-shown");
    this.scale.hidden = true;
    this.left = 0;
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
  }
}
