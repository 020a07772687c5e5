import { gaussian, quantile } from "../base/numbers.js";
import { Neighbours } from "../base/neighbours.js";
import { openDecoder } from "./decoders/open_decoder.js";
import { Plane } from "./plane.js";
import { spaceOf } from "./space.js";

export const PRINCIPAL = "pc";
export const IMAGES = "im";

/**
 * @param {string} kind
 * @returns {number[]}
 */
export const imagesOf = (kind) => kind.slice(IMAGES.length).split("-").map(Number);

const DEFAULT_REACH = 3;

// Number of codes from which the typical distance between neighbours is estimated.
const GAP_SAMPLES = 64;

// One decoder with its codes of the held-out images, and the planes through its latent space.
export class Model {
  // data: the result of `readMessage`; index: which of its models; onProblem: as in `openDecoder`
  /**
   * @param {Message} data
   * @param {number} index
   * @param {OnProblem} onProblem
   */
  constructor({ about, tensor }, index, onProblem) {
    const header = about.models[index];
    this.name = header.name;
    this.title = header.title;
    this.identity = header.identity;
    this.where = header.where;
    this.sampling = header.sampling;
    this.macs = header.macs;
    /** @type {number} */
    this.latent = header.latent;
    /** @type {number} */
    this.details = header.details;
    /** @type {number[]} */
    this.order = header.order;
    /** @type {string[]} */
    this.dimensions = header.dimensions;
    this.space = spaceOf(header.space);
    this.noSpread = header.noSpread;
    this.prior = header.prior;
    this.priorTitle = header.priorTitle;
    /** @type {string[]} */
    this.conditions = header.conditions;
    this.unused = header.unused;
    this.independent = header.independent;
    this.explained = header.explained;
    this.colour = header.colour;
    this.marker = header.marker;
    this.program = tensor(`program${index}`);
    this.server = about.server && { address: socketAddress(about.server.path), token: about.server.token };
    this.decoder = openDecoder(this, this.program, this.server, onProblem);
    this.codes = tensor(`codes${index}`);
    this.scales = tensor(`scales${index}`);
    this.errors = tensor(`errors${index}`);
    this.uploads = tensor(`uploads${index}`);
    this.uploadScales = tensor(`uploadScales${index}`);
    this.principal = tensor(`principal${index}`);
    this.fitted = tensor(`fitted${index}`);
    this.priorDraws = tensor(`priorDraws${index}`);
    this.neighbours = new Neighbours(this.codes, this.latent);
    // `z` is the code at the handle; `shown` is the code of the image on screen, which may be older while a reply is pending.
    this.z = new Float32Array(this.latent);
    this.shown = new Float32Array(this.latent);
    // What the user has made for this model: pins with the kind of path between them, and directions once they are loaded.
    /** @type {{ pins: Float32Array[], kind: string }} */
    this.pinnedPath = { pins: [], kind: this.space.straight };
    /** @type {Direction[] | null} */
    this.directions = null;
    /** @type {number | undefined} */
    this.gap = undefined;
  }

  // Sets the class that the model is given; a model that is given none is left as it is.
  /** @param {number} condition */
  setCondition(condition) {
    if (this.conditions.length) this.decoder.further = { ...this.decoder.further, condition };
  }

  // Sets the details below the top code; a model without any is left as it is.
  /** @param {Float32Array | null} details */
  setDetails(details) {
    if (this.details) this.decoder.further = { ...this.decoder.further, details: details && details.subarray(0, this.details) };
  }

  // The posterior of an image: its mean, and its standard deviations, which are null for a posterior that has none.
  //
  // chosen: { image } for a held-out image, or { upload } for one of the user's own
  /** @param {{ image?: number, upload?: number }} chosen */
  posterior({ image = 0, upload }) {
    const own = upload !== undefined;
    const [means, scales, i] = own ? [this.uploads, this.uploadScales, upload] : [this.codes, this.scales, image];
    /** @param {Float32Array} values */
    const row = (values) => values.slice(i * this.latent, (i + 1) * this.latent);
    return { mean: row(means), scale: scales.length ? row(scales) : null };
  }

  // The range of values in which dimension i is useful.
  /**
   * @param {number} i
   * @returns {number[]}
   */
  range(i) {
    const { reach } = this.space;
    if (reach < Infinity) return [-reach, reach];
    if (this.unused.includes(i) || this.codes.length < 2 * this.latent) return [-DEFAULT_REACH, DEFAULT_REACH];
    return this.plane(`${i}-${i}`, this.z).span;
  }

  // The typical distance from a held-out code to the nearest other one: the median over some codes.
  get typicalGap() {
    this.gap ??= this.measureGap();
    return this.gap;
  }

  measureGap() {
    const count = this.codes.length / this.latent;
    if (count < 2) return 0;
    const gaps = Float64Array.from({ length: Math.min(GAP_SAMPLES, count) }, (_, i) => {
      this.neighbours.find(this.codeOf(Math.floor((i * count) / Math.min(GAP_SAMPLES, count))));
      return this.space.distance(Math.sqrt(this.neighbours.square[1]));
    });
    return quantile(gaps, 0.5);
  }

