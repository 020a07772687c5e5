import { FrameStats } from "../base/frame_stats.js";
import { componentMount } from "../base/component_mount.js";
import { readMessage, sameValues } from "../base/message.js";
import { listen } from "./pointer_input.js";
import { IMAGES } from "./model.js";
import { PointerPrediction } from "./pointer_prediction.js";
import { Scene } from "./scene.js";

const COMMIT_MS = 150;

// The latent pad on a page. It owns the state (lead model, plane, point) and the frame loop, and outlives its data.
class Pad {
  /** @param {any} parent */
  constructor(parent) {
    this.root = parent.querySelector(".pad");
    this.surface = this.root.querySelector(".plane");
    this.problem = this.root.querySelector(".problem");
    this.frameStats = new FrameStats();
    this.prediction = new PointerPrediction();
    this.moved = false;
    /** @type {Point | null} */
    this.predicted = null;
    this.frame = 0;
    this.timer = 0;
    this.planeMoved = false;
    /** @type {Scene | null} */
    this.currentScene = null;
    /** @type {Point} */
    this.point = [0, 0];
    /** @type {(state: unknown) => void} */
    this.send = () => {};
    // When the handler of the last move began, and when the move happened.
    this.entered = 0;
    /** @type {number | undefined} */
    this.happened = undefined;
    this.same = false;
    this.move = this.move.bind(this);
    this.commit = this.commit.bind(this);
    this.reset = this.reset.bind(this);
    this.draw = this.draw.bind(this);
    this.removeListeners = listen(this.surface, this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.surface);
    this.ratio = this.watchRatio();
    const host = parent.host ?? parent;
    host.latentPad = { read: () => this.read(), stats: () => this.stats() };
  }

  // Whether another thread or the server decodes. Requests are then sent immediately, and images are drawn when they arrive.
  get decodesRemotely() {
    return this.currentScene !== null && this.currentScene.frames.remote.length > 0;
  }

  // The scene on the screen. There is none before the first data.
  get scene() {
    if (!this.currentScene) throw new Error("The pad has no data yet.");
    return this.currentScene;
  }

  get plane() {
    return this.scene.plane;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(state: unknown) => void} send
   */
  update(bytes, send) {
    this.send = send;
    if (this.bytes && sameValues(bytes, this.bytes)) this.problem.hidden = true;
    else this.receive(bytes.slice());
    this.currentScene?.paint();
  }

  /** @param {Uint8Array} bytes */
  receive(bytes) {
    try {
      const data = readMessage(bytes);
      if (this.data && equalExcept(data, this.data, "start")) this.start(data.about.start);
      else this.load(data);
      // The initial state is not reported to Python.
      this.sent ??= this.state();
      this.commitSoon();
      this.bytes = bytes;
      this.data = data;
      this.problem.hidden = true;
    } catch (error) {
      this.problem.textContent = `The pad cannot show this model: ${error.message}`;
      this.problem.hidden = false;
      // The error is not thrown, because Streamlit would then remove the whole pad with what it still shows.
      console.error(error);
    }
  }

  /** @param {Message} data */
  load(data) {
    const scene = new Scene(this.root, data, this);
    // The state survives new data if the lead model was there before.
    const before = this.currentScene && this.state();
    const keep = before && scene.models.some(({ name, latent }) => name === before.lead && latent === before.z.length);
    if (this.currentScene) scene.inheritFrom(this.currentScene);
    this.currentScene?.stop();
    this.currentScene = scene;
    this.start(keep ? { ...data.about.start, ...before } : data.about.start);
    this.home = data.about.start;
    scene.paint();
    scene.resize();
    this.show();
    // The notes are set at once, because adding a line below an image later would move everything below it.
    scene.showDistances();
    this.root.dataset.ready = "true";
  }

  // The state that Python asks for: { lead, plane, z, same, display, overlay, condition }, of which any may be missing.
  /** @param {any} state */
  start({ lead, plane, z, same, display, overlay, condition }) {
    const { scene } = this;
    this.home = { lead, plane, z, same };
    scene.useCondition(condition);
    scene.displayMode.use(display);
    scene.overlay.use(overlay);
    this.same = same ?? false;
    const index = Math.max(0, scene.models.findIndex(({ name }) => name === lead));
    const model = scene.models[index];
    const code = z?.length === model.latent ? Float32Array.from(z) : model.codeOf(0);
    this.setPlaneThrough(index, model.has(plane) ? plane : model.defaultPlane, code);
  }

