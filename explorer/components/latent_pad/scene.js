import { makeConditionSwitch } from "../base/condition_switch.js";
import { rebuildKeepingFocus } from "../base/focus.js";
import { Legend } from "../base/legend.js";
import { markerPath, svgPath } from "../base/markers.js";
import { formatNumber, gaussian } from "../base/numbers.js";
import { Panes } from "../base/panes.js";
import { NumberedMarks, uploadNames } from "../base/numbered_marks.js";
import { layerToggles } from "../base/toggle_button.js";
import { painterOf } from "../base/painters.js";
import { readTheme } from "../base/theme.js";
import { FrameScheduler } from "./frame_scheduler.js";
import { IMAGES, Model, imagesOf } from "./model.js";
import { Axes } from "./view/axes.js";
import { DimensionSliders } from "./view/dimension_sliders.js";
import { PlaneControls } from "./view/plane_controls.js";
import { Directions } from "./view/directions.js";
import { Overlay } from "./view/overlay.js";
import { Navigation } from "./view/navigation.js";
import { DisplayMode } from "./view/display_mode.js";
import { Nearest } from "./view/nearest.js";
import { Paths } from "./view/paths.js";
import { Points } from "./view/points.js";
import { Posterior } from "./view/posterior.js";
import { makeDetailsSwitch } from "./view/details_switch.js";
import { CodeReadout } from "./view/code_readout.js";
import { Tiles } from "./view/tiles.js";

// Largest number of codes that are drawn as dots. More dots would hide the images behind them; the other codes are still used
// for neighbours.
const MAX_DOTS = 2000;

// Shortest time between two updates of the code's numbers and sliders during a drag.
const CODE_INTERVAL_MS = 50;

// Everything that one payload puts on the screen. The pad moves its point; new data makes a new scene in the same elements.
export class Scene {
  // `setPlane` sets these; the pad calls it before anything is drawn.
  /** @type {Model} */
  model;
  /** @type {import("./plane.js").Plane} */
  plane;
  /** @type {string} */
  kind;
  /** @type {Points} */
  points;
  /** @type {Tiles} */
  tiles;
  /** @type {Axes} */
  axes;
  /** @type {CodeReadout} */
  readout;
  /** @type {DimensionSliders} */
  sliders;
  /** @type {Paths} */
  paths;
  /** @type {Directions} */
  directions;
  lead = 0;
  same = false;
  width = 0;
  height = 0;

  // pad: the pad's actions (see pad.js)
  /**
   * @param {Root} root
   * @param {Message} data
   * @param {any} pad
   */
  constructor(root, data, pad) {
    const { about, tensor } = data;
    this.root = root;
    this.about = about;
    this.pad = pad;
    /** @type {Marked | null} */
    this.marked = null;
    this.controlsState = "";
    this.codeShownAt = -Infinity;
    this.codeTimer = 0;
    /** @type {Model[]} */
    this.models = about.models.map((/** @type {unknown} */ _, /** @type {number} */ i) => new Model(data, i, (sentence) => pad.showProblem(sentence)));
    const decoders = this.models.map(({ decoder }) => decoder);
    this.frames = new FrameScheduler(decoders, (codes, values, frame) => this.drawImages(codes, values, frame));
    this.surface = root.querySelector(".plane");
    this.handle = root.querySelector(".handle");
    this.canvases = { points: root.querySelector(".points"), tiles: root.querySelector(".tiles") };
    const labels = tensor("labels");
    /** @type {Uint16Array | null} */
    this.labels = labels.length ? labels : null;
    this.attributes = tensor("attributes");
    this.painter = painterOf(about);
    this.panes = new Panes(root.querySelector(".panes"), this.models, this.painter, (index) => pad.setLead(index));
    /** @param {number} image */
    const nameOf = (image) => (this.labels ? ` (${about.classes[this.labels[image]]})` : "");
    this.nearest = new Nearest(root.querySelector(".nearest"), this.painter, tensor("originals"), nameOf, (image) => pad.goToImage({ image }));
    this.uploads = new NumberedMarks(root.querySelector(".uploads"), uploadNames(about.uploads), (upload) => pad.goToImage({ upload }));
    this.posterior = new Posterior(root.querySelector(".posterior"));
    this.displayMode = new DisplayMode(root.querySelector(".display-mode"), this.painter, () => pad.commit());
    const overlay = { canvas: root.querySelector(".overlay"), choice: root.querySelector(".overlay-choice"), scale: root.querySelector(".overlay-scale") };
    this.overlay = new Overlay(overlay, this.painter, () => pad.commitSoon());
    this.nameOf = nameOf;
    this.legend = new Legend(root.querySelector(".legend"), about.classes, () => this.drawPoints());
    /** @type {string[]} */
    this.conditions = this.models.find(({ conditions }) => conditions.length)?.conditions ?? [];
    // The class that conditional models are given; null where there are none.
    /** @type {number | null} */
    this.condition = null;
    this.conditionSwitch = this.buildConditionSwitch();
    this.useCondition(this.labels?.[0] ?? 0);
    this.buildDetailsSwitch();
    /** @type {[string, Element][]} */
    const layers = [["Decoded grid", this.canvases.tiles]];
    if (this.models[0].codes.length) layers.push([`Encoded ${this.painter.noun}s`, this.canvases.points]);
    layers.push(["Posterior", root.querySelector(".posterior")]);
    layerToggles(root.querySelector(".layers"), layers);
    root.style.setProperty("--image-aspect", String(this.painter.width / this.painter.height));
    root.toggleAttribute("data-smooth", about.smooth);
  }

