import { Legend } from "../base/legend.js";
import { markerPath, svgPath } from "../base/markers.js";
import { formatNumber } from "../base/numbers.js";
import { Panes } from "../base/panes.js";
import { Probes } from "../base/probes.js";
import { layerSwitches } from "../base/switch.js";
import { readTheme } from "../base/theme.js";
import { Model } from "./model.js";
import { Axes } from "./view/axes.js";
import { Choices } from "./view/choices.js";
import { Nearest } from "./view/nearest.js";
import { Points } from "./view/points.js";
import { Readout } from "./view/readout.js";
import { Tiles } from "./view/tiles.js";

// Codes beyond these are looked up, not drawn: more dots would hide the images behind them.
const DRAWN = 2000;

// Everything that one set of data puts on screen. The pad moves its point; new data makes a new scene in the same elements.
export class Scene {
  // pad: what the person does with it (see pad.js)
  constructor(root, { about, section, floats }, pad) {
    Object.assign(this, { root, about, pad });
    this.models = about.models.map((model, i) => new Model(model, section(`program${i}`), floats(`codes${i}`), floats(`principal${i}`), floats(`probes${i}`)));
    this.surface = root.querySelector(".plane");
    this.handle = root.querySelector(".handle");
    this.canvases = { points: root.querySelector(".points"), tiles: root.querySelector(".tiles") };
    const labels = section("labels");
    this.labels = labels.length ? labels : null;
    this.panes = new Panes(root.querySelector(".panes"), this.models, about.image, (index) => pad.follow(index));
    const nameOf = (image) => (this.labels ? ` (${about.classes[this.labels[image]]})` : "");
    this.nearest = new Nearest(root.querySelector(".nearest"), about.image, section("originals"), nameOf, (image) => pad.goTo(image));
    this.probes = new Probes(root.querySelector(".probes"), about.probes, (i) => pad.goToCode(this.model.probe(i)));
    this.legend = new Legend(root.querySelector(".legend"), about.classes, () => this.drawPoints());
    const layers = [["Decoded grid", this.canvases.tiles]];
    if (this.models[0].codes.length) layers.push(["Encoded images", this.canvases.points]);
    layerSwitches(root.querySelector(".layers"), layers);
    root.style.setProperty("--image-aspect", about.image[2] / about.image[1]);
    root.toggleAttribute("data-smooth", about.smooth);
  }

  // Lays a plane of a model through a code of it.
  lay(lead, kind, z) {
    const { root, about, models } = this;
    this.lead = lead;
    this.model = models[lead];
    this.kind = kind;
    this.tiles?.stop();
    this.plane = this.model.plane(kind, z);
    const placed = this.plane.place(this.model.codes.subarray(0, DRAWN * this.model.latent));
    this.points = new Points(this.canvases.points, this.plane, placed, this.labels);
    this.points.shown = (label) => this.legend.shows(label);
    const decode = (a, b) => this.decode(a, b);
    this.tiles = new Tiles(this.canvases.tiles, this.plane, about.image, about.smooth, decode, () => this.pad.busy());
    about.probes.forEach((_, i) => {
      const [a, b] = this.plane.point(this.model.probe(i));
      this.probes.place(i, this.plane.across(a), this.plane.down(b));
    });
    this.axes = new Axes(root, this.plane, this.plane.labels);
    this.readout = new Readout(root, this.plane);
    this.panes.lead(lead);
    this.nearest.shown = -1;
    this.dress();
    if (this.width) this.resize();
  }

  // Whether the other models are given the same numbers.
  share(same) {
    this.same = same;
    this.choices = new Choices(this.root.querySelector(".choices"), this, this.pad);
  }

  // What a model's identity sets in CSS and SVG.
  dress() {
    const { root, model } = this;
    root.style.setProperty("--model", model.colour);
    root.style.setProperty("--aspect", this.plane.aspect);
    this.handle
      .querySelector("svg")
      .replaceChildren(
        svgPath(markerPath("circle", 11), "ring"),
        svgPath(markerPath("circle", 11), "ring-colour"),
        svgPath(markerPath(model.marker, 4), "mark"),
      );
    this.surface.setAttribute("aria-label", `Point on the latent plane of ${model.title}`);
    this.surface.setAttribute("aria-valuemin", this.plane.a0);
    this.surface.setAttribute("aria-valuemax", this.plane.a1);
  }

  // The lead's decoded values at (a, b), on the network's own memory: good until the next call.
  decode(a, b) {
    this.plane.code(a, b, this.model.network.inputs.z);
    this.model.network.run();
    return this.model.network.outputs.mean;
  }

  // Shows the point (a, b) in all models; returns the milliseconds that decoding took.
  show(a, b) {
    const { model, models } = this;
    this.plane.code(a, b, model.z);
    const started = performance.now();
    const nearest = model.neighbours.find(model.z);
    for (let i = 0; i < models.length; i++) {
      const other = models[i];
      if (other !== model) {
        if (this.same && other.latent === model.latent) other.z.set(model.z);
        else if (nearest >= 0) model.neighbours.blend(other.codes, other.latent, other.z);
      }
      this.panes.draw(i, other.decode(other.z));
    }
    const decodeMs = performance.now() - started;
    this.nearest.show(nearest, Math.sqrt(model.neighbours.square[0]), () => model.decode(model.codeOf(nearest)));
    const x = this.plane.across(a);
    this.handle.style.transform = `translate(${x * this.width}px, ${this.plane.down(b) * this.height}px)`;
    this.handle.toggleAttribute("data-left", x > 0.75);
    this.readout.code(model.z);
    return decodeMs;
  }

  // What a screen reader says; only at rest, since it would speak without end during a drag.
  announce(a, b) {
    const [labelA, labelB] = this.plane.labels;
    const text = `${labelA} ${formatNumber(a, 2)}, ${labelB} ${formatNumber(b, 2)}`;
    this.surface.setAttribute("aria-valuenow", a);
    this.surface.setAttribute("aria-valuetext", text);
    this.panes.announce(`decoded image at ${text}`);
  }

  resize() {
    this.width = this.surface.clientWidth;
    this.height = this.surface.clientHeight;
    if (!this.width || !this.height) return;
    this.axes.resize(this.width, this.height);
    this.points.resize(this.width, this.height, globalThis.devicePixelRatio || 1);
    this.drawPoints();
    this.tiles.resize(this.width, this.height);
  }

  // Colours as the theme now has them.
  paint() {
    this.theme = readTheme(this.root);
    this.root.dataset.scheme = this.theme.scheme;
    this.legend.paint(this.theme.classes);
    this.drawPoints();
  }

  drawPoints() {
    if (this.theme && this.width) this.points.draw(this.theme.classes, this.theme.plain);
  }

  stop() {
    this.tiles?.stop();
  }
}
