import { context2d } from "../base/context2d.js";
import { setFurtherInputs } from "../base/runtime/further_inputs.js";
import { buildNetwork } from "../base/runtime/network.js";

// The images behind the points: originals where their pixels are available, and images decoded from their codes.
export class MapImages {
  // originals: uint8 pixels of the first images, which may be fewer than there are codes
  // labels: the class of each image, which a conditional model is given
  /**
   * @param {Painter} painter
   * @param {Uint8Array} program
   * @param {Float32Array} codes
   * @param {number} latent
   * @param {Uint8Array} originals
   * @param {Uint16Array} labels
   */
  constructor(painter, program, codes, latent, originals, labels) {
    this.painter = painter;
    this.codes = codes;
    this.latent = latent;
    this.originals = originals;
    this.labels = labels;
    this.network = program.length ? buildNetwork(program) : null;
    this.size = painter.size;
    this.values = new Float32Array(this.size);
  }

  /** @param {number} i */
  hasOriginal(i) {
    return (i + 1) * this.size <= this.originals.length;
  }

  // The word for one observation.
  get noun() {
    return this.painter.noun;
  }

  // Whether there are reconstructions: a model without a program has none on this page.
  get decodes() {
    return this.network !== null;
  }

  // Draws the original of image i. If its pixels are not available, the canvas gets the attribute data-unknown.
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} i
   */
  original(canvas, i) {
    const known = this.hasOriginal(i);
    canvas.toggleAttribute("data-unknown", !known);
    if (known) {
      for (let k = 0; k < this.size; k++) this.values[k] = this.painter.unit * this.originals[i * this.size + k];
    } else {
      this.values.fill(0);
    }
    this.paint(canvas, this.values);
  }

  // Draws the reconstruction of image i. Throws an error if the model has no program.
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} i
   */
  decoded(canvas, i) {
    if (!this.network) throw new Error("This model has no program, so the page cannot decode its codes.");
    this.network.inputs.z.set(this.codes.subarray(i * this.latent, (i + 1) * this.latent));
    setFurtherInputs(this.network, { condition: this.labels[i] ?? null, details: null });
    this.network.run();
    this.paint(canvas, this.network.outputs.mean);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Float32Array} values
   */
  paint(canvas, values) {
    canvas.width = this.painter.width;
    canvas.height = this.painter.height;
    canvas.toggleAttribute("data-ink", this.painter.ink);
    canvas.setAttribute("data-text", this.painter.text(values));
    this.painter.paint(context2d(canvas), values, 0, 0);
  }
}
