import { gradient, viridis } from "../../base/colormap.js";
import { makeChoice } from "../../base/choice.js";
import { formatNumber, quantile } from "../../base/numbers.js";
import { background } from "../../base/background.js";
import source from "../heat/worker.js" with { type: "worker" };

// Cells along the longer side.
const CELLS = 48;
// Share of the cells at each end that keep the scale's last colour.
const STRAYS = 0.02;

const LAYERS = {
  none: ["No overlay", "Over the pad: where the model has codes, where it errs, and how fast its image changes."],
  density: ["Codes", "Log density of all held-out images' posteriors together: where the model has codes."],
  prior: ["Prior", "Log density of N(0, I): where a VAE is asked to have codes."],
  error: ["Error", "The reconstruction error of held-out images near to each place."],
  change: ["Change", "How fast the image changes as the code moves (the pull-back metric): borders between kinds of images are bright."],
};
const UNITS = { density: ["nats", 1], prior: ["nats", 1], error: ["MSE", 4], change: ["image distance a unit of z", 2] };

// Where the model knows: a field over the plane, computed by a worker and faded in.
export class Heat {
  // roots: canvas over the plane, choice and key beside it; onChange() when another layer is chosen
  constructor({ canvas, choice, key }, onChange) {
    Object.assign(this, { canvas, key, kind: "none", stamp: 0, context: canvas.getContext("2d") });
    this.choice = makeChoice("Overlay", LAYERS, this.kind, (kind) => {
      this.kind = kind;
      this.ask();
      onChange();
    });
    choice.replaceChildren(this.choice.element);
    this.hide();
  }

  use(kind) {
    if (!(kind in LAYERS) || kind === this.kind) return;
    this.kind = kind;
    this.choice.use(kind);
    this.ask();
  }

  // Another plane, and perhaps another model, to be asked about.
  lay(model, plane) {
    if (model !== this.model) this.stop();
    this.model = model;
    this.plane = plane;
    this.ask();
  }

  has(kind) {
    const { codes, errors } = this.model;
    return kind === "error" ? errors.length > 0 : kind !== "density" || codes.length > 0;
  }

  ask() {
    this.stamp++;
    this.hide();
    if (this.kind === "none" || !this.plane) return;
    if (!this.has(this.kind)) {
      return this.say(`This checkpoint carries no ${this.kind === "error" ? "errors" : "codes"} of held-out images to tell that from.`);
    }
    const { name, latent, codes, scales, errors, usualGap, program, decoder, server } = this.model;
    const away = decoder.where === "server";
    if (!this.worker) {
      try {
        this.worker = background(source);
      } catch {
        return this.say("This browser starts no worker for the page, which the overlay would be computed by.");
      }
      this.worker.onmessage = ({ data }) => this.take(data);
      this.worker.onerror = () => this.say("The overlay could not be computed.");
      this.worker.postMessage({ model: { name, program, server: away && server, latent, codes, scales, errors, gap: usualGap } });
    }
    const { aspect, origin, u, v, a0, a1, b0, b1 } = this.plane;
    // Each cell of it is four images, which on the server others wait for too.
    const cells = away && this.kind === "change" ? CELLS / 2 : CELLS;
    this.columns = Math.round(cells * Math.min(1, aspect));
    this.rows = Math.round(cells * Math.min(1, 1 / aspect));
    this.values = new Float64Array(this.columns * this.rows);
    this.left = this.rows;
    const plane = { origin, u, v, a0, a1, b0, b1 };
    this.worker.postMessage({ stamp: this.stamp, kind: this.kind, plane, columns: this.columns, rows: this.rows });
    this.say("Computing the overlay.");
  }

  say(text) {
    this.key.hidden = false;
    this.key.textContent = text;
  }

  // The plane is being moved, and what lies over it is of where it was, until it is laid anew.
  stale() {
    this.stamp++;
    this.hide();
  }

  take({ stamp, trouble, row, values }) {
    if (stamp !== this.stamp) return;
    if (trouble) return this.say(trouble);
    this.values.set(values, row * this.columns);
    if (--this.left === 0) this.draw();
  }

  draw() {
    const { canvas, context, columns, rows, values, key } = this;
    const finite = values.filter(Number.isFinite);
    const [low, high] = [quantile(finite, STRAYS), quantile(finite, 1 - STRAYS)];
    Object.assign(canvas, { width: columns, height: rows });
    const image = context.createImageData(columns, rows);
    values.forEach((value, i) => image.data.set([...viridis(high > low ? (value - low) / (high - low) : 0.5), 255], 4 * i));
    context.putImageData(image, 0, 0);
    canvas.hidden = false;
    // The next frame, so that there is something to fade from.
    requestAnimationFrame(() => canvas.toggleAttribute("data-shown", true));
    const [unit, digits] = UNITS[this.kind];
    const bar = Object.assign(document.createElement("span"), { className: "bar" });
    bar.style.background = gradient(viridis);
    key.replaceChildren(formatNumber(low, digits), bar, `${formatNumber(high, digits)} ${unit}`);
  }

  hide() {
    this.canvas.hidden = true;
    this.canvas.removeAttribute("data-shown");
    this.key.hidden = true;
    this.left = 0;
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
  }
}
