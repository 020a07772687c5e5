import { Plane, formatNumber } from "./plane.js";
import { buildNetwork } from "../base/runtime/network.js";
import { Axes } from "./view/axes.js";
import { Legend, layerSwitches } from "../base/legend.js";
import { markerPath, svgPath } from "../base/markers.js";
import { Picture } from "./view/picture.js";
import { Points } from "./view/points.js";
import { Readout } from "./view/readout.js";
import { readTheme } from "../base/theme.js";
import { Tiles } from "./view/tiles.js";

// Everything that one set of data puts on screen. The pad moves its point; new data makes a new scene in the same elements.
export class Scene {
  constructor(root, { about, section, floats }, busy) {
    this.root = root;
    this.about = about;
    this.network = buildNetwork(section("program"));
    this.plane = new Plane(about.extent, floats("plane"));
    this.z = new Float32Array(about.latent);
    this.surface = root.querySelector(".plane");
    this.handle = root.querySelector(".handle");
    this.picture = new Picture(root.querySelector(".picture"), about.image);
    const points = root.querySelector(".points");
    const tiles = root.querySelector(".tiles");
    const labels = section("labels");
    this.points = new Points(points, this.plane, floats("points"), labels.length ? labels : null);
    this.tiles = new Tiles(tiles, this.plane, about.image, about.smooth, (a, b) => this.decode(a, b), busy);
    this.legend = new Legend(root.querySelector(".legend"), about.classes, () => this.drawPoints());
    this.points.shown = (label) => this.legend.shows(label);
    const layers = [["Decoded grid", tiles]];
    if (this.points.points.length) layers.push(["Encoded images", points]);
    layerSwitches(root.querySelector(".layers"), layers);
    this.axes = new Axes(root, this.plane, about.axes);
    this.readout = new Readout(root, this.plane);
    this.dress();
  }

  // What a model's identity and image shape set in CSS and SVG.
  dress() {
    const { root, about } = this;
    const [, height, width] = about.image;
    root.style.setProperty("--model", about.colour);
    root.style.setProperty("--aspect", this.plane.aspect);
    root.style.setProperty("--image-aspect", width / height);
    root.toggleAttribute("data-smooth", about.smooth);
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "-7 -7 14 14");
    icon.append(svgPath(markerPath(about.marker, 5.5), "icon"));
    icon.firstChild.setAttribute("fill", about.colour);
    root.querySelector(".title").replaceChildren(icon, about.title);
    this.handle
      .querySelector("svg")
      .replaceChildren(
        svgPath(markerPath("circle", 11), "ring"),
        svgPath(markerPath("circle", 11), "ring-colour"),
        svgPath(markerPath(about.marker, 4), "mark"),
      );
    this.surface.setAttribute("aria-label", `Point on the latent plane of ${about.title}`);
    this.surface.setAttribute("aria-valuemin", this.plane.a0);
    this.surface.setAttribute("aria-valuemax", this.plane.a1);
  }

  // The decoded values at (a, b), on the network's own memory: good until the next call.
  decode(a, b) {
    this.plane.code(a, b, this.network.inputs.z);
    this.network.run();
    return this.network.outputs.mean;
  }

  // Shows the point (a, b); returns the milliseconds that its decoding took.
  show(a, b) {
    this.plane.code(a, b, this.z);
    const started = performance.now();
    const values = this.decode(a, b);
    const decodeMs = performance.now() - started;
    this.picture.draw(values);
    const x = this.plane.across(a);
    this.handle.style.transform = `translate(${x * this.width}px, ${this.plane.down(b) * this.height}px)`;
    this.handle.toggleAttribute("data-left", x > 0.75);
    this.readout.code(this.z);
    return decodeMs;
  }

  // What a screen reader says; only at rest, since it would speak without end during a drag.
  announce(a, b) {
    const [labelA, labelB] = this.about.axes;
    const text = `${labelA} ${formatNumber(a, 2)}, ${labelB} ${formatNumber(b, 2)}`;
    this.surface.setAttribute("aria-valuenow", a);
    this.surface.setAttribute("aria-valuetext", text);
    this.root.querySelector(".picture").setAttribute("aria-label", `Decoded image at ${text}`);
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
    this.tiles.stop();
  }
}
