import { gaussian, quantile } from "../base/numbers.js";
import { Neighbours } from "../base/neighbours.js";
import { openDecoder } from "./decoders/open_decoder.js";
import { Plane } from "./plane.js";

export const PRINCIPAL = "pc";
export const IMAGES = "im";

export const imagesOf = (kind) => kind.slice(IMAGES.length).split("-").map(Number);

const USUAL_REACH = 3;

// Beyond this many images the usual gap between two is known well enough.
const GAPS = 64;

// One decoder with the codes of the held-out images, and the planes that can be laid through its latent space.
export class Model {
  // data: what readMessage gives; index: which of its models; onTrouble: as of `openDecoder`
  constructor({ about, tensor }, index, onTrouble) {
    Object.assign(this, about.models[index]);
    this.program = tensor(`program${index}`);
    this.server = about.server && { address: addressOf(about.server.path), token: about.server.token };
    this.decoder = openDecoder(this, this.program, this.server, onTrouble);
    this.codes = tensor(`codes${index}`);
    this.scales = tensor(`scales${index}`);
    this.errors = tensor(`errors${index}`);
    this.probes = tensor(`probes${index}`);
    this.probeScales = tensor(`probeScales${index}`);
    this.principal = tensor(`principal${index}`);
    this.fitted = tensor(`fitted${index}`);
    this.neighbours = new Neighbours(this.codes, this.latent);
    // Where the hand has it, and what its picture is of: an image that is awaited comes later.
    this.z = new Float32Array(this.latent);
    this.shown = new Float32Array(this.latent);
  }

  // What the encoder believes of an image: mean and standard deviations, the latter null where it gives a point.
  // chosen: { image } of the held-out ones, or { probe } of a person's own
  posterior({ image, probe }) {
    const own = probe !== undefined;
    const [means, scales, i] = own ? [this.probes, this.probeScales, probe] : [this.codes, this.scales, image];
    const row = (values) => values.slice(i * this.latent, (i + 1) * this.latent);
    return { mean: row(means), scale: scales.length ? row(scales) : null };
  }

  // Where dimension i is worth moving in.
  range(i) {
    if (this.unused.includes(i) || this.codes.length < 2 * this.latent) return [-USUAL_REACH, USUAL_REACH];
    return this.plane(`${i}-${i}`, this.z).span;
  }

  // How far a held-out code usually is from the next: the median over some of them.
  get usualGap() {
    this.gap ??= this.measureGap();
    return this.gap;
  }

  measureGap() {
    const count = this.codes.length / this.latent;
    if (count < 2) return 0;
    const gaps = Float64Array.from({ length: Math.min(GAPS, count) }, (_, i) => {
      this.neighbours.find(this.codeOf(Math.floor((i * count) / Math.min(GAPS, count))));
      return Math.sqrt(this.neighbours.square[1]);
    });
    return quantile(gaps, 0.5);
  }

  // A draw from N(0, I), or where the model was never asked to keep to it from a Gaussian fitted to its codes.
  draw() {
    const d = this.latent;
    const noise = Float32Array.from({ length: d }, gaussian);
    if (!this.fitted.length) return noise;
    return noise.map((_, i) => {
      let sum = this.fitted[i];
      for (let j = 0; j < d; j++) sum += this.fitted[d + i * d + j] * noise[j];
      return sum;
    });
  }

  // The code of a held-out image; the origin where none is known.
  codeOf(image) {
    const at = image * this.latent;
    return at < this.codes.length ? this.codes.slice(at, at + this.latent) : new Float32Array(this.latent);
  }

  // kind: two dimensions "i-j", PRINCIPAL, or IMAGES and three held-out images "i-j-k".
  plane(kind, through) {
    return new Plane(this.axes(kind), through, this.codes);
  }

  axes(kind) {
    if (kind === PRINCIPAL) return this.principalAxes();
    return kind.startsWith(IMAGES) ? this.imageAxes(imagesOf(kind)) : this.dimensionAxes(kind);
  }

  get usualPlane() {
    const [first, second = first] = this.order;
    return this.latent === 2 ? "0-1" : `${first}-${second}`;
  }

  // Whether this model has such a plane.
  has(kind) {
    if (kind === PRINCIPAL) return this.latent > 2;
    if (String(kind).startsWith(IMAGES)) return this.latent > 2 && this.imageAxes(imagesOf(kind)) !== null;
    const parts = String(kind).split("-").map(Number);
    return parts.length === 2 && parts.every((i) => Number.isInteger(i) && i >= 0 && i < this.latent) && (parts[0] !== parts[1] || this.latent === 1);
  }

  // From the first image towards the second, and at right angles to that towards the third; null where they lie on a line.
  imageAxes(images) {
    if (images.length !== 3 || !images.every((i) => Number.isInteger(i) && i >= 0 && (i + 1) * this.latent <= this.codes.length)) return null;
    const [first, second, third] = images.map((i) => this.codeOf(i));
    const u = unit(second.map((value, i) => value - first[i]));
    if (!u) return null;
    const towards = third.map((value, i) => value - first[i]);
    const along = towards.reduce((sum, value, i) => sum + value * u[i], 0);
    const v = unit(towards.map((value, i) => value - along * u[i]));
    const [a, b, c] = images.map((i) => i + 1);
    return v && { u, v, centre: first, within: [first, second, third], labels: [`from image ${a} towards image ${b}`, `towards image ${c}`] };
  }

  dimensionAxes(kind) {
    const [first, second] = kind.split("-").map(Number);
    const only = (on) => Float32Array.from({ length: this.latent }, (_, i) => Number(i === on));
    const centre = new Float32Array(this.latent);
    // A single dimension has no second axis: going up and down changes nothing.
    if (first === second) return { u: only(first), v: new Float32Array(this.latent), centre, labels: [this.dimensions[first]] };
    return { u: only(first), v: only(second), centre, labels: [this.dimensions[first], this.dimensions[second]] };
  }

  principalAxes() {
    const row = (i) => this.principal.subarray(i * this.latent, (i + 1) * this.latent);
    const share = (i) => ` (${Math.round(100 * this.explained[i])}% of the variance)`;
    const labels = [`component 1${share(0)}`, `component 2${share(1)}`];
    return { u: row(1), v: row(2), centre: row(0), labels };
  }
}

// Of a route of the app, which a worker could not tell from its own address.
function addressOf(path) {
  return `${location.protocol.endsWith("s:") ? "wss" : "ws"}://${location.host}${path}`;
}

function unit(direction) {
  const length = Math.hypot(...direction);
  return length > 1e-6 ? direction.map((value) => value / length) : null;
}
