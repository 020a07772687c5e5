import { keepingFocus } from "../base/focus.js";
import { Legend } from "../base/legend.js";
import { markerPath, svgPath } from "../base/markers.js";
import { formatNumber } from "../base/numbers.js";
import { Panes } from "../base/panes.js";
import { Probes, ownNames } from "../base/probes.js";
import { layerSwitches } from "../base/switch.js";
import { readTheme } from "../base/theme.js";
import { Frames } from "./frames.js";
import { IMAGES, Model, imagesOf } from "./model.js";
import { Axes } from "./view/axes.js";
import { Bank } from "./view/bank.js";
import { Choices } from "./view/choices.js";
import { Directions } from "./view/directions.js";
import { Heat } from "./view/heat.js";
import { Jumps } from "./view/jumps.js";
import { Look } from "./view/look.js";
import { Nearest } from "./view/nearest.js";
import { Paths } from "./view/paths.js";
import { Points } from "./view/points.js";
import { Posterior } from "./view/posterior.js";
import { Readout } from "./view/readout.js";
import { Tiles } from "./view/tiles.js";

// Codes beyond these are looked up, not drawn: more dots would hide the images behind them.
const DRAWN = 2000;

// Between two readings of the code in figures and on sliders, while images follow each other.
const CODE_MS = 50;

// Everything that one set of data puts on screen. The pad moves its point; new data makes a new scene in the same elements.
export class Scene {
  // pad: what the person does with it (see pad.js)
  constructor(root, data, pad) {
    const { about, tensor } = data;
    Object.assign(this, { root, about, pad, marked: null, codeShownAt: -Infinity, codeTimer: 0 });
    this.models = about.models.map((_, i) => new Model(data, i, (sentence) => pad.trouble(sentence)));
    const decoders = this.models.map(({ decoder }) => decoder);
    this.frames = new Frames(decoders, (codes, values, gesture) => this.drawImages(codes, values, gesture));
    this.surface = root.querySelector(".plane");
    this.handle = root.querySelector(".handle");
    this.canvases = { points: root.querySelector(".points"), tiles: root.querySelector(".tiles") };
    const labels = tensor("labels");
    this.labels = labels.length ? labels : null;
    this.attributes = tensor("attributes");
    this.panes = new Panes(root.querySelector(".panes"), this.models, about.image, (index) => pad.follow(index));
    const nameOf = (image) => (this.labels ? ` (${about.classes[this.labels[image]]})` : "");
    this.nearest = new Nearest(root.querySelector(".nearest"), about.image, tensor("originals"), nameOf, (image) => pad.visit({ image }));
    this.probes = new Probes(root.querySelector(".own"), ownNames(about.probes), (probe) => pad.visit({ probe }));
    this.posterior = new Posterior(root.querySelector(".posterior"));
    this.look = new Look(root.querySelector(".look"), about.image.reduce((a, b) => a * b), () => pad.rest());
    const heat = { canvas: root.querySelector(".heat"), choice: root.querySelector(".overlay"), key: root.querySelector(".key") };
    this.heat = new Heat(heat, () => pad.restSoon());
    this.nameOf = nameOf;
    this.legend = new Legend(root.querySelector(".legend"), about.classes, () => this.drawPoints());
    const layers = [["Decoded grid", this.canvases.tiles]];
    if (this.models[0].codes.length) layers.push(["Encoded images", this.canvases.points]);
    layers.push(["Posterior", root.querySelector(".posterior")]);
    layerSwitches(root.querySelector(".layers"), layers);
    root.style.setProperty("--image-aspect", about.image[2] / about.image[1]);
    root.toggleAttribute("data-smooth", about.smooth);
  }

  // What a person has done stays, as far as it is of the same models and images.
  takeOver(before) {
    for (const model of this.models) {
      const same = before.models.find(({ identity, latent }) => identity === model.identity && latent === model.latent);
      if (same) model.trail = same.trail;
    }
    const count = ({ models: [{ codes, latent }] }) => codes.length / latent;
    if (before.marked?.image !== undefined && count(before) === count(this)) this.marked = before.marked;
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
    this.tiles = new Tiles(this.canvases.tiles, this.plane, about.image, about.smooth, this.model.decoder, () => this.pad.busy());
    this.putMarks();
    if (this.equipped === this.model) this.posterior.draw(this.plane);
    else this.equip();
    this.paths.draw(this.plane);
    this.heat.lay(this.model, this.plane);
    this.axes = new Axes(root, this.plane, this.plane.labels);
    this.readout = new Readout(root, this.plane);
    this.panes.lead(lead);
    this.nearest.shown = -1;
    this.dress();
    if (this.width) this.resize();
  }

