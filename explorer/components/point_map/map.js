import { Legend } from "../base/legend.js";
import { FrameStats } from "../base/frame_stats.js";
import { componentMount } from "../base/component_mount.js";
import { readMessage, sameValues } from "../base/message.js";
import { NumberedMarks, uploadNames } from "../base/numbered_marks.js";
import { makeToggle } from "../base/toggle_button.js";
import { painterOf } from "../base/painters.js";
import { readTheme } from "../base/theme.js";
import { Camera } from "./camera.js";
import { HoverCard } from "./hover_card.js";
import { makeDots } from "./dots.js";
import { Gallery } from "./gallery.js";
import { listen } from "./pointer_input.js";
import { SpatialIndex } from "./spatial_index.js";
import { PointColours } from "./point_colours.js";
import { MapImages } from "./map_images.js";

/** @type {Record<string, number>} */
const REACH_PX = { mouse: 10, touch: 22, pen: 14 };
const MAX_CORNERS = 40;
const TRANSITION_MS = 180;
const DIAMETER = 5;
const REFERENCE_COUNT = 5000;

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {{ image: number, polygon?: undefined } | { image?: undefined, polygon: Point[] }} Selection */

// The point map on a page. It owns camera, colouring and selection, and outlives its data.
class PointMap {
  // `load` sets these. Before it, there are no points to draw or to select.
  count = 0;
  // Size of the field, and device pixels per CSS pixel.
  width = 0;
  height = 0;
  ratio = 1;
  /** @type {Colouring[]} */
  colourings;
  /** @type {Uint16Array | null} */
  labels = null;
  /** @type {Camera} */
  camera;
  /** @type {SpatialIndex} */
  index;
  /** @type {NumberedMarks} */
  uploads;
  /** @type {Float32Array} */
  points;
  /** @type {Float32Array} */
  uploadPoints;
  /** @type {Float32Array[]} */
  amounts;
  /** @type {PointColours} */
  pointColours;
  /** @type {HoverCard} */
  card;
  /** @type {Gallery} */
  gallery;
  /** @type {Legend} */
  legend;

  /** @param {any} parent */
  constructor(parent) {
    this.root = parent.querySelector(".map");
    this.field = this.root.querySelector(".field");
    this.outline = this.root.querySelector(".lasso path");
    this.problem = this.root.querySelector(".problem");
    this.dots = makeDots(this.root.querySelector(".dots"));
    this.frameStats = new FrameStats();
    this.mode = "pan";
    this.by = -1;
    this.frame = 0;
    /** @type {number[]} */
    this.chosen = [];
    /** @type {Point[] | null} */
    this.drawing = null;
    /** @type {(state: unknown) => void} */
    this.send = () => {};
    /** @type {Selection | null} */
    this.selection = null;
    this.draw = this.draw.bind(this);
    this.removeListeners = listen(this.field, this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.field);
    const host = parent.host ?? parent;
    host.pointMap = { read: () => this.read(), stats: () => this.stats() };
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(state: unknown) => void} send
   */
  update(bytes, send) {
    this.send = send;
    if (!this.bytes || !sameValues(bytes, this.bytes)) this.receive(bytes.slice());
    this.paint();
  }

  /** @param {Uint8Array} bytes */
  receive(bytes) {
    try {
      this.load(readMessage(bytes));
      this.bytes = bytes;
      this.problem.hidden = true;
      this.root.dataset.ready = "true";
    } catch (error) {
      this.problem.textContent = `The map cannot be shown: ${error.message}`;
      this.problem.hidden = false;
      console.error(error);
    }
  }

  /** @param {Message} message */
  load({ about, tensor }) {
    const points = tensor("points");
    const labels = tensor("labels");
    const before = this.about && this.about.identity === about.identity ? this.points : null;
    this.about = about;
    this.colourings = about.colourings;
    this.count = points.length / 2;
    this.labels = labels.length ? labels : null;
    this.amounts = this.colourings.map((_, i) => tensor(`amount${i}`));
    const painter = painterOf(about);
    this.images = new MapImages(painter, tensor("program"), tensor("codes"), about.latent, tensor("originals"), labels);
    this.pointColours = new PointColours(this.count, this.labels, about.colourings, this.amounts);
    this.card = new HoverCard(this.root.querySelector(".card"), this.images, (i) => this.describe(i));
    this.gallery = new Gallery(
      this.root.querySelector(".gallery"),
      this.images,
      about.reasonMissing,
      (i) => this.describe(i),
      () => this.clear(),
    );
    this.legend = new Legend(this.root.querySelector(".legend"), about.classes, () => this.repaint());
    this.root.toggleAttribute("data-smooth", about.smooth);
    this.root.style.setProperty("--image-aspect", painter.width / painter.height);
    this.by = about.colour < about.colourings.length ? about.colour : -1;
    if (this.by < 0 && !this.labels && about.colourings.length) this.by = 0;
    this.controls();
    this.index = new SpatialIndex(points);
    this.camera = new Camera(points);
    this.points = points;
    this.uploadPoints = tensor("uploads");
    this.uploads = new NumberedMarks(this.root.querySelector(".numbered-marks"), uploadNames(about.uploads), (i) => this.pickUpload(i));
    this.field.setAttribute("aria-label", `${about.title}: ${this.count.toLocaleString("en")} points. Arrow keys move, plus and minus zoom, Enter selects the nearest point.`);
    this.select(about.selection, false);
    this.resize();
    if (before && before.length === points.length && !reducedMotion.matches) this.animate(before, points);
    else this.dots.setPoints(points);
    this.request();
  }