  /**
   * @param {number} index
   * @param {string} kind
   * @param {Float32Array} code
   */
  setPlaneThrough(index, kind, code) {
    const { scene } = this;
    scene.models[index].space.project(code);
    const keep = scene.plane && scene.lead === index && scene.kind === kind && scene.plane.contains(code);
    if (!keep) scene.setPlane(index, kind, code);
    scene.setSameCode(this.same);
    this.prediction.stop();
    this.point = this.plane.point(code);
    this.show();
  }

  show() {
    this.scene.show(...this.point);
    this.scene.announce(...this.point);
  }

  // Sets another plane through the current code.
  /** @param {string} kind */
  setPlane(kind) {
    this.setPlaneThrough(this.scene.lead, kind, this.scene.model.z.slice());
    this.commit();
  }

  // Sets the plane through three held-out images, with the handle at the first. Returns whether there is such a plane.
  /** @param {number[]} images */
  setPlaneThroughImages(images) {
    const kind = IMAGES + images.join("-");
    const { model, lead } = this.scene;
    if (!model.has(kind)) return false;
    this.setPlaneThrough(lead, kind, model.codeOf(images[0]));
    this.commit();
    return true;
  }

  // Makes another model the lead model. The handle is where that model's code is.
  /** @param {number} index */
  setLead(index) {
    const model = this.scene.models[index];
    if (model === this.scene.model) return;
    const kind = model.has(this.scene.kind) ? this.scene.kind : model.defaultPlane;
    this.setPlaneThrough(index, kind, model.z.slice());
    this.commit();
  }

  // Sets whether the other models decode the same numbers.
  /** @param {boolean} same */
  setSameCode(same) {
    this.same = same;
    this.setPlane(this.scene.kind);
  }

  // Gives conditional models another class at the same code.
  /** @param {number} condition */
  setCondition(condition) {
    this.scene.useCondition(condition);
    this.root.dataset.touched = "";
    this.commit();
  }

  // Puts the details below the top code at their means ("mean"), or at a new draw ("drawn").
  /** @param {string} kind */
  setDetails(kind) {
    this.scene.useDetails(kind);
    this.root.dataset.touched = "";
    this.commit();
  }

  // Marks an image and moves the handle to its code: { image } for a held-out image, { upload } for one of the user's own.
  /** @param {Marked} marked */
  goToImage(marked) {
    this.scene.mark(marked);
    // A held-out image is rebuilt with its own class.
    if (marked.image !== undefined) this.scene.useCondition(this.scene.labels?.[marked.image]);
    this.goToCode(this.scene.model.posterior(marked).mean);
  }

  /** @param {Float32Array} z */
  goToCode(z) {
    this.scene.paths.stop();
    this.root.dataset.touched = "";
    this.setPlaneThrough(this.scene.lead, this.scene.kind, z);
    this.commit();
  }

  // Moves the code from elsewhere than the plane, for example by a slider. The plane moves with it; what is drawn on the plane
  // is renewed at the next commit.
  /**
   * @param {Float32Array} z
   * @param {number} [happened]
   */
  moveCode(z, happened) {
    if (!this.planeMoved && z.length > 2) this.scene.overlay.invalidate();
    this.planeMoved = true;
    this.plane.moveThrough(z);
    const [a, b] = this.plane.point(z);
    this.move(a, b, performance.now(), happened);
  }

  // Stops playback because the user moves the handle.
  stopPlayback() {
    this.prediction.stop();
    this.scene.paths.stop();
  }

  togglePlayback() {
    this.scene.paths.toggle();
  }

  // The code at the handle, including a move that is not drawn yet.
  code() {
    const z = this.scene.model.z.slice();
    this.plane.code(...this.point, z);
    return z;
  }

  commitSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!this.moving()) this.commit();
    }, COMMIT_MS);
  }

  // Whether the user drags or a path is played.
  moving() {
    return "dragging" in this.surface.dataset || this.scene.paths.frame !== 0;
  }

  busy() {
    return this.frame !== 0 || this.planeMoved || this.moving();
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {number} entered
   * @param {number} [happened]
   */
  move(a, b, entered, happened) {
    if (!this.currentScene) return;
    this.point = this.plane.inside([a, b]);
    this.root.dataset.touched = "";
    this.entered = entered;
    this.happened = happened;
    this.moved = true;
    if (this.decodesRemotely) this.draw(entered);
    else if (!this.frame) this.frame = requestAnimationFrame(this.draw);
  }

  /** @param {number} now */
  draw(now) {
    this.frame = 0;
    const { scene, prediction } = this;
    if (this.moved) {
      this.moved = false;
      this.predicted = null;
      scene.show(...this.point, { entered: this.entered, happened: this.happened });
    } else {
      const before = this.predicted;
      this.predicted = prediction.at(now);
      if (!this.predicted) return before && scene.show(...this.point);
      if (this.predicted.join() !== before?.join()) scene.show(...this.plane.inside(this.plane.clamp(this.predicted)), { between: true });
    }
    if (prediction.last && !this.decodesRemotely) this.frame = requestAnimationFrame(this.draw);
  }

  // The images of a frame are on screen. Frames that no pointer event has caused are not counted.
  /** @param {Frame} frame */
  drawn({ asked, entered, happened, between }) {
    if (entered === undefined && !between) return;
    const { scene, frameStats } = this;
    const now = performance.now();
    // NaN where the time is not known; it is not counted.
    const since = (then = NaN) => now - then;
    if (between) frameStats.recordBetween(now, since(asked));
    else frameStats.record(now, since(asked), since(entered), since(happened));
    if (scene.readout.showSpeed(now, frameStats.recentDecode(), frameStats.framesPerSecond(), scene.model.decoder.where)) scene.showDistances();
  }

  // Shows why images do not arrive; an empty sentence when they arrive again.
  /** @param {string} sentence */
  showProblem(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  // The end of an interaction: what takes longer than a frame is drawn, and the state is reported to Python once.
  commit() {
    if (!this.currentScene) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.prediction.stop();
    const { scene } = this;
    scene.plane.code(...this.point, scene.model.z);
    // In a space of more than two dimensions, points and tiles belong to the plane's old position.
    if (this.planeMoved && scene.model.latent > 2) scene.setPlane(scene.lead, scene.kind, scene.model.z.slice());
    this.planeMoved = false;
    this.show();
    scene.resumeIdleWork();
    // During playback the state is not reported.
    if (scene.paths.frame) return;
    const state = this.state();
    if (JSON.stringify(state) === JSON.stringify(this.sent)) return;
    this.sent = state;
    this.send(state);
  }

  // The state that is reported to Python.
  state() {
    const { model, kind, displayMode, overlay, paths, condition } = this.scene;
    const { name: lead, z } = model;
    return { lead, plane: kind, z: [...z], same: this.same, display: displayMode.kind, overlay: overlay.kind, condition, path: paths.state() };
  }

  reset() {
    if (!this.currentScene) return;
    this.stopPlayback();
    this.scene.mark(null);
    this.start(this.home);
  }

  resize() {
    if (!this.currentScene) return;
    this.scene.resize();
    this.scene.show(...this.point);
    this.commitSoon();
  }

  // A window that is zoomed, or moved to a screen of another resolution, does not change its size.
  watchRatio() {
    const ratio = matchMedia(`(resolution: ${globalThis.devicePixelRatio}dppx)`);
    ratio.onchange = () => {
      this.resize();
      this.ratio = this.watchRatio();
    };
    return ratio;
  }

  read() {
    const { models, lead, panes } = this.scene;
    const shown = models.map(({ name, shown: z, decoder }, i) => {
      const { details } = decoder.further;
      return { name, z: Float32Array.from(z), details: details && Float32Array.from(details), pixels: Float32Array.from(panes.values(i)) };
    });
    const { a0, a1, b0, b1 } = this.plane;
    const { kind, nearest } = this.scene;
    return { point: [...this.point], extent: [a0, a1, b0, b1], plane: kind, nearest: nearest.shown, models: shown, ...shown[lead] };
  }

  stats() {
    const decoders = this.scene.models.map(({ decoder }) => decoder);
    const macs = decoders.reduce((sum, decoder) => sum + decoder.macs, 0);
    const where = decoders.map((decoder) => decoder.where);
    const drawing = this.frame !== 0;
    // True while an image, a number or a message to Python that a gesture has led to is still to come.
    const pending = drawing || this.timer !== 0 || this.scene.pending;
    return { ...this.frameStats.stats(), drawing, pending, tilesLeft: this.scene.tiles.left, stripsLeft: this.scene.sliders.left, macs, where };
  }

  destroy() {
    this.removeListeners();
    this.observer.disconnect();
    this.ratio.onchange = null;
    // Stopping the scene requests a commit, which must not happen any more.
    this.currentScene?.stop();
    this.currentScene = null;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }
}

/**
 * @param {Message} a
 * @param {Message} b
 * @param {string} field
 */
function equalExcept(a, b, field) {
  /** @param {Message} message */
  const others = ({ about }) => JSON.stringify({ ...about, [field]: null });
  return others(a) === others(b) && a.names.every((name) => sameValues(a.tensor(name), b.tensor(name)));
}

const mounted = componentMount((parent) => new Pad(parent));

/** @param {MountCall} call */
export default function mount(call) {
  return mounted(call);
}
