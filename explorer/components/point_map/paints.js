import { amountColour, gradient, parse } from "../base/colormap.js";

const PLAIN = 0.62;
const DIMMED = 0.12;

// What the points are coloured by: their class, or an amount on a scale. Fills RGBA bytes and the order of drawing.
export class Paints {
  // colourings: [{ name, unit, low, high }] of the amounts; labels: class of each point, or null
  constructor(count, labels, colourings, amounts) {
    Object.assign(this, { count, labels, colourings, amounts });
    this.bytes = new Uint8Array(4 * count);
    this.order = new Uint32Array(count);
  }

  // by: -1 for the class, else which amount; theme: { scheme, classes, plain }; shown(i), chosen (Set of points, or null)
  paint(by, { scheme, classes, plain }, shown, chosen) {
    const { bytes, labels } = this;
    const rgb = classes.map(parse);
    const ground = parse(plain);
    const amount = by < 0 ? null : this.amounts[by];
    const { low, high } = this.colourings[by] ?? {};
    const [under, over] = [[], []];
    for (let i = 0; i < this.count; i++) {
      if (!shown(i)) continue;
      const colour = amount ? amountColour((amount[i] - low) / (high - low || 1), scheme) : labels ? (rgb[labels[i] % rgb.length] ?? ground) : ground;
      const strong = chosen === null || chosen.has(i);
      bytes[4 * i] = colour[0];
      bytes[4 * i + 1] = colour[1];
      bytes[4 * i + 2] = colour[2];
      bytes[4 * i + 3] = 255 * (strong ? (chosen ? 1 : PLAIN) : DIMMED);
      (strong ? over : under).push(i);
    }
    this.order = Uint32Array.from([...under, ...over]);
    return this;
  }

  // The scale of an amount, drawn as a bar with its ends and its name.
  bar(figure, by, scheme) {
    figure.hidden = by < 0;
    if (by < 0) return;
    const { name, unit, low, high } = this.colourings[by];
    const number = (value) => Number(value.toPrecision(3)).toString();
    figure.querySelector("i").style.background = gradient((share) => amountColour(share, scheme));
    figure.querySelector(".low").textContent = number(low);
    figure.querySelector(".high").textContent = number(high);
    figure.querySelector("figcaption").textContent = unit ? `${name} (${unit})` : name;
  }
}