  // A draw from the prior: N(0, I) in R^d, the uniform distribution on a sphere, or one of the given draws of another prior. For a
  // model that was trained without a prior, a draw from a Gaussian fitted to its codes.
  sample() {
    const d = this.latent;
    if (this.priorDraws.length) {
      const row = Math.floor((Math.random() * this.priorDraws.length) / d);
      return this.priorDraws.slice(row * d, (row + 1) * d);
    }
    const noise = Float32Array.from({ length: d }, gaussian);
    if (!this.fitted.length) return this.space.project(noise);
    const drawn = noise.map((_, i) => {
      let sum = this.fitted[i];
      for (let j = 0; j < d; j++) sum += this.fitted[d + i * d + j] * noise[j];
      return sum;
    });
    return this.space.project(drawn);
  }

  // The code of a held-out image; the origin where there are no codes.
  /**
   * @param {number} image
   * @returns {Float32Array}
   */
  codeOf(image) {
    const at = image * this.latent;
    return at < this.codes.length ? this.codes.slice(at, at + this.latent) : new Float32Array(this.latent);
  }

  // kind: two dimensions "i-j"; PRINCIPAL; or IMAGES followed by three held-out images "i-j-k".
  /**
   * @param {string} kind
   * @param {Float32Array} through
   */
  plane(kind, through) {
    return new Plane(this.axes(kind), through, this.codes, this.space);
  }

  /**
   * @param {string} kind
   * @returns {PlaneAxes}
   */
  axes(kind) {
    if (kind === PRINCIPAL) return this.principalAxes();
    if (!kind.startsWith(IMAGES)) return this.dimensionAxes(kind);
    const axes = this.imageAxes(imagesOf(kind));
    if (!axes) throw new Error(`There is no plane through the images ${imagesOf(kind).join(", ")}: their codes lie on a line.`);
    return axes;
  }

  get defaultPlane() {
    const [first, second = first] = this.order;
    return this.latent === 2 ? "0-1" : `${first}-${second}`;
  }

  // Whether this model has a plane of this kind.
  /** @param {any} kind */
  has(kind) {
    if (kind === PRINCIPAL) return this.latent > 2;
    if (String(kind).startsWith(IMAGES)) return this.latent > 2 && this.imageAxes(imagesOf(kind)) !== null;
    const parts = String(kind).split("-").map(Number);
    return parts.length === 2 && parts.every((i) => Number.isInteger(i) && i >= 0 && i < this.latent) && (parts[0] !== parts[1] || this.latent === 1);
  }

  // Axes from the first image towards the second, and orthogonally towards the third; null where the three codes lie on a line.
  /**
   * @param {number[]} images
   * @returns {PlaneAxes | null}
   */
  imageAxes(images) {
    if (images.length !== 3 || !images.every((i) => Number.isInteger(i) && i >= 0 && (i + 1) * this.latent <= this.codes.length)) return null;
    const [first, second, third] = images.map((i) => this.codeOf(i));
    const u = unit(second.map((value, i) => value - first[i]));
    if (!u) return null;
    const towards = third.map((value, i) => value - first[i]);
    const along = towards.reduce((sum, value, i) => sum + value * u[i], 0);
    const v = unit(towards.map((value, i) => value - along * u[i]));
    const [a, b, c] = images.map((i) => i + 1);
    return v && { u, v, centre: first, include: [first, second, third], labels: [`from image ${a} towards image ${b}`, `towards image ${c}`] };
  }

  /**
   * @param {string} kind
   * @returns {PlaneAxes}
   */
  dimensionAxes(kind) {
    const [first, second] = kind.split("-").map(Number);
    /** @param {number} on */
    const only = (on) => Float32Array.from({ length: this.latent }, (_, i) => Number(i === on));
    const centre = new Float32Array(this.latent);
    // A one-dimensional space has no second axis, so moving up and down changes nothing.
    if (first === second) return { u: only(first), v: new Float32Array(this.latent), centre, labels: [this.dimensions[first]] };
    return { u: only(first), v: only(second), centre, labels: [this.dimensions[first], this.dimensions[second]] };
  }

  /** @returns {PlaneAxes} */
  principalAxes() {
    /**
     * @param {number} i
     * @returns {Float32Array}
     */
    const row = (i) => this.principal.subarray(i * this.latent, (i + 1) * this.latent);
    /** @param {number} i */
    const share = (i) => ` (${Math.round(100 * this.explained[i])}% of the variance)`;
    const labels = [`component 1${share(0)}`, `component 2${share(1)}`];
    return { u: row(1), v: row(2), centre: row(0), labels };
  }
}

// The WebSocket address of one of the app's routes. It is absolute because a worker that was started from a blob cannot resolve
// a relative one.
/** @param {string} path */
function socketAddress(path) {
  return `${location.protocol.endsWith("s:") ? "wss" : "ws"}://${location.host}${path}`;
}

/** @param {Float32Array} direction */
function unit(direction) {
  const length = Math.hypot(...direction);
  return length > 1e-6 ? direction.map((value) => value / length) : null;
}
