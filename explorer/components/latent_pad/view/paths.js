import { makeRadioGroup } from "../../base/radio_group.js";
import { svgPath } from "../../base/markers.js";
import { makeToggle } from "../../base/toggle_button.js";
import { toolButton } from "../../base/tool_button.js";
import { interpolation, interpolationsIn } from "../interpolation.js";

const SEGMENT_MS = 1600;
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const LINE_POINTS = 24;
const MAX_PINS = 24;
// Number of codes of each segment that are reported to Python, for downloads.
export const FRAMES = 16;

// The codes that the user has pinned, the path through them, and its playback.
export class Paths {
  // svg: an SVG over the plane. pad: moveCode(z), commit(), commitSoon()
  /**
   * @param {HTMLElement} root
   * @param {SVGElement} svg
   * @param {import("../model.js").Model} model
   * @param {any} pad
   */
  constructor(root, svg, model, pad) {
    // The pins belong to the model, and are shown again when it becomes the lead model again.
    this.root = root;
    this.svg = svg;
    this.model = model;
    this.pad = pad;
    /** @type {import("../plane.js").Plane | null} */
    this.plane = null;
    /** @type {((share: number) => Float32Array)[]} */
    this.segments = [];
    this.frame = 0;
    this.speed = 1;
    this.loop = true;
    this.at = 0;
    this.clearButton = toolButton("Clear pins", "Removes all pins.", () => this.pin(null));
    this.playButton = toolButton("Play", "Moves the handle along the path (space).", () => this.toggle());
    const speed = document.createElement("select");
    speed.setAttribute("aria-label", "Speed");
    speed.append(...SPEEDS.map((value) => new Option(`${value} ×`, String(value), value === 1, value === 1)));
    speed.addEventListener("change", () => (this.speed = Number(speed.value)));
    const loop = makeToggle("Loop", this.loop, () => (this.loop = !this.loop));
    const kinds = makeRadioGroup("Path between pins", interpolationsIn(model.space), model.pinnedPath.kind, (kind) => {
      model.pinnedPath.kind = kind;
      this.update();
      pad.commitSoon();
    });
    this.more = document.createElement("div");
    this.more.className = "playback";
    this.more.append(this.playButton, speed, loop, this.clearButton, kinds.element);
    root.replaceChildren(toolButton("Pin this point", "Pins the code at the handle. The path goes from pin to pin.", () => this.pin(model.z.slice())), this.more);
    this.update();
  }

  // Adds a pin at the end, or removes all pins if z is null.
  /** @param {Float32Array | null} z */
  pin(z) {
    this.stop();
    const { pinnedPath } = this.model;
    pinnedPath.pins = z ? [...pinnedPath.pins, z].slice(-MAX_PINS) : [];
    this.update();
    this.pad.commitSoon();
  }

  // Computes the path through the current pins.
  update() {
    const { pins, kind } = this.model.pinnedPath;
    this.segments = pins.slice(1).map((to, i) => interpolation(kind, pins[i], to, this.model));
    this.at = 0;
    this.more.hidden = pins.length === 0;
    this.playButton.disabled = this.segments.length === 0;
    if (this.plane) this.draw(this.plane);
  }

  // The code at `at` segments from the first pin.
  /** @param {number} at */
  code(at) {
    const segment = Math.min(Math.floor(at), this.segments.length - 1);
    return this.segments[segment](Math.min(1, at - segment));
  }

  // The state that is reported to Python: the kind of path, and codes along it; null if there is no path.
  state() {
    if (!this.segments.length) return null;
    const count = FRAMES * this.segments.length;
    return { kind: this.model.pinnedPath.kind, codes: Array.from({ length: count + 1 }, (_, i) => [...this.code(i / FRAMES)]) };
  }

  toggle() {
    if (this.frame) this.stop();
    else this.play();
  }

  play() {
    if (!this.segments.length) return;
    if (this.at >= this.segments.length) this.at = 0;
    let last = performance.now();
    /** @param {number} now */
    const step = (now) => {
      this.at += (this.speed * Math.max(0, now - last)) / SEGMENT_MS;
      last = now;
      const over = this.at >= this.segments.length;
      if (over) this.at = this.loop ? this.at % this.segments.length : this.segments.length;
      this.pad.moveCode(this.code(this.at), now);
      if (over && !this.loop) this.stop();
      else this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
    this.showPlaying();
  }

  stop() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.showPlaying();
    this.pad.commitSoon();
  }

  showPlaying() {
    this.playButton.textContent = this.frame ? "Pause" : "Play";
  }

  /** @param {import("../plane.js").Plane} plane */
  draw(plane) {
    this.plane = plane;
    /** @param {Float32Array} z */
    const place = (z) => plane.percent(plane.point(z));
    const lines = this.segments.map((_, i) => `M${Array.from({ length: LINE_POINTS + 1 }, (_, k) => place(this.code(i + k / LINE_POINTS))).join("L")}`);
    this.svg.replaceChildren(svgPath(lines.join(""), "path-line"), svgPath(this.model.pinnedPath.pins.map((z) => `M${place(z)}h0`).join(""), "pins"));
  }
}