  // A person's own images, and those that the plane goes through.
  putMarks() {
    const { root, kind, model, plane } = this;
    const put = (marks, i, z) => {
      const [a, b] = plane.point(z);
      marks.place(i, plane.across(a), plane.down(b));
    };
    this.about.probes.forEach((_, probe) => put(this.probes, probe, model.posterior({ probe }).mean));
    const images = kind.startsWith(IMAGES) ? imagesOf(kind) : [];
    const names = images.map((image) => `Image ${image + 1}${this.nameOf(image)}`);
    const corners = new Probes(root.querySelector(".corners"), names, (i) => this.pad.visit({ image: images[i] }));
    // Where the plane has been moved off them, they are no longer its corners.
    images.forEach((image, i) => {
      const z = model.codeOf(image);
      if (plane.holds(z)) put(corners, i, z);
      else corners.marks[i].hidden = true;
    });
  }

  // What goes with the model that leads.
  equip() {
    this.equipped = this.model;
    this.bank?.stop();
    this.bank = new Bank(this.root.querySelector(".bank"), this.model, this.about.image, this.about.smooth, this.pad);
    this.jumps = new Jumps(this.root.querySelector(".jumps"), this.model, this.model.codes.length / this.model.latent, this.pad);
    this.paths?.stop();
    this.paths = new Paths(this.root.querySelector(".paths"), this.root.querySelector(".trail"), this.model, this.pad);
    this.directions = new Directions(this.root.querySelector(".directions"), this.model, this.groups(), this.pad);
    this.mark(this.marked);
  }

  // Held-out images by class, and by each attribute where these are known.
  groups() {
    const { about, labels, attributes } = this;
    const groups = new Map();
    const classes = about.classes.map(() => []);
    labels?.forEach((label, i) => classes[label].push(i));
    about.classes.forEach((name, label) => groups.set(name, classes[label]));
    const width = about.attributes.length;
    about.attributes.forEach((name, k) => {
      const count = attributes.length / width;
      groups.set(`not ${name}`, indices(count, (i) => !attributes[i * width + k]));
      groups.set(name, indices(count, (i) => attributes[i * width + k]));
    });
    return groups;
  }

  // Marks an image: its posterior is shown from now on. marked: { image } or { probe }, or null.
  mark(marked) {
    this.marked = marked;
    this.posterior.mark(marked && this.model.posterior(marked));
    this.posterior.draw(this.plane);
    const what = this.root.querySelector(".marked");
    what.hidden = !marked;
    if (!marked) return;
    const name = marked.probe === undefined ? `image ${marked.image + 1}${this.nameOf(marked.image)}` : this.about.probes[marked.probe];
    const ellipse = "the posterior as ellipses of one and two standard deviations, with draws from it";
    what.textContent = `Marked: ${name}, ${this.posterior.draws.length ? ellipse : "where the encoder, which gives no spread, puts it"}.`;
  }

  // Whether the other models are given the same numbers.
  share(same) {
    this.same = same && this.models.every(({ latent }) => latent === this.model.latent);
    const now = JSON.stringify([this.lead, this.kind, this.same]);
    if (now === this.offered) return;
    this.offered = now;
    keepingFocus(this.root.querySelector(".choices"), (root) => new Choices(root, this, this.pad));
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
    this.surface.setAttribute("aria-label", `Point on the latent ${this.plane.flat ? "line" : "plane"} of ${model.title}`);
    this.surface.setAttribute("aria-valuemin", this.plane.a0);
    this.surface.setAttribute("aria-valuemax", this.plane.a1);
  }