  // Builds the switch of the class that conditional models are given; it is hidden, and null, where there are none.
  buildConditionSwitch() {
    const place = this.root.querySelector(".condition");
    place.replaceChildren();
    place.hidden = !this.conditions.length;
    if (place.hidden) return null;
    const titles = this.models.filter(({ conditions }) => conditions.length).map(({ title }) => title);
    const conditionSwitch = makeConditionSwitch(this.conditions, titles, 0, (k) => this.pad.setCondition(k));
    place.append(conditionSwitch.element);
    return conditionSwitch;
  }

  // Builds the switch of the details below the top code; it is hidden where no model has any.
  buildDetailsSwitch() {
    const place = this.root.querySelector(".details-switch");
    const models = this.models.filter(({ details }) => details);
    place.hidden = !models.length;
    place.replaceChildren();
    if (models.length) place.append(makeDetailsSwitch(models.map(({ title }) => title), (kind) => this.pad.setDetails(kind)));
  }

  // Puts the details of all models at their means, or at one new draw.
  /** @param {string} kind */
  useDetails(kind) {
    const size = Math.max(...this.models.map(({ details }) => details));
    const drawn = kind === "mean" ? null : Float32Array.from({ length: size }, gaussian);
    for (const model of this.models) model.setDetails(drawn);
    this.imagesChanged();
  }

  // Renews what is decoded besides the image at the handle.
  imagesChanged() {
    this.tiles?.redraw();
    this.overlay.imagesChanged();
  }

  // Gives conditional models a class; null, and what is no class of theirs, leave the present one.
  /** @param {any} condition */
  useCondition(condition) {
    if (!(condition in this.conditions) || condition === this.condition) return;
    this.condition = condition;
    this.conditionSwitch?.use(condition);
    for (const model of this.models) model.setCondition(condition);
    this.imagesChanged();
  }

  // Takes over the user's pins and mark from the previous scene, as far as models and images are the same.
  /** @param {Scene} before */
  inheritFrom(before) {
    for (const model of this.models) {
      const same = before.models.find(({ identity, latent }) => identity === model.identity && latent === model.latent);
      if (same) model.pinnedPath = same.pinnedPath;
    }
    /** @param {Scene} scene */
    const count = ({ models: [{ codes, latent }] }) => codes.length / latent;
    if (before.marked?.image !== undefined && count(before) === count(this)) this.marked = before.marked;
  }

  // Sets the lead model and its plane, through a code.
  /**
   * @param {number} lead
   * @param {string} kind
   * @param {Float32Array} z
   */
  setPlane(lead, kind, z) {
    const { root, models } = this;
    this.lead = lead;
    this.model = models[lead];
    this.kind = kind;
    this.tiles?.stop();
    this.plane = this.model.plane(kind, z);
    const placed = this.plane.place(this.model.codes.subarray(0, MAX_DOTS * this.model.latent));
    this.points = new Points(this.canvases.points, this.plane, placed, this.labels);
    this.points.shown = (label) => this.legend.shows(label);
    this.tiles = new Tiles(this.canvases.tiles, this.plane, this.painter.faint, this.model.decoder, () => this.pad.busy());
    this.placeMarks();
    if (this.toolsModel === this.model) this.posterior.draw(this.plane);
    else this.buildModelTools();
    this.paths.draw(this.plane);
    this.overlay.setPlane(this.model, this.plane);
    this.axes = new Axes(root, this.plane, this.plane.labels);
    this.readout = new CodeReadout(root, this.plane);
    this.panes.lead(lead);
    this.nearest.shown = -1;
    this.applyModelStyle();
    if (this.width) this.resize();
  }

