import { niceTicks } from "../../base/numbers.js";

const TICK_EVERY = 100;

// The labels and ticks of the plane's axes.
export class Axes {
  /**
   * @param {Root} root
   * @param {import("../plane.js").Plane} plane
   * @param {string[]} labels
   */
  constructor(root, plane, [labelA, labelB = ""]) {
    this.plane = plane;
    this.ticksA = root.querySelector(".axis-a .ticks");
    this.ticksB = root.querySelector(".axis-b .ticks");
    root.querySelector(".axis-a .axis-label").textContent = labelA;
    root.querySelector(".axis-b .axis-label").textContent = labelB;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const { plane } = this;
    /** @param {number} length */
    const about = (length) => Math.max(3, length / TICK_EVERY);
    const across = niceTicks(plane.a0, plane.a1, about(width)).map(([a, text]) => tick(text, "left", plane.across(a)));
    const down = plane.flat ? [] : niceTicks(plane.b0, plane.b1, about(height)).map(([b, text]) => tick(text, "top", plane.down(b)));
    this.ticksA.replaceChildren(...across);
    this.ticksB.replaceChildren(...down);
  }
}

/**
 * @param {string} text
 * @param {"left" | "top"} side
 * @param {number} share
 */
function tick(text, side, share) {
  const span = document.createElement("span");
  span.textContent = text;
  // The outermost ticks stay within the length of the axis.
  span.style[side] = `clamp(8px, ${100 * share}%, calc(100% - 8px))`;
  return span;
}
