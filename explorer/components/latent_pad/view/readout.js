import { Figure } from "../../base/figure.js";
import { formatNumber } from "../../base/numbers.js";

const MOST = 16;
const REFRESH_MS = 250;

const WHERE = { page: "in this page", worker: "in this page, beside it", server: "on the server" };

// The code in figures, and the pad's own speed.
export class Readout {
  constructor(root, plane) {
    this.dimensions = plane.moving().slice(0, MOST).sort((i, j) => i - j);
    const list = root.querySelector(".code");
    const rows = [];
    this.values = this.dimensions.map((i) => {
      const row = document.createElement("div");
      const value = new Figure();
      row.append(Object.assign(document.createElement("dt"), { textContent: `z${i + 1}` }), document.createElement("dd"));
      row.lastChild.append(value.element);
      rows.push(row);
      return value;
    });
    list.replaceChildren(...rows);
    const hidden = plane.latent - this.dimensions.length;
    list.title = hidden ? `The ${MOST} dimensions that this plane changes most; ${hidden} more are not shown.` : "";
    this.speed = root.querySelector(".speed");
    this.shownAt = -Infinity;
  }

  code(z) {
    for (let i = 0; i < this.values.length; i++) this.values[i].say(formatNumber(z[this.dimensions[i]], 2));
  }

  // Rewritten a few times a second at most, since figures that flicker cannot be read; says whether they were.
  pace(now, decodeMs, framesPerSecond, where) {
    if (now - this.shownAt < REFRESH_MS) return false;
    this.shownAt = now;
    const decode = `decoded ${WHERE[where]} in ${decodeMs < 10 ? decodeMs.toFixed(1) : Math.round(decodeMs)}\u00a0ms`;
    this.speed.textContent = framesPerSecond ? `${decode}, ${Math.round(framesPerSecond)}\u00a0frames/s` : decode;
    return true;
  }
}