  controls() {
    const { about, root } = this;
    /** @type {[string, number][]} */
    const choices = this.colourings.map(({ name }, i) => [name, i]);
    if (this.labels) choices.unshift(["Class", -1]);
    const buttons = choices.map(([name, by]) =>
      makeToggle(name, by === this.by, () => {
        this.by = by;
        buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(choices[k][1] === by)));
        this.repaint();
        this.report();
      }),
    );
    root.querySelector(".colourings").replaceChildren("Colour by", ...buttons);
    const modes = [["Move", "pan"], ["Lasso", "lasso"]].map(([name, mode], _, all) =>
      makeToggle(name, mode === this.mode, () => {
        this.mode = mode;
        this.field.dataset.mode = mode;
        modes.forEach((button, k) => button.setAttribute("aria-pressed", String(all[k][1] === mode)));
      }),
    );
    const whole = Object.assign(document.createElement("button"), { type: "button", textContent: "Whole map", onclick: () => this.fit() });
    root.querySelector(".modes").replaceChildren(...modes, whole);
    this.field.dataset.mode = this.mode;
  }

  /** @param {number} i */
  describe(i) {
    const parts = this.labels ? [this.about.classes[this.labels[i]]] : [];
    this.colourings.forEach(({ name, unit }, k) => {
      parts.push(`${name} ${Number(this.amounts[k][i].toPrecision(3))}${unit ? ` ${unit}` : ""}`);
    });
    return parts.join(", ");
  }

  /** @param {number} i */
  shows(i) {
    return !this.labels || this.legend.shows(this.labels[i]);
  }

  // Moves points smoothly from their old positions to those on the new map.
  /**
   * @param {Float32Array} from
   * @param {Float32Array} to
   */
  animate(from, to) {
    const started = performance.now();
    const between = new Float32Array(to.length);
    // The old positions on the screen are converted to the new map's units.
    const old = new Camera(from);
    old.resize(this.camera.width, this.camera.height);
    const start = new Float32Array(to.length);
    for (let i = 0; i < to.length; i += 2) {
      const [a, b] = this.camera.at(old.x(from[i]), old.y(from[i + 1]));
      start[i] = a;
      start[i + 1] = b;
    }
    /** @param {number} now */
    const step = (now) => {
      if (this.points !== to) return;
      const share = Math.min(Math.max((now - started) / TRANSITION_MS, 0), 1);
      const eased = share * share * (3 - 2 * share);
      for (let i = 0; i < to.length; i++) between[i] = start[i] + eased * (to[i] - start[i]);
      this.dots.setPoints(share < 1 ? between : to);
      this.request();
      if (share < 1) requestAnimationFrame(step);
    };
    step(started);
  }

  request(happened = 0) {
    this.happened = happened;
    if (!this.frame) this.frame = requestAnimationFrame(this.draw);
  }

  draw() {
    this.frame = 0;
    if (!this.width || !this.camera) return;
    const started = performance.now();
    const size = DIAMETER * Math.min(Math.max((this.count / REFERENCE_COUNT) ** -0.25, 0.6), 1.6) * this.camera.zoom ** 0.3;
    this.dots.draw(this.camera, Math.min(size, 14), this.ratio);
    const now = performance.now();
    this.frameStats.record(now, now - started, now - started, this.happened ? now - this.happened : 0);
    this.outlineSelection();
    this.placeUploads();
  }

  placeUploads() {
    for (let i = 0; 2 * i < this.uploadPoints.length; i++) {
      this.uploads.place(i, this.camera.x(this.uploadPoints[2 * i]) / this.width, this.camera.y(this.uploadPoints[2 * i + 1]) / this.height);
    }
  }

  // Selects the point nearest to one of the user's own images.
  /** @param {number} i */
  pickUpload(i) {
    const [a, b] = this.uploadPoints.subarray(2 * i, 2 * i + 2);
    this.select({ image: this.index.nearest(a, b, Infinity, (k) => this.shows(k)) }, true);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @param {number} [happened]
   */
  pan(dx, dy, happened) {
    if (!this.camera) return;
    this.camera.pan(dx, dy);
    this.request(happened);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} factor
   * @param {number} [happened]
   */
  zoom(x, y, factor, happened) {
    if (!this.camera) return;
    this.camera.zoomAt(x, y, factor);
    this.leave();
    this.request(happened);
  }

  /** @param {number} factor */
  zoomMiddle(factor) {
    this.zoom(this.width / 2, this.height / 2, factor);
  }

  fit() {
    this.camera?.fit();
    this.request();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   */
  nearest(x, y, reach) {
    const [a, b] = this.camera.at(x, y);
    return this.index.nearest(a, b, reach / this.camera.scale, (i) => this.shows(i));
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  hover(x, y) {
    if (!this.camera) return;
    this.card.show(this.nearest(x, y, REACH_PX.mouse), x, y, this.width, this.height);
  }

  leave() {
    this.card?.hide();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} kind
   */
  pick(x, y, kind) {
    if (!this.camera) return;
    const i = this.nearest(x, y, REACH_PX[kind] ?? REACH_PX.mouse);
    this.select(i < 0 ? null : { image: i }, true);
  }

  pickMiddle() {
    this.select({ image: this.nearest(this.width / 2, this.height / 2, Math.max(this.width, this.height)) }, true);
  }

  // path: in pixels of the field; null if the gesture was cancelled
  /**
   * @param {Point[] | null} path
   * @param {boolean} done
   */
  lasso(path, done) {
    if (!this.camera) return;
    this.drawing = done ? null : path;
    if (done && path && path.length > 2) {
      const step = Math.max(1, Math.ceil(path.length / MAX_CORNERS));
      this.select({ polygon: path.filter((_, i) => i % step === 0).map(([x, y]) => this.camera.at(x, y)) }, true);
    }
    this.outlineSelection();
  }

  clear() {
    this.select(null, true);
  }

  // Selects { image: i } or the points inside { polygon: [[a, b], ...] } on this map; null selects nothing.
  /**
   * @param {Selection | null} selection
   * @param {boolean} byUser
   */
  select(selection, byUser) {
    this.selection = null;
    this.chosen = [];
    if (selection?.polygon) {
      if (selection.polygon.length > 2) {
        this.selection = selection;
        this.chosen = this.index.inside(selection.polygon, (i) => this.shows(i));
      }
    } else if (selection && selection.image >= 0 && selection.image < this.count) {
      this.selection = selection;
      this.chosen = [selection.image];
    }
    this.gallery.show(this.chosen);
    this.repaint();
    if (byUser) this.report();
  }

  report() {
    const polygon = this.selection?.polygon?.map((corner) => corner.map((value) => Number(value.toPrecision(4))));
    this.send({ selection: polygon ? { polygon } : this.selection, colour: this.by });
  }

  outlineSelection() {
    const corners = this.drawing ?? this.selection?.polygon?.map(([a, b]) => [this.camera.x(a), this.camera.y(b)]);
    this.outline.setAttribute("d", corners && corners.length > 1 ? `M${corners.map((corner) => corner.join(" ")).join("L")}Z` : "");
  }

  paint() {
    const theme = readTheme(this.root);
    this.root.dataset.scheme = theme.scheme;
    this.theme = theme;
    this.legend?.paint(theme.classes);
    this.repaint();
  }

  repaint() {
    if (!this.theme || !this.pointColours) return;
    const { scheme, classes } = this.theme;
    const chosen = this.chosen.length ? new Set(this.chosen) : null;
    const colours = { scheme, classes: classes.map(([fill]) => fill), plain: scheme === "dark" ? "#9aa3b2" : "#5b6470" };
    const { bytes, order } = this.pointColours.paint(this.by, colours, (i) => this.shows(i), chosen);
    this.pointColours.bar(this.root.querySelector(".bar"), this.by, scheme);
    this.root.querySelector(".legend").hidden = this.by >= 0 || !this.labels;
    this.dots.setColours(bytes, order);
    this.request();
  }

  resize() {
    this.width = this.field.clientWidth;
    this.height = this.field.clientHeight;
    if (!this.width || !this.height) return;
    this.ratio = globalThis.devicePixelRatio || 1;
    this.dots.resize(this.width, this.height, this.ratio);
    this.camera?.resize(this.width, this.height);
    this.request();
  }

  read() {
    const { zoom, centre } = this.camera;
    /** @param {number} i */
    const screen = (i) => [this.camera.x(this.points[2 * i]), this.camera.y(this.points[2 * i + 1])];
    return { zoom, centre: [...centre], chosen: [...this.chosen], colour: this.by, hovered: this.card.shown, renderer: this.dots.kind, screen };
  }

  stats() {
    return { ...this.frameStats.stats(), points: this.count, renderer: this.dots.kind };
  }

  destroy() {
    this.removeListeners();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    this.dots.stop();
  }
}

const mounted = componentMount((parent) => new PointMap(parent));

/** @param {MountCall} call */
export default function mount(call) {
  return mounted(call);
}
