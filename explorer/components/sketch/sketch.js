import { FrameStats } from "../base/frame_stats.js";
import { componentMount } from "../base/component_mount.js";
import { readMessage, sameValues } from "../base/message.js";
import { Panes } from "../base/panes.js";
import { ImageCanvas } from "../base/image_canvas.js";
import { painterOf } from "../base/painters.js";
import { setFurtherInputs } from "../base/runtime/further_inputs.js";
import { buildNetwork } from "../base/runtime/network.js";
import { encodeImage, onPaste } from "./image_transfer.js";
import { Preparer } from "./prepare.js";
import { Strokes } from "./strokes.js";

const SIDE = 320;
const PEN = 0.08;

// A canvas to draw on, and the models' reconstructions of the drawing while the pen moves.
class Sketch {
  /** @param {any} parent */
  constructor(parent) {
    this.root = parent.querySelector(".sketch");
    /** @param {string} name */
    const find = (name) => this.root.querySelector(`.${name}`);
    this.elements = Object.fromEntries(["drawing", "width", "colour", "undo", "clear", "keep", "status", "problem"].map((name) => [name, find(name)]));
    this.frameStats = new FrameStats();
    this.frame = 0;
    this.submitted = 0;
    /** @type {(state: unknown) => void} */
    this.send = () => {};
    // `load` sets these. There is nothing to draw on before it.
    /** @type {any[]} */
    this.models = [];
    /** @type {Strokes | null} */
    this.strokes = null;
    /** @type {Preparer | null} */
    this.preparer = null;
    /** @type {ImageCanvas | null} */
    this.prepared = null;
    /** @type {Panes | null} */
    this.panes = null;
    this.show = this.show.bind(this);
    this.elements.width.value = PEN;
    this.elements.undo.onclick = () => this.change((strokes) => strokes.undo());
    this.elements.clear.onclick = () => this.change((strokes) => strokes.clear());
    this.elements.keep.onclick = () => this.elements.drawing.toBlob((/** @type {Blob} */ blob) => this.submit(blob, "drawing"), "image/png");
    this.pen();
    this.stopPasting = onPaste((file) => this.submit(file, "pasted picture"));
    const host = parent.host ?? parent;
    host.sketch = { read: () => this.read(), stats: () => this.frameStats.stats() };
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(state: unknown) => void} send
   */
  update(bytes, send) {
    this.send = send;
    if (this.bytes && sameValues(bytes, this.bytes)) return;
    this.bytes = bytes.slice();
    try {
      this.load(readMessage(this.bytes));
      this.elements.problem.hidden = true;
    } catch (error) {
      this.elements.problem.textContent = `Drawings cannot be shown to these models: ${error.message}`;
      this.elements.problem.hidden = false;
      console.error(error);
    }
  }

  /** @param {Message} message */
  load({ about, tensor }) {
    const { elements, root } = this;
    const [channels, height, width] = about.image;
    this.models = about.models.map((/** @type {ModelMark} */ model, /** @type {number} */ i) => ({
      ...model,
      encoder: buildNetwork(tensor(`encoder${i}`)),
      decoder: buildNetwork(tensor(`decoder${i}`)),
    }));
    for (const { encoder } of this.models) setFurtherInputs(encoder, { condition: about.condition, details: null });
    const same = this.about && JSON.stringify([this.about.image, this.about.background]) === JSON.stringify([about.image, about.background]);
    this.about = about;
    if (!same) {
      elements.drawing.width = Math.round((SIDE * width) / Math.max(width, height));
      elements.drawing.height = Math.round((SIDE * height) / Math.max(width, height));
      this.strokes = new Strokes(elements.drawing, about.background);
      elements.colour.hidden = channels === 1;
      elements.colour.value = hex(about.background.map((/** @type {number} */ value) => (value < 128 ? 255 : 0)));
      root.style.setProperty("--hint", elements.colour.value);
    }
    this.preparer = new Preparer(about.image, about.framing);
    this.prepared = new ImageCanvas(root.querySelector(".prepared canvas"), painterOf(about));
    this.panes = new Panes(root.querySelector(".panes"), about.models, painterOf(about));
    this.panes.announce("reconstruction of the drawing");
    root.style.setProperty("--image-aspect", width / height);
    root.toggleAttribute("data-smooth", about.smooth);
    this.show();
    root.dataset.ready = "true";
  }