  // Places the marks of the user's own images, and of the images that define the plane.
  placeMarks() {
    const { root, kind, model, plane } = this;
    /**
     * @param {NumberedMarks} marks
     * @param {number} i
     * @param {Float32Array} z
     */
    const put = (marks, i, z) => {
      const [a, b] = plane.point(z);
      marks.place(i, plane.across(a), plane.down(b));
    };
    this.about.uploads.forEach((/** @type {string} */ _, /** @type {number} */ upload) => put(this.uploads, upload, model.posterior({ upload }).mean));
    const images = kind.startsWith(IMAGES) ? imagesOf(kind) : [];
    const names = images.map((image) => `Image ${image + 1}${this.nameOf(image)}`);
    const planeImages = new NumberedMarks(root.querySelector(".plane-images"), names, (i) => this.pad.goToImage({ image: images[i] }));
    // Images that the plane has moved away from are hidden.
    images.forEach((image, i) => {
      const z = model.codeOf(image);
      if (plane.contains(z)) put(planeImages, i, z);
      else planeImages.marks[i].hidden = true;
    });
  }

  // Builds the tools that depend on the lead model.
  buildModelTools() {
    this.toolsModel = this.model;
    this.sliders?.stop();
    this.sliders = new DimensionSliders(this.root.querySelector(".sliders"), this.model, this.painter.faint, this.pad);
    this.navigation = new Navigation(this.root.querySelector(".navigation"), this.model, this.model.codes.length / this.model.latent, this.painter.noun, this.pad);
    this.paths?.stop();
    this.paths = new Paths(this.root.querySelector(".paths"), this.root.querySelector(".path"), this.model, this.pad);
    this.directions = new Directions(this.root.querySelector(".directions"), this.model, this.groups(), this.pad);
    this.mark(this.marked);
  }

  // The held-out images of each class, and of each attribute where these are known.
  groups() {
    const { about, labels, attributes } = this;
    /** @type {string[]} */
    const names = about.classes;
    /** @type {string[]} */
    const attributeNames = about.attributes;
    /** @type {Map<string, number[]>} */
    const groups = new Map();
    /** @type {number[][]} */
    const classes = names.map(() => []);
    labels?.forEach((label, i) => classes[label].push(i));
    names.forEach((name, label) => groups.set(name, classes[label]));
    const width = attributeNames.length;
    attributeNames.forEach((name, k) => {
      const count = attributes.length / width;
      groups.set(`not ${name}`, indices(count, (i) => !attributes[i * width + k]));
      groups.set(name, indices(count, (i) => attributes[i * width + k]));
    });
    return groups;
  }

  // Marks an image, { image } or { upload }, and shows its posterior; null removes the mark.
  /** @param {Marked | null} marked */
  mark(marked) {
    this.marked = marked;
    this.posterior.mark(marked && this.model.posterior(marked));
    this.posterior.draw(this.plane);
    const note = this.root.querySelector(".marked-image");
    note.hidden = !marked;
    if (!marked) return;
    const { image = 0, upload } = marked;
    const name = upload === undefined ? `image ${image + 1}${this.nameOf(image)}` : this.about.uploads[upload];
    const withoutSpread = this.model.noSpread ? `the code that stands for it. ${this.model.noSpread}` : "the code that the encoder gives, without a spread";
    const spread = "its posterior as ellipses of one and two standard deviations, with draws from it";
    const ellipse = this.model.independent ? spread : `${spread}, from the spread of each dimension alone: that the dimensions depend on one another is not drawn`;
    note.textContent = `Marked: ${name}, ${this.posterior.draws.length ? ellipse : withoutSpread}.`;
  }

  // Sets whether the other models decode the same numbers, if their codes have the same length.
  /** @param {boolean} same */
  setSameCode(same) {
    this.same = same && this.models.every(({ latent }) => latent === this.model.latent);
    const state = JSON.stringify([this.lead, this.kind, this.same]);
    if (state === this.controlsState) return;
    this.controlsState = state;
    rebuildKeepingFocus(this.root.querySelector(".plane-controls"), (root) => new PlaneControls(root, this, this.pad));
  }