  // Moves all models to the point (a, b), and asks for their images there. gesture: what `drawn` of the pad is told with them.
  show(a, b, gesture = {}) {
    const { model, models } = this;
    this.look.stop();
    this.plane.code(a, b, model.z);
    const nearest = models.length > 1 ? model.neighbours.find(model.z) : -1;
    for (const other of models) {
      if (other === model) continue;
      if (this.same && other.latent === model.latent) other.z.set(model.z);
      else if (nearest >= 0) model.neighbours.blend(other.codes, other.latent, other.z);
    }
    gesture.asked = performance.now();
    this.frames.ask(models.map(({ z }) => z), gesture);
    this.putHandle(a, b);
  }

  // The images of one gesture: what is awaited has come, and the page decodes the rest.
  drawImages(codes, values, gesture) {
    this.models.forEach((model, i) => {
      const put = (image) => this.panes.draw(i, this.look.of(image, model));
      model.shown.set(codes[i]);
      if (values[i]) put(values[i]);
      else model.decoder.decode(codes[i], put);
    });
    this.showCodeSoon();
    this.pad.drawn(gesture);
  }

  // Not with every frame: nobody reads figures that change so fast, and to lay them out takes longer than to draw the image.
  showCodeSoon() {
    clearTimeout(this.codeTimer);
    this.codeTimer = 0;
    const wait = this.codeShownAt + CODE_MS - performance.now();
    if (wait <= 0) this.showCode(this.model.shown);
    else {
      this.codeTimer = setTimeout(() => {
        this.codeTimer = 0;
        this.showCode(this.model.shown);
      }, wait);
    }
  }

  // Whether images, or the figures that belong to the last of them, are still to come.
  get pending() {
    return this.codeTimer !== 0 || this.frames.pending;
  }

  // What the code of the lead's image is, in figures and on sliders, and which held-out image is nearest.
  showCode(z) {
    const { model } = this;
    this.codeShownAt = performance.now();
    this.readout.code(z);
    this.bank.show(z);
    const nearest = model.neighbours.find(z);
    const distance = Math.sqrt(model.neighbours.square[0]);
    // Elsewhere than in the page it would be decoded in the hand's way.
    const decode = (then) => model.decoder.decodeAtRest(model.codeOf(nearest), then);
    this.nearest.show(nearest, distance, model.decoder.where === "page" || !this.pad.busy() ? decode : null);
  }

  putHandle(a, b) {
    // A code beyond the edge has its handle at the edge.
    const [nearA, nearB] = this.plane.clamp([a, b]);
    const x = this.plane.across(nearA);
    this.handle.style.transform = `translate(${x * this.width}px, ${this.plane.down(nearB) * this.height}px)`;
    this.handle.toggleAttribute("data-beyond", nearA !== a || nearB !== b);
    this.handle.toggleAttribute("data-left", x > 0.75);
  }

  // What takes longer than a frame, once the hand rests.
  rest() {
    this.tiles.resume();
    this.bank.renew();
    this.directions.rest();
    this.sayDistances();
    if (this.look.kind === "spread") this.showSpread();
  }

  sayDistances() {
    this.models.forEach((model, i) => this.panes.say(i, this.farOff(model)));
  }

  farOff(model) {
    if (model.neighbours.find(model.z) < 0) return "";
    const distance = formatNumber(Math.sqrt(model.neighbours.square[0]), 2);
    return `${distance} from the data (usual gap ${formatNumber(model.usualGap, 2)})`;
  }

  showSpread() {
    const marked = this.marked ?? (this.nearest.shown >= 0 ? { image: this.nearest.shown } : null);
    this.models.forEach((model, i) => {
      const posterior = marked && model.posterior(marked);
      if (!posterior?.scale) return this.panes.say(i, "no posterior to draw from");
      this.look.spread(model, posterior, ({ values, most }) => {
        this.panes.draw(i, values);
        this.panes.say(i, `0 to ${formatNumber(most, 2)} (white), standard deviation of a pixel`);
      });
    });
  }

  // What a screen reader says; only at rest, since it would speak without end during a drag.
  announce(a, b) {
    const { labels } = this.plane;
    const text = labels.map((label, i) => `${label} ${formatNumber([a, b][i], 2)}`).join(", ");
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
    clearTimeout(this.codeTimer);
    this.tiles?.stop();
    this.bank?.stop();
    this.paths?.stop();
    this.heat.stop();
    this.look.stop();
    for (const { decoder } of this.models) decoder.stop();
  }
}

function indices(count, keep) {
  return Array.from({ length: count }, (_, i) => i).filter(keep);
}
