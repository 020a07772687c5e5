import { readMessage, sameValues } from "../base/message.js";
import { Meter } from "../base/meter.js";
import { mounting } from "../base/mount.js";
import { Panes } from "../base/panes.js";
import { Picture } from "../base/picture.js";
import { buildNetwork } from "../base/runtime/network.js";
import { onPaste, packed } from "./hand_over.js";
import { Preparer } from "./prepare.js";
import { Strokes } from "./strokes.js";

const SIDE = 320;
const PEN = 0.08;

// A sheet to draw on, and what models make of the drawing while the pen moves.
class Sketch {
  constructor(parent) {
    this.root = parent.querySelector(".sketch");
    const find = (name) => this.root.querySelector(`.${name}`);
    this.parts = Object.fromEntries(["paper", "width", "colour", "undo", "clear", "keep", "said", "problem"].map((name) => [name, find(name)]));
    this.meter = new Meter();
    this.frame = 0;
    this.given = 0;
    this.show = this.show.bind(this);
    this.parts.width.value = PEN;
    this.parts.undo.onclick = () => this.change(() => this.strokes.undo());
    this.parts.clear.onclick = () => this.change(() => this.strokes.clear());
    this.parts.keep.onclick = () => this.parts.paper.toBlob((blob) => this.give(blob, "drawing"), "image/png");
    this.pen();
    this.stopPasting = onPaste((file) => this.give(file, "pasted picture"));
    const host = parent.host ?? parent;
    host.sketch = { read: () => this.read(), stats: () => this.meter.stats() };
  }

  update(bytes, send) {
    this.send = send;
    if (this.bytes && sameValues(bytes, this.bytes)) return;
    this.bytes = bytes.slice();
    try {
      this.load(readMessage(this.bytes));
      this.parts.problem.hidden = true;
    } catch (error) {
      this.parts.problem.textContent = `Drawings cannot be shown to these models: ${error.message}`;
      this.parts.problem.hidden = false;
      console.error(error);
    }
  }

  load({ about, tensor }) {
    const { parts, root } = this;
    const [channels, height, width] = about.image;
    this.models = about.models.map((model, i) => ({
      ...model,
      encoder: buildNetwork(tensor(`encoder${i}`)),
      decoder: buildNetwork(tensor(`decoder${i}`)),
    }));
    const same = this.about && JSON.stringify([this.about.image, this.about.ground]) === JSON.stringify([about.image, about.ground]);
    this.about = about;
    if (!same) {
      parts.paper.width = Math.round((SIDE * width) / Math.max(width, height));
      parts.paper.height = Math.round((SIDE * height) / Math.max(width, height));
      this.strokes = new Strokes(parts.paper, about.ground);
      parts.colour.hidden = channels === 1;
      parts.colour.value = hex(about.ground.map((value) => (value < 128 ? 255 : 0)));
      root.style.setProperty("--hint", parts.colour.value);
    }
    this.preparer = new Preparer(about.image, about.how);
    this.prepared = new Picture(root.querySelector(".prepared canvas"), about.image);
    this.panes = new Panes(root.querySelector(".panes"), about.models, about.image);
    this.panes.announce("what it makes of the drawing");
    root.style.setProperty("--image-aspect", width / height);
    root.toggleAttribute("data-smooth", about.smooth);
    this.show();
    root.dataset.ready = "true";
  }

  // The pen: a stroke from pointer down to pointer up.
  pen() {
    const { paper, width, colour } = this.parts;
    const place = (event) => {
      const box = paper.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * paper.width, ((event.clientY - box.top) / box.height) * paper.height];
    };
    let pointer = null;
    paper.addEventListener("pointerdown", (event) => {
      if (pointer !== null || event.button !== 0) return;
      pointer = event.pointerId;
      paper.setPointerCapture(pointer);
      this.entered = performance.now();
      this.change(() => this.strokes.begin(...place(event), Number(width.value), colour.value));
    });
    paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      this.entered = performance.now();
      // All places since the last event, so that a quick stroke stays round.
      const moves = event.getCoalescedEvents?.() ?? [];
      this.change(() => (moves.length ? moves : [event]).forEach((move) => this.strokes.extend(...place(move))));
    });
    const up = (event) => {
      if (event.pointerId === pointer) pointer = null;
    };
    paper.addEventListener("pointerup", up);
    paper.addEventListener("pointercancel", up);
  }

  change(what) {
    what();
    if (!this.frame) this.frame = requestAnimationFrame(this.show);
  }

  show() {
    this.frame = 0;
    const { parts, strokes, models } = this;
    const drawn = strokes.count > 0;
    this.root.toggleAttribute("data-drawn", drawn);
    for (const name of ["undo", "clear", "keep"]) parts[name].disabled = !drawn;
    const started = performance.now();
    const x = this.preparer.prepare(parts.paper, strokes.context);
    this.prepared.draw(x);
    models.forEach(({ encoder, decoder }, i) => {
      encoder.inputs.x.set(x);
      encoder.run();
      decoder.inputs.z.set(encoder.outputs.mean);
      decoder.run();
      this.panes.draw(i, decoder.outputs.mean);
    });
    const now = performance.now();
    if (this.entered) this.meter.record(now, now - started, now - this.entered, now - this.entered);
  }

  // Hands a picture to Python, once.
  async give(blob, name) {
    try {
      const picture = await packed(blob, name);
      this.given += 1;
      this.send({ ...picture, turn: `${Date.now()}-${this.given}` });
      this.say("Handed over");
    } catch (error) {
      this.say(error.message);
    }
  }

  say(text) {
    this.parts.said.textContent = text;
  }

  read() {
    const codes = this.models.map(({ name, encoder }, i) => ({
      name,
      z: Float32Array.from(encoder.outputs.mean),
      pixels: Float32Array.from(this.panes.values(i)),
    }));
    return { x: Float32Array.from(this.preparer.values), strokes: this.strokes.count, models: codes };
  }

  destroy() {
    this.stopPasting();
    cancelAnimationFrame(this.frame);
  }
}

function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

const mounted = mounting((parent) => new Sketch(parent));

export default function mount(call) {
  return mounted(call);
}