  // Draws a stroke from pointer down to pointer up.
  pen() {
    const { drawing, width, colour } = this.elements;
    /**
     * @param {PointerEvent} event
     * @returns {Point}
     */
    const position = (event) => {
      const box = drawing.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * drawing.width, ((event.clientY - box.top) / box.height) * drawing.height];
    };
    /** @type {number | null} */
    let pointer = null;
    drawing.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (pointer !== null || event.button !== 0) return;
      pointer = event.pointerId;
      drawing.setPointerCapture(pointer);
      this.entered = performance.now();
      this.change((strokes) => strokes.begin(...position(event), Number(width.value), colour.value));
    });
    drawing.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerId !== pointer) return;
      this.entered = performance.now();
      // All positions since the last event are used, so that a quick stroke stays smooth.
      const moves = event.getCoalescedEvents?.() ?? [];
      this.change((strokes) => (moves.length ? moves : [event]).forEach((move) => strokes.extend(...position(move))));
    });
    /** @param {PointerEvent} event */
    const up = (event) => {
      if (event.pointerId === pointer) pointer = null;
    };
    drawing.addEventListener("pointerup", up);
    drawing.addEventListener("pointercancel", up);
  }

  // Changes the strokes, and shows the drawing in the next frame.
  /** @param {(strokes: Strokes) => void} what */
  change(what) {
    if (!this.strokes) return;
    what(this.strokes);
    if (!this.frame) this.frame = requestAnimationFrame(this.show);
  }

  show() {
    this.frame = 0;
    const { elements, strokes, models, preparer, prepared, panes } = this;
    if (!strokes || !preparer || !prepared || !panes) return;
    const drawn = strokes.count > 0;
    this.root.toggleAttribute("data-drawn", drawn);
    for (const name of ["undo", "clear", "keep"]) elements[name].disabled = !drawn;
    const started = performance.now();
    const x = preparer.prepare(elements.drawing, strokes.context);
    prepared.draw(x);
    models.forEach(({ encoder, decoder }, i) => {
      encoder.inputs.x.set(x);
      encoder.run();
      decoder.inputs.z.set(encoder.outputs.mean);
      setFurtherInputs(decoder, { condition: this.about.condition, details: encoder.outputs.details ?? null });
      decoder.run();
      panes.draw(i, decoder.outputs.mean);
    });
    const now = performance.now();
    if (this.entered) this.frameStats.record(now, now - started, now - this.entered, now - this.entered);
  }

  // Sends a picture to Python, once.
  /**
   * @param {Blob} blob
   * @param {string} name
   */
  async submit(blob, name) {
    try {
      const picture = await encodeImage(blob, name);
      this.submitted += 1;
      this.send({ ...picture, submission: `${Date.now()}-${this.submitted}` });
      this.showStatus("Added");
    } catch (error) {
      this.showStatus(error.message);
    }
  }

  /** @param {string} text */
  showStatus(text) {
    this.elements.status.textContent = text;
  }

  read() {
    const { panes, preparer, strokes } = this;
    if (!panes || !preparer || !strokes) return null;
    const codes = this.models.map(({ name, encoder }, i) => ({
      name,
      z: Float32Array.from(encoder.outputs.mean),
      pixels: Float32Array.from(panes.values(i)),
    }));
    return { x: Float32Array.from(preparer.values), strokes: strokes.count, models: codes };
  }

  destroy() {
    this.stopPasting();
    cancelAnimationFrame(this.frame);
  }
}

/** @param {Colour} colour */
function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

const mounted = componentMount((parent) => new Sketch(parent));

/** @param {MountCall} call */
export default function mount(call) {
  return mounted(call);
}
