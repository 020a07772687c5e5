import { makeRadioGroup } from "../../base/radio_group.js";
import { gaussian } from "../../base/numbers.js";

const DRAWS = 32;

// What a pane can show of a code, with an explanation.
/** @type {Record<string, string[]>} */
const DISPLAY_MODES = {
  mean: ["Mean image", "The mean of p(x|z). If several images are likely, it is their blend, so the picture can be blurred."],
  sample: ["Sample", "A draw from p(x|z). The likelihood treats each pixel independently, so it adds noise to the mean."],
  spread: ["Spread", "How much each pixel's mean varies over draws from the marked image's posterior: dark is certain. Shown when you pause."],
};

const LIKELIEST = "The likeliest text: at each place the likeliest character, given the code and the characters before it.";

/** @type {Record<string, (mean: Float32Array, noise: Float32Array, out: Float32Array, sigma: number) => void>} */
const SAMPLERS = {
  bernoulli: (mean, noise, out) => mean.forEach((p, i) => (out[i] = noise[2 * i] < p ? 1 : 0)),
  gaussian: (mean, noise, out, sigma) => mean.forEach((p, i) => (out[i] = Math.min(Math.max(p + sigma * noise[2 * i + 1], 0), 1))),
};

export class DisplayMode {
  // onChange: called when another mode is chosen
  /**
   * @param {HTMLElement} root
   * @param {Painter} painter
   * @param {() => void} onChange
   */
  constructor(root, { size, discrete }, onChange) {
    this.root = root;
    this.kind = "mean";
    this.generation = 0;
    this.out = new Float32Array(size);
    // One uniform and one Gaussian number for each pixel. They stay the same during a drag, so that only the code changes the
    // picture.
    this.noise = new Float32Array(2 * size);
    this.drawNoise();
    this.choice = makeRadioGroup("Shown for each code", DISPLAY_MODES, this.kind, (kind) => {
      this.kind = kind;
      this.drawNoise();
      onChange();
    });
    // Of a text there is neither a mean of pixels nor a spread of them.
    this.discrete = discrete;
    root.replaceChildren(this.discrete ? Object.assign(document.createElement("p"), { className: "note", textContent: LIKELIEST }) : this.choice.element);
  }

  /** @param {any} kind */
  use(kind) {
    if (!(kind in DISPLAY_MODES) || this.discrete) return;
    this.kind = kind;
    this.choice.use(kind);
  }

  drawNoise() {
    for (let i = 0; i < this.noise.length; i += 2) {
      this.noise[i] = Math.random();
      this.noise[i + 1] = gaussian();
    }
  }

  // The image to show for a decoded mean image.
  /**
   * @param {Float32Array} mean
   * @param {{ decoder: Decoder }} model
   */
  apply(mean, { decoder }) {
    const [kind, ...parameters] = decoder.sampling ?? [];
    if (this.kind !== "sample" || !(kind in SAMPLERS)) return mean;
    SAMPLERS[kind](mean, this.noise, this.out, parameters[0]);
    return this.out;
  }

  // Computes the standard deviation of each pixel's mean over draws from a posterior, as a share of the largest one. The
  // result, { values, most }, is passed to `done`, unless the point or the mode has changed in the meantime.
  /**
   * @param {{ decoder: Decoder }} model
   * @param {{ mean: Float32Array, scale: Float32Array }} posterior
   * @param {(result: { values: Float32Array, most: number }) => void} done
   */
  spread({ decoder }, { mean, scale }, done) {
    const { generation } = this;
    const sum = new Float64Array(this.out.length);
    const squares = new Float64Array(this.out.length);
    let left = DRAWS;
    /** @param {Float32Array} values */
    const addDraw = (values) => {
      if (generation !== this.generation) return;
      for (let i = 0; i < values.length; i++) {
        sum[i] += values[i];
        squares[i] += values[i] ** 2;
      }
      if (--left === 0) done(spreadOf(sum, squares));
    };
    for (let draw = 0; draw < DRAWS; draw++) decoder.decodeQueued(mean.map((m, i) => m + scale[i] * gaussian()), addDraw);
  }

  // Cancels a computation that is in progress.
  stop() {
    this.generation++;
  }
}

/**
 * @param {Float64Array} sum
 * @param {Float64Array} squares
 */
function spreadOf(sum, squares) {
  const values = Float32Array.from(sum, (total, i) => Math.sqrt(Math.max(0, (squares[i] - total ** 2 / DRAWS) / (DRAWS - 1))));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return { values: most > 0 ? values.map((value) => value / most) : values, most };
}
