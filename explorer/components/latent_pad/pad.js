import { listen } from "./gestures.js";
import { Meter } from "../base/meter.js";
import { sameBytes, unpack } from "../base/pack.js";
import { Scene } from "./scene.js";

// One pad on the page: it owns the point and the frame loop, and outlives its data.
class Pad {
  constructor(parent) {
    this.root = parent.querySelector(".pad");
    this.surface = this.root.querySelector(".plane");
    this.problem = this.root.querySelector(".problem");
    this.meter = new Meter();
    this.frame = 0;
    this.scene = null;
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
      if (this.data && sameBut(data, this.data, "start")) this.go(data.about.start);
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

  // Python has moved the start: so goes the handle, unless that is where it already is.
  go([a, b]) {
    if (this.data.about.start.join() === [a, b].join()) return;
    this.point = this.plane.clamp([a, b]);
    this.scene.show(...this.point);
    this.scene.announce(...this.point);
  }

  load(data) {
    const scene = new Scene(this.root, data, () => this.frame !== 0 || "dragging" in this.surface.dataset);
    // The point survives new data on the same plane: another model, another set of points.
    const stays = this.data && samePlane(data, this.data);
    this.home = data.about.start;
    this.point = scene.plane.clamp(stays ? this.point : this.home);
    this.scene?.stop();
    this.scene = scene;
    scene.paint();
    scene.resize();
    scene.show(...this.point);
    scene.announce(...this.point);
    this.root.dataset.ready = "true";
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
    const [a, b] = this.point;
    this.scene.announce(a, b);
    this.scene.tiles.resume();
    if (this.sent?.[0] === a && this.sent?.[1] === b) return;
    this.sent = [a, b];
    this.send([a, b]);
  }

  reset() {
    const now = performance.now();
    this.move(this.home[0], this.home[1], now, now);
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
    return { point: [...this.point], z: Float32Array.from(this.scene.z), pixels: Float32Array.from(this.scene.picture.values) };
  }

  stats() {
    return { ...this.meter.stats(), tilesLeft: this.scene.tiles.left, macs: this.scene.network.macs };
  }

  destroy() {
    this.unlisten();
    this.observer.disconnect();
    this.ratio.onchange = null;
    cancelAnimationFrame(this.frame);
    this.scene?.stop();
  }
}

function samePlane(a, b) {
  return a.about.start.join() === b.about.start.join() && sameBytes(a.section("plane"), b.section("plane"));
}

function sameBut(a, b, field) {
  const rest = ({ about }) => JSON.stringify({ ...about, [field]: null });
  return rest(a) === rest(b) && a.names.every((name) => sameBytes(a.section(name), b.section(name)));
}

const PADS = new WeakMap();

// Streamlit calls this on mounting, on new data and on a change of theme.
export default function mount({ data, parentElement, setStateValue }) {
  let entry = PADS.get(parentElement);
  if (!entry) {
    entry = { pad: new Pad(parentElement), turn: 0 };
    PADS.set(parentElement, entry);
  }
  const turn = ++entry.turn;
  entry.pad.update(data, (point) => setStateValue("point", point));
  return () => {
    // A call that was overtaken by a later one is cleaned up after it.
    if (turn !== entry.turn) return;
    entry.pad.destroy();
    PADS.delete(parentElement);
  };
}
