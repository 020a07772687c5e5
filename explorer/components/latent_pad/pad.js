import { readMessage, sameValues } from "../base/message.js";
import { Meter } from "../base/meter.js";
import { mounting } from "../base/mount.js";
import { listen } from "./gestures.js";
import { IMAGES } from "./model.js";
import { Motion } from "./motion.js";
import { Scene } from "./scene.js";

const REST_MS = 150;

// One pad on the page: it owns what is looked at (lead, plane, point) and the frame loop, and outlives its data.
class Pad {
  constructor(parent) {
    this.root = parent.querySelector(".pad");
    this.surface = this.root.querySelector(".plane");
    this.problem = this.root.querySelector(".problem");
    this.meter = new Meter();
    this.motion = new Motion();
    this.moved = false;
    this.ahead = null;
    this.frame = 0;
    this.timer = 0;
    this.carried = false;
    this.scene = null;
    this.same = false;
    this.move = this.move.bind(this);
    this.rest = this.rest.bind(this);
    this.reset = this.reset.bind(this);
    this.draw = this.draw.bind(this);
    this.unlisten = listen(this.surface, this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.surface);
    this.watchRatio();
    const host = parent.host ?? parent;
    host.latentPad = { read: () => this.read(), stats: () => this.stats() };
  }

  // Whether images come from elsewhere: they are asked for at once, and drawn when they come.
  get awaits() {
    return this.scene !== null && this.scene.frames.away.length > 0;
  }

  get plane() {
    return this.scene.plane;
  }

  update(bytes, send) {
    this.send = send;
    if (this.bytes && sameValues(bytes, this.bytes)) this.problem.hidden = true;
    else this.take(bytes.slice());
    this.scene?.paint();
  }

