import { NumberBox } from "../../base/number_box.js";
import { formatNumber } from "../../base/numbers.js";

const MAX_NUMBERS = 16;
const REFRESH_MS = 250;

/** @type {Record<string, string>} */
const WHERE = { page: "in this page", worker: "in a worker of this page", server: "on the server" };

// The code as numbers, and the speed of the pad.
export class CodeReadout {
  /**
   * @param {Root} root
   * @param {import("../plane.js").Plane} plane
   */
  constructor(root, plane) {
    this.dimensions = plane.dimensionsByRange().slice(0, MAX_NUMBERS).sort((i, j) => i - j);
    const list = root.querySelector(".code-values");
    /** @type {HTMLElement[]} */
    const rows = [];
    this.values = this.dimensions.map((i) => {
      const row = document.createElement("div");
      const value = new NumberBox();
      const number = document.createElement("dd");
      number.append(value.element);
      row.append(Object.assign(document.createElement("dt"), { textContent: `z${i + 1}` }), number);
      rows.push(row);
      return value;
    });
    list.replaceChildren(...rows);
    const hidden = plane.latent - this.dimensions.length;
    list.title = hidden ? `The ${MAX_NUMBERS} dimensions that this plane changes most; ${hidden} more are not shown.` : "";
    this.speed = root.querySelector(".speed");
    this.shownAt = -Infinity;
  }

  /** @param {Float32Array} z */
  showCode(z) {
    for (let i = 0; i < this.values.length; i++) this.values[i].setText(formatNumber(z[this.dimensions[i]], 2));
  }

  // Updates the speed a few times a second at most, since numbers that flicker cannot be read. Returns whether it was updated.
  /**
   * @param {number} now
   * @param {number} decodeMs
   * @param {number} framesPerSecond
   * @param {string} where
   */
  showSpeed(now, decodeMs, framesPerSecond, where) {
    if (now - this.shownAt < REFRESH_MS) return false;
    this.shownAt = now;
    const decode = `decoded ${WHERE[where]} in ${decodeMs < 10 ? decodeMs.toFixed(1) : Math.round(decodeMs)}\u00a0ms`;
    this.speed.textContent = framesPerSecond ? `${decode}, ${Math.round(framesPerSecond)}\u00a0frames/s` : decode;
    return true;
  }
}
