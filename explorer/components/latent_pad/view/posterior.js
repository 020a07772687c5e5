import { svgPath } from "../../base/markers.js";
import { gaussian } from "../../base/numbers.js";

const DRAWS = 40;
const CORNERS = 72;
const SIGMAS = [1, 2];

// The posterior of the marked image, projected onto the plane: its mean, one and two standard deviations, and draws.
export class Posterior {
  // svg: an SVG over the plane whose sides have length 100
  /** @param {SVGElement} svg */
  constructor(svg) {
    this.svg = svg;
    /** @type {CodePosterior | null} */
    this.marked = null;
    /** @type {Float32Array[]} */
    this.draws = [];
  }

  // posterior: { mean, scale }, or null for none. The draws stay the same until another image is marked.
  /** @param {CodePosterior | null} posterior */
  mark(posterior) {
    this.marked = posterior;
    const scale = posterior?.scale;
    this.draws = scale ? Array.from({ length: DRAWS }, () => posterior.mean.map((m, i) => m + scale[i] * gaussian())) : [];
  }

  /** @param {import("../plane.js").Plane} plane */
  draw(plane) {
    this.svg.toggleAttribute("data-empty", !this.marked);
    if (!this.marked) return this.svg.replaceChildren();
    const { mean, scale } = this.marked;
    /** @param {number[]} point */
    const place = (point) => plane.percent(point);
    /** @param {Float32Array[]} codes */
    const dots = (codes) => codes.map((z) => `M${place(plane.point(z))}h0`).join("");
    const parts = [svgPath(dots(this.draws), "draws")];
    if (scale) {
      const half = halfAxes(plane, scale);
      const [a, b] = plane.point(mean);
      for (const sigmas of SIGMAS) parts.push(svgPath(outline(a, b, half, sigmas, place), "ellipse"));
    }
    parts.push(svgPath(dots([mean]), "mean"));
    this.svg.replaceChildren(...parts);
  }
}

// The projection of a Gaussian with these standard deviations onto the plane, as a root of its covariance.
/**
 * @param {{ u: Float32Array, v: Float32Array }} plane
 * @param {Float32Array} scale
 */
export function halfAxes({ u, v }, scale) {
  let uu = 0;
  let uv = 0;
  let vv = 0;
  for (let i = 0; i < scale.length; i++) {
    const variance = scale[i] ** 2;
    uu += variance * u[i] * u[i];
    uv += variance * u[i] * v[i];
    vv += variance * v[i] * v[i];
  }
  // A Cholesky root; any root gives the same ellipse.
  const l11 = Math.sqrt(uu);
  const l21 = l11 > 0 ? uv / l11 : 0;
  return { l11, l21, l22: Math.sqrt(Math.max(0, vv - l21 * l21)) };
}

/**
 * @param {number} a
 * @param {number} b
 * @param {{ l11: number, l21: number, l22: number }} half
 * @param {number} sigmas
 * @param {(point: number[]) => string} place
 */
function outline(a, b, { l11, l21, l22 }, sigmas, place) {
  /**
   * @param {unknown} _
   * @param {number} i
   */
  const corner = (_, i) => {
    const [x, y] = [sigmas * Math.cos((2 * Math.PI * i) / CORNERS), sigmas * Math.sin((2 * Math.PI * i) / CORNERS)];
    return place([a + l11 * x, b + l21 * x + l22 * y]);
  };
  return `M${Array.from({ length: CORNERS }, corner).join("L")}Z`;
}
