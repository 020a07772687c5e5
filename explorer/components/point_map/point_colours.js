import { amountColour, gradient, parse } from "../base/colormap.js";

const OPACITY = 0.62;
const DIMMED_OPACITY = 0.12;

// Colours points by their class, or by a quantity on a colour scale. Fills RGBA bytes and the drawing order.
export class PointColours {
  // colourings: [{ name, unit, low, high }] of the quantities; labels: class of each point, or null
  /**
   * @param {number} count
   * @param {Uint16Array | null} labels
   * @param {Colouring[]} colourings
   * @param {Float32Array[]} amounts
   */
  constructor(count, labels, colourings, amounts) {
    this.count = count;
    this.labels = labels;
    this.colourings = colourings;
    this.amounts = amounts;
    this.bytes = new Uint8Array(4 * count);
    this.order = new Uint32Array(count);
  }

  // by: index of a quantity, or -1 for the class; theme: { scheme, classes, plain }; shown(i): whether point i is shown;
  // chosen: a Set of selected points, or null
  /**
   * @param {number} by
   * @param {{ scheme: Scheme, classes: string[], plain: string }} theme
   * @param {(i: number) => boolean} shown
   * @param {Set<number> | null} chosen
   */
  paint(by, { scheme, classes, plain }, shown, chosen) {
    const { bytes, labels } = this;
    const rgb = classes.map(parse);
    const noClassColour = parse(plain);
    const amount = by < 0 ? null : this.amounts[by];
    const { low, high } = this.colourings[by] ?? {};
    /** @type {number[]} */
    const dimmed = [];
    /** @type {number[]} */
    const bright = [];
    for (let i = 0; i < this.count; i++) {
      if (!shown(i)) continue;
      const colour = amount ? amountColour((amount[i] - low) / (high - low || 1), scheme) : labels ? (rgb[labels[i] % rgb.length] ?? noClassColour) : noClassColour;
      const strong = chosen === null || chosen.has(i);
      bytes[4 * i] = colour[0];
      bytes[4 * i + 1] = colour[1];
      bytes[4 * i + 2] = colour[2];
      bytes[4 * i + 3] = 255 * (strong ? (chosen ? 1 : OPACITY) : DIMMED_OPACITY);
      (strong ? bright : dimmed).push(i);
    }
    this.order = Uint32Array.from([...dimmed, ...bright]);
    return this;
  }

  // Draws the colour scale of a quantity as a bar with its ends and its name.
  /**
   * @param {Root} figure
   * @param {number} by
   * @param {Scheme} scheme
   */
  bar(figure, by, scheme) {
    figure.hidden = by < 0;
    if (by < 0) return;
    const { name, unit, low, high } = this.colourings[by];
    /** @param {number} value */
    const number = (value) => Number(value.toPrecision(3)).toString();
    figure.querySelector("i").style.background = gradient((share) => amountColour(share, scheme));
    figure.querySelector(".low").textContent = number(low);
    figure.querySelector(".high").textContent = number(high);
    figure.querySelector("figcaption").textContent = unit ? `${name} (${unit})` : name;
  }
}
