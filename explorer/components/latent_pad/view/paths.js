import { makeChoice } from "../../base/choice.js";
import { svgPath } from "../../base/markers.js";
import { makeSwitch } from "../../base/switch.js";
import { toolButton } from "../../base/tool_button.js";
import { ROUTES, route } from "../routes.js";

const SEGMENT_MS = 1600;
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const CORNERS = 24;
const MOST_PINS = 24;
// Codes of a segment that Python is told of, for what is taken along.
export const FRAMES = 16;

// Codes that a person has pinned, the way from each to the next, and the handle walking it.
export class Paths {
  // svg: over the plane. pad: carry(z), rest(), restSoon()
  constructor(root, svg, model, pad) {
    Object.assign(this, { root, svg, model, pad, walking: 0, speed: 1, loop: true, at: 0 });
    // They are codes of this model, and are there again when it leads again.
    model.trail ??= { pins: [], kind: "linear" };
    this.clearButton = toolButton("Clear pins", "Takes all pins away.", () => this.pin(null));
    this.playButton = toolButton("Play", "Walks the path (space).", () => this.toggle());
    const speed = document.createElement("select");
    speed.setAttribute("aria-label", "Speed");
    speed.append(...SPEEDS.map((value) => new Option(`${value} ×`, value, value === 1, value === 1)));
    speed.addEventListener("change", () => (this.speed = Number(speed.value)));
    const loop = makeSwitch("Loop", this.loop, () => (this.loop = !this.loop));
    const kinds = makeChoice("Way between pins", ROUTES, model.trail.kind, (kind) => {
      model.trail.kind = kind;
      this.lead();
      pad.restSoon();
    });
    this.more = document.createElement("div");
    this.more.className = "walk";
    this.more.append(this.playButton, speed, loop, this.clearButton, kinds.element);
    root.replaceChildren(toolButton("Pin this point", "Pins the code at the handle; the path goes from pin to pin.", () => this.pin(model.z.slice())), this.more);
    this.lead();
  }

  // Another pin at the end, or with null none any more.
  pin(z) {
    this.stop();
    const { trail } = this.model;
    trail.pins = z ? [...trail.pins, z].slice(-MOST_PINS) : [];
    this.lead();
    this.pad.restSoon();
  }

  // The way as it now goes.
  lead() {
    const { pins, kind } = this.model.trail;
    this.segments = pins.slice(1).map((to, i) => route(kind, pins[i], to, this.model));
    this.at = 0;
    this.more.hidden = pins.length === 0;
    this.playButton.disabled = this.segments.length === 0;
    if (this.plane) this.draw(this.plane);
  }

  // The code at `at` segments from the first pin.
  code(at) {
    const segment = Math.min(Math.floor(at), this.segments.length - 1);
    return this.segments[segment](Math.min(1, at - segment));
  }

  // What Python is told: the kind, and codes along the whole way; null where there is none.
  state() {
    if (!this.segments.length) return null;
    const count = FRAMES * this.segments.length;
    return { kind: this.model.trail.kind, codes: Array.from({ length: count + 1 }, (_, i) => [...this.code(i / FRAMES)]) };
  }

  toggle() {
    if (this.walking) this.stop();
    else this.play();
  }

  play() {
    if (!this.segments.length) return;
    if (this.at >= this.segments.length) this.at = 0;
    let last = performance.now();
    const step = (now) => {
      this.at += (this.speed * Math.max(0, now - last)) / SEGMENT_MS;
      last = now;
      const over = this.at >= this.segments.length;
      if (over) this.at = this.loop ? this.at % this.segments.length : this.segments.length;
      this.pad.carry(this.code(this.at), now);
      if (over && !this.loop) this.stop();
      else this.walking = requestAnimationFrame(step);
    };
    this.walking = requestAnimationFrame(step);
    this.mark();
  }

  stop() {
    if (!this.walking) return;
    cancelAnimationFrame(this.walking);
    this.walking = 0;
    this.mark();
    this.pad.restSoon();
  }

  mark() {
    this.playButton.textContent = this.walking ? "Pause" : "Play";
  }

  draw(plane) {
    this.plane = plane;
    const place = (z) => plane.percent(plane.point(z));
    const lines = this.segments.map((_, i) => `M${Array.from({ length: CORNERS + 1 }, (_, k) => place(this.code(i + k / CORNERS))).join("L")}`);
    this.svg.replaceChildren(svgPath(lines.join(""), "way"), svgPath(this.model.trail.pins.map((z) => `M${place(z)}h0`).join(""), "pins"));
  }
}