  // Applies the lead model's colour, marker and title.
  applyModelStyle() {
    const { root, model } = this;
    root.style.setProperty("--model", model.colour);
    root.style.setProperty("--aspect", String(this.plane.aspect));
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

  // Moves all models to the point (a, b), and requests their images. frame: passed on to `drawn` of the pad.
  /**
   * @param {number} a
   * @param {number} b
   * @param {Frame} [frame]
   */
  show(a, b, frame = {}) {
    const { model, models } = this;
    this.displayMode.stop();
    this.plane.code(a, b, model.z);
    const nearest = models.length > 1 ? model.neighbours.find(model.z) : -1;
    for (const other of models) {
      if (other === model) continue;
      if (this.same && other.latent === model.latent) other.z.set(model.z);
      else if (nearest >= 0) model.neighbours.blend(other.codes, other.latent, other.z);
      other.space.project(other.z);
    }
    frame.asked = performance.now();
    this.frames.request(models.map(({ z }) => z), frame);
    this.placeHandle(a, b);
  }

  // Draws the images of one frame: those that were requested have arrived, and the page decodes the others.
  /**
   * @param {Float32Array[]} codes
   * @param {Float32Array[]} values
   * @param {Frame} frame
   */
  drawImages(codes, values, frame) {
    this.models.forEach((model, i) => {
      /** @param {Float32Array} image */
      const put = (image) => this.panes.draw(i, this.displayMode.apply(image, model));
      model.shown.set(codes[i]);
      if (values[i]) put(values[i]);
      else model.decoder.decode(codes[i], put);
    });
    this.showCodeSoon();
    this.pad.drawn(frame);
  }

  // Updates the code's numbers, but not with every frame: nobody can read numbers that change so fast, and laying them out
  // takes longer than drawing the image.
  showCodeSoon() {
    clearTimeout(this.codeTimer);
    this.codeTimer = 0;
    const wait = this.codeShownAt + CODE_INTERVAL_MS - performance.now();
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

  // Shows the code of the lead model's image as numbers and on sliders, and the nearest held-out image.
  /** @param {Float32Array} z */
  showCode(z) {
    const { model } = this;
    this.codeShownAt = performance.now();
    this.readout.showCode(z);
    this.sliders.show(z);
    const nearest = model.neighbours.find(z);
    const distance = model.space.distance(Math.sqrt(model.neighbours.square[0]));
    // Unless the page decodes, this request would delay the image that is dragged.
    const { further } = model.decoder;
    const own = model.conditions.length && this.labels ? { ...further, condition: this.labels[nearest] } : further;
    /** @param {ReceiveImage} done */
    const decode = (done) => model.decoder.decodeQueued(model.codeOf(nearest), done, own);
    this.nearest.show(nearest, distance, model.decoder.where === "page" || !this.pad.busy() ? decode : null);
  }

  /**
   * @param {number} a
   * @param {number} b
   */
  placeHandle(a, b) {
    // The handle of a code beyond the edge is drawn at the edge.
    const [nearA, nearB] = this.plane.clamp([a, b]);
    const x = this.plane.across(nearA);
    this.handle.style.transform = `translate(${x * this.width}px, ${this.plane.down(nearB) * this.height}px)`;
    this.handle.toggleAttribute("data-beyond", nearA !== a || nearB !== b);
    this.handle.toggleAttribute("data-left", x > 0.75);
  }

  // Starts work that takes longer than a frame, when the user pauses.
  resumeIdleWork() {
    this.tiles.resume();
    this.sliders.redraw();
    this.directions.settle();
    this.showDistances();
    if (this.displayMode.kind === "spread") this.showSpread();
  }

  showDistances() {
    this.models.forEach((model, i) => this.panes.setNote(i, this.distanceNote(model)));
  }

  /** @param {Model} model */
  distanceNote(model) {
    if (model.neighbours.find(model.z) < 0) return "";
    const distance = formatNumber(model.space.distance(Math.sqrt(model.neighbours.square[0])), 2);
    return `${distance} from the data (typical gap ${formatNumber(model.typicalGap, 2)})`;
  }

  showSpread() {
    const marked = this.marked ?? (this.nearest.shown >= 0 ? { image: this.nearest.shown } : null);
    this.models.forEach((model, i) => {
      const posterior = marked && model.posterior(marked);
      const { mean, scale = null } = posterior ?? {};
      if (!mean || !scale) return this.panes.setNote(i, model.noSpread || "no posterior to sample from");
      this.displayMode.spread(model, { mean, scale }, ({ values, most }) => {
        this.panes.draw(i, values);
        this.panes.setNote(i, `standard deviation of a pixel, 0 to ${formatNumber(most, 2)} (white)`);
      });
    });
  }

  // The text for screen readers, which is set only when the user pauses, because it would otherwise be read without end.
  /**
   * @param {number} a
   * @param {number} b
   */
  announce(a, b) {
    const { labels } = this.plane;
    const text = labels.map((label, i) => `${label} ${formatNumber([a, b][i], 2)}`).join(", ");
    this.surface.setAttribute("aria-valuenow", a);
    this.surface.setAttribute("aria-valuetext", text);
    this.panes.announce(`decoded ${this.painter.noun} at ${text}`);
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

  // Applies the colours of the current theme.
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
    this.sliders?.stop();
    this.paths?.stop();
    this.overlay.stop();
    this.displayMode.stop();
    for (const { decoder } of this.models) decoder.stop();
  }
}

/**
 * @param {number} count
 * @param {(i: number) => unknown} keep
 */
function indices(count, keep) {
  return Array.from({ length: count }, (_, i) => i).filter(keep);
}
