import { makeChoice } from "../../base/choice.js";
import { gaussian } from "../../base/numbers.js";

const DRAWS = 32;

// What a pane shows of a code: how, and what that means in a sentence.
const LOOKS = {
  mean: ["Mean image", "The mean of p(x|z): where several images are likely it is their blend. The picture is blurred, the model is not."],
  sample: ["Sample", "A draw from p(x|z): the likelihood takes each pixel on its own, so what it adds to the mean is noise."],
  spread: ["Spread", "How far each pixel's mean varies over draws from the posterior of the image that is marked: dark is certain. Shown at rest."],
};

const DRAW = {
  bernoulli: (mean, noise, out) => mean.forEach((p, i) => (out[i] = noise[2 * i] < p ? 1 : 0)),
  gaussian: (mean, noise, out, sigma) => mean.forEach((p, i) => (out[i] = Math.min(Math.max(p + sigma * noise[2 * i + 1], 0), 1))),
};

export class Look {
  // onChange() when another look is chosen
  constructor(root, size, onChange) {
    this.root = root;
    this.kind = "mean";
    this.turn = 0;
    this.out = new Float32Array(size);
    // One uniform and one Gaussian number a pixel, kept while the hand moves so that only the code changes the picture.
    this.noise = new Float32Array(2 * size);
    this.renew();
    this.choice = makeChoice("Shown of each code", LOOKS, this.kind, (kind) => {
      this.kind = kind;
      this.renew();
      onChange();
    });
    root.replaceChildren(this.choice.element);
  }

  use(kind) {
    if (!(kind in LOOKS)) return;
    this.kind = kind;
    this.choice.use(kind);
  }

  renew() {
    for (let i = 0; i < this.noise.length; i += 2) {
      this.noise[i] = Math.random();
      this.noise[i + 1] = gaussian();
    }
  }

  // What is shown of the mean image that a model has decoded.
  of(mean, { decoder }) {
    const [kind, ...parameters] = decoder.draw ?? [];
    if (this.kind !== "sample" || !(kind in DRAW)) return mean;
    DRAW[kind](mean, this.noise, this.out, ...parameters);
    return this.out;
  }

  // The standard deviation of each pixel's mean over draws from a posterior, as a share of the largest: then({ values, most }),
  // unless the hand has moved on or another look been chosen meanwhile.
  spread({ decoder }, { mean, scale }, then) {
    const { turn } = this;
    const sum = new Float64Array(this.out.length);
    const squares = new Float64Array(this.out.length);
    let left = DRAWS;
    const take = (values) => {
      if (turn !== this.turn) return;
      for (let i = 0; i < values.length; i++) {
        sum[i] += values[i];
        squares[i] += values[i] ** 2;
      }
      if (--left === 0) then(spreadOf(sum, squares));
    };
    for (let draw = 0; draw < DRAWS; draw++) decoder.decodeAtRest(mean.map((m, i) => m + scale[i] * gaussian()), take);
  }

  // What is being computed is of no use any more.
  stop() {
    this.turn++;
  }
}

function spreadOf(sum, squares) {
  const values = Float32Array.from(sum, (total, i) => Math.sqrt(Math.max(0, (squares[i] - total ** 2 / DRAWS) / (DRAWS - 1))));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return { values: most > 0 ? values.map((value) => value / most) : values, most };
}