  take(bytes) {
    try {
      const data = readMessage(bytes);
      if (this.data && sameBut(data, this.data, "start")) this.start(data.about.start);
      else this.load(data);
      // Where it begins need not be told.
      this.sent ??= this.state();
      this.restSoon();
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
    if (this.scene) scene.takeOver(this.scene);
    this.scene?.stop();
    this.scene = scene;
    this.start(stays ? { ...data.about.start, ...before } : data.about.start);
    this.home = data.about.start;
    scene.paint();
    scene.resize();
    this.show();
    // At once, since what comes later below an image moves all that is below it.
    scene.sayDistances();
    this.root.dataset.ready = "true";
  }

  // Python says where to begin: { lead, plane, z, same, look, heat }, of which any may be missing.
  start({ lead, plane, z, same, look, heat }) {
    const { scene } = this;
    this.home = { lead, plane, z, same };
    scene.look.use(look);
    scene.heat.use(heat);
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
    this.motion.stop();
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

  // The plane through three held-out images, from the first of them; says whether there is one.
  layThroughImages(images) {
    const kind = IMAGES + images.join("-");
    const { model, lead } = this.scene;
    if (!model.has(kind)) return false;
    this.layThrough(lead, kind, model.codeOf(images[0]));
    this.rest();
    return true;
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

  // The plane through the code of an image, which is marked, and the handle on it: { image } held out, { probe } one's own.
  visit(marked) {
    this.scene.mark(marked);
    this.goToCode(this.scene.model.posterior(marked).mean);
  }

  goToCode(z) {
    this.scene.paths.stop();
    this.root.dataset.touched = "";
    this.layThrough(this.scene.lead, this.scene.kind, z);
    this.rest();
  }

  // The code is moved from elsewhere than the plane, which goes with it; what is drawn on it is renewed at rest.
  carry(z, happened) {
    if (!this.carried && z.length > 2) this.scene.heat.stale();
    this.carried = true;
    this.plane.through(z);
    const [a, b] = this.plane.point(z);
    this.move(a, b, performance.now(), happened);
  }

  // A hand takes the handle, wherever it was going by itself.
  seize() {
    this.motion.stop();
    this.scene.paths.stop();
  }

  walk() {
    this.scene.paths.toggle();
  }

  // The code that the handle is about to be at.
  code() {
    const z = this.scene.model.z.slice();
    this.plane.code(...this.point, z);
    return z;
  }

  restSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!this.moving()) this.rest();
    }, REST_MS);
  }

  // A hand, or the walk of a path, moves the handle.
  moving() {
    return "dragging" in this.surface.dataset || this.scene.paths.walking !== 0;
  }

  busy() {
    return this.frame !== 0 || this.carried || this.moving();
  }

  move(a, b, entered, happened) {
    if (!this.scene) return;
    this.point = [a, b];
    this.root.dataset.touched = "";
    this.entered = entered;
    this.happened = happened;
    this.moved = true;
    if (this.awaits) this.draw();
    else if (!this.frame) this.frame = requestAnimationFrame(this.draw);
  }

  draw(now) {
    this.frame = 0;
    const { scene, motion } = this;
    if (this.moved) {
      this.moved = false;
      this.ahead = null;
      scene.show(...this.point, { entered: this.entered, happened: this.happened });
    } else {
      const before = this.ahead;
      this.ahead = motion.at(now);
      if (!this.ahead) return before && scene.show(...this.point);
      if (this.ahead.join() !== before?.join()) scene.show(...this.plane.clamp(this.ahead), { between: true });
    }
    if (motion.last && !this.awaits) this.frame = requestAnimationFrame(this.draw);
  }

  // The images of a gesture are on screen. Those that no hand asked for are no frames.
  drawn({ asked, entered, happened, between }) {
    if (entered === undefined && !between) return;
    const { scene, meter } = this;
    const now = performance.now();
    if (between) meter.recordBetween(now, now - asked);
    else meter.record(now, now - asked, now - entered, now - happened);
    if (scene.readout.pace(now, meter.recentDecode(), meter.framesPerSecond(), scene.model.decoder.where)) scene.sayDistances();
  }

  // What keeps images from coming; an empty sentence once they come again.
  trouble(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  // The hand has left the handle: Python hears of it now, once.
  rest() {
    if (!this.scene) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.motion.stop();
    const { scene } = this;
    scene.plane.code(...this.point, scene.model.z);
    // On a plane of more dimensions than it has, points and tiles are not those of where it was.
    if (this.carried && scene.model.latent > 2) scene.lay(scene.lead, scene.kind, scene.model.z.slice());
    this.carried = false;
    this.show();
    scene.rest();
    // A walk is told of when it has ended.
    if (scene.paths.walking) return;
    const state = this.state();
    if (JSON.stringify(state) === JSON.stringify(this.sent)) return;
    this.sent = state;
    this.send(state);
  }

  // What is looked at, as Python is told of it.
  state() {
    const { model, kind, look, heat, paths } = this.scene;
    return { lead: model.name, plane: kind, z: [...model.z], same: this.same, look: look.kind, heat: heat.kind, path: paths.state() };
  }

  reset() {
    if (!this.scene) return;
    this.seize();
    this.scene.mark(null);
    this.start(this.home);
  }

  resize() {
    if (!this.scene) return;
    this.scene.resize();
    this.scene.show(...this.point);
    this.restSoon();
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
    const shown = models.map(({ name, shown: z }, i) => ({ name, z: Float32Array.from(z), pixels: Float32Array.from(panes.values(i)) }));
    const { a0, a1, b0, b1 } = this.plane;
    const { kind, nearest } = this.scene;
    return { point: [...this.point], extent: [a0, a1, b0, b1], plane: kind, nearest: nearest.shown, models: shown, ...shown[lead] };
  }

  stats() {
    const decoders = this.scene.models.map(({ decoder }) => decoder);
    const macs = decoders.reduce((sum, decoder) => sum + decoder.macs, 0);
    const where = decoders.map((decoder) => decoder.where);
    const drawing = this.frame !== 0;
    // Whether an image, a figure or a message to Python that a gesture has led to is still to come.
    const pending = drawing || this.timer !== 0 || this.scene.pending;
    return { ...this.meter.stats(), drawing, pending, tilesLeft: this.scene.tiles.left, stripsLeft: this.scene.bank.left, macs, where };
  }

  destroy() {
    this.unlisten();
    this.observer.disconnect();
    this.ratio.onchange = null;
    // What is stopped asks for a rest, which there will be none of.
    this.scene?.stop();
    this.scene = null;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }
}

function sameBut(a, b, field) {
  const rest = ({ about }) => JSON.stringify({ ...about, [field]: null });
  return rest(a) === rest(b) && a.names.every((name) => sameValues(a.tensor(name), b.tensor(name)));
}

const mounted = mounting((parent) => new Pad(parent));

export default function mount(call) {
  return mounted(call);
}
