import { Meter } from "../base/meter.js";
import { mounting } from "../base/mount.js";
import { sameBytes, unpack } from "../base/pack.js";
import { listen } from "./gestures.js";
import { Scene } from "./scene.js";

// One pad on the page: it owns what is looked at (lead, plane, point) and the frame loop, and outlives its data.
class Pad {
  constructor(parent) {
    this.root = parent.querySelector(".pad");
    this.surface = this.root.querySelector(".plane");
    this.problem = this.root.querySelector(".problem");
    this.meter = new Meter();
    this.frame = 0;
    this.scene = null;
    this.same = false;
    this.move = this.move.bind(this);
    this.rest = this.rest.bind(this);
    this.reset = this.reset.bind(this);
    this.draw = this.draw.bind(this);
    this.unlisten = listen(this.surface, this);
    this.root.querySelector(".reset").onclick = () => {
      this.reset();
      this.rest();
    };
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.surface);
    this.watchRatio();
    const host = parent.host ?? parent;
    host.latentPad = { read: () => this.read(), stats: () => this.stats() };
  }

  get plane() {
    return this.scene.plane;
  }

  update(bytes, send) {
    this.send = send;
    if (this.bytes && sameBytes(bytes, this.bytes)) this.problem.hidden = true;
    else this.take(bytes.slice());
    this.scene?.paint();
  }

  take(bytes) {
    try {
      const data = unpack(bytes);
      if (this.data && sameBut(data, this.data, "start")) this.start(data.about.start);
      else this.load(data);
      this.bytes = bytes;
      this.data = data;
      this.problem.hidden = true;
    } catch (error) {
      this.problem.textContent = `The pad cannot show this model: ${error.message}`;
      this.problem.hidden = false;
      // Not thrown: Streamlit would take the whole pad away, and with it what it still shows.
      console.error(error);
    }
  }

  load(data) {
    const scene = new Scene(this.root, data, this);
    // What is looked at survives new data of a model that was there before.
    const before = this.scene && this.state();
    const stays = before && scene.models.some(({ name, latent }) => name === before.lead && latent === before.z.length);
    this.scene?.stop();
    this.scene = scene;
    this.start(stays ? { ...data.about.start, ...before } : data.about.start);
    this.home = data.about.start;
    scene.paint();
    scene.resize();
    this.show();
    this.root.dataset.ready = "true";
  }

  // Python says where to begin: { lead, plane, z, same }, of which any may be missing.
  start({ lead, plane, z, same }) {
    const { scene } = this;
    this.home = { lead, plane, z, same };
    this.same = same ?? false;
    const index = Math.max(0, scene.models.findIndex(({ name }) => name === lead));
    const model = scene.models[index];
    const code = z?.length === model.latent ? Float32Array.from(z) : model.codeOf(0);
    this.layThrough(index, model.has(plane) ? plane : model.usualPlane, code);
  }

  layThrough(index, kind, code) {
    const { scene } = this;
    const stays = scene.plane && scene.lead === index && scene.kind === kind && scene.plane.holds(code);
    if (!stays) scene.lay(index, kind, code);
    scene.share(this.same);
    this.point = this.plane.point(code);
    this.show();
  }

  show() {
    this.scene.show(...this.point);
    this.scene.announce(...this.point);
  }

  // Another plane through the code that is looked at.
  lay(kind) {
    this.layThrough(this.scene.lead, kind, this.scene.model.z.slice());
    this.rest();
  }

  // Another model is dragged from now on, starting where it is.
  follow(index) {
    const model = this.scene.models[index];
    if (model === this.scene.model) return;
    const kind = model.has(this.scene.kind) ? this.scene.kind : model.usualPlane;
    this.layThrough(index, kind, model.z.slice());
    this.rest();
  }

  // Whether the other models are given the same numbers.
  share(same) {
    this.same = same;
    this.lay(this.scene.kind);
  }

  // The plane through the code of a held-out image, and the handle on it.
  goTo(image) {
    this.goToCode(this.scene.model.codeOf(image));
  }

  goToCode(z) {
    this.layThrough(this.scene.lead, this.scene.kind, z);
    this.rest();
  }

  busy() {
    return this.frame !== 0 || "dragging" in this.surface.dataset;
  }

  move(a, b, entered, happened) {
    if (!this.scene) return;
    this.point = [a, b];
    this.root.dataset.touched = "";
    this.entered = entered;
    this.happened = happened;
    if (!this.frame) this.frame = requestAnimationFrame(this.draw);
  }

  draw() {
    this.frame = 0;
    const decodeMs = this.scene.show(...this.point);
    const now = performance.now();
    this.meter.record(now, decodeMs, now - this.entered, now - this.happened);
    this.scene.readout.pace(now, this.meter.recentDecode(), this.meter.framesPerSecond());
  }

  // The hand has left the handle: Python hears of it now, once.
  rest() {
    if (!this.scene) return;
    this.scene.plane.code(...this.point, this.scene.model.z);
    this.scene.announce(...this.point);
    this.scene.tiles.resume();
    const state = this.state();
    if (JSON.stringify(state) === JSON.stringify(this.sent)) return;
    this.sent = state;
    this.send(state);
  }

  // What is looked at, as Python is told of it.
  state() {
    const { model, kind } = this.scene;
    return { lead: model.name, plane: kind, z: [...model.z], same: this.same };
  }

  reset() {
    this.start(this.home);
  }

  resize() {
    if (!this.scene) return;
    this.scene.resize();
    this.scene.show(...this.point);
  }

  // A window that is moved to a finer screen, or zoomed, changes no size of its own.
  watchRatio() {
    this.ratio = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
    this.ratio.onchange = () => {
      this.resize();
      this.watchRatio();
    };
  }

  read() {
    const { models, lead, panes } = this.scene;
    const shown = models.map(({ name, z }, i) => ({ name, z: Float32Array.from(z), pixels: Float32Array.from(panes.values(i)) }));
    const { a0, a1, b0, b1 } = this.plane;
    const { kind, nearest } = this.scene;
    return { point: [...this.point], extent: [a0, a1, b0, b1], plane: kind, nearest: nearest.shown, models: shown, ...shown[lead] };
  }

  stats() {
    const macs = this.scene.models.reduce((sum, { network }) => sum + network.macs, 0);
    return { ...this.meter.stats(), tilesLeft: this.scene.tiles.left, macs };
  }

  destroy() {
    this.unlisten();
    this.observer.disconnect();
    this.ratio.onchange = null;
    cancelAnimationFrame(this.frame);
    this.scene?.stop();
  }
}

function sameBut(a, b, field) {
  const rest = ({ about }) => JSON.stringify({ ...about, [field]: null });
  return rest(a) === rest(b) && a.names.every((name) => sameBytes(a.section(name), b.section(name)));
}

const mounted = mounting((parent) => new Pad(parent));

export default function mount(call) {
  return mounted(call);
}
