import { Neighbours } from "../base/neighbours.js";
import { buildNetwork } from "../base/runtime/network.js";
import { Plane } from "./plane.js";

export const PRINCIPAL = "pc";

// One decoder with the codes of the held-out images, and the planes that can be laid through its latent space.
export class Model {
  constructor(about, program, codes, principal, probes) {
    Object.assign(this, about);
    this.probes = probes;
    this.network = buildNetwork(program);
    this.codes = codes;
    this.principal = principal;
    this.neighbours = new Neighbours(codes, this.latent);
    this.z = new Float32Array(this.latent);
  }

  // The decoded values at z, on the network's own memory: good until the next call.
  decode(z) {
    this.network.inputs.z.set(z);
    this.network.run();
    return this.network.outputs.mean;
  }

  // The code of a held-out image; the origin where none is known.
  codeOf(image) {
    const at = image * this.latent;
    return at < this.codes.length ? this.codes.slice(at, at + this.latent) : new Float32Array(this.latent);
  }

  // The code of one of a person's own images.
  probe(i) {
    return this.probes.slice(i * this.latent, (i + 1) * this.latent);
  }

  // kind: two dimensions "i-j", or PRINCIPAL.
  plane(kind, through) {
    return new Plane(kind === PRINCIPAL ? this.principalAxes() : this.dimensionAxes(kind), through, this.codes);
  }

  get usualPlane() {
    const [first, second = first] = this.order;
    return this.latent === 2 ? "0-1" : `${first}-${second}`;
  }

  // Whether this model has such a plane.
  has(kind) {
    if (kind === PRINCIPAL) return this.latent > 2;
    const parts = String(kind).split("-").map(Number);
    return parts.length === 2 && parts.every((i) => Number.isInteger(i) && i >= 0 && i < this.latent) && (parts[0] !== parts[1] || this.latent === 1);
  }

  dimensionAxes(kind) {
    const [first, second] = kind.split("-").map(Number);
    const unit = (on) => Float32Array.from({ length: this.latent }, (_, i) => Number(i === on));
    // A single dimension has no second axis: going up and down changes nothing.
    const v = first === second ? new Float32Array(this.latent) : unit(second);
    return { u: unit(first), v, centre: new Float32Array(this.latent), labels: [this.dimensions[first], this.dimensions[second]] };
  }

  principalAxes() {
    const row = (i) => this.principal.subarray(i * this.latent, (i + 1) * this.latent);
    const share = (i) => ` (${Math.round(100 * this.explained[i])}% of the variance)`;
    const labels = [`component 1${share(0)}`, `component 2${share(1)}`];
    return { u: row(1), v: row(2), centre: row(0), labels };
  }
}
