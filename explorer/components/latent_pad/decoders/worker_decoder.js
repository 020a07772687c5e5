import { background } from "../../base/background.js";
import source from "./decode_worker.js" with { type: "worker" };

// Decodes in a worker of the page; where the browser starts none, on the page itself.
export class WorkerDecoder {
  constructor(program, page) {
    Object.assign(this, { where: "worker", depth: 1, draw: page.draw, macs: page.macs, page, stamp: 0, waiting: new Map() });
    try {
      this.worker = background(source);
    } catch {
      return this.giveUp();
    }
    this.worker.onmessage = ({ data: { stamp, values } }) => this.take(stamp, values);
    this.worker.onerror = () => this.giveUp();
    this.worker.postMessage({ program });
  }

  decode(z, then) {
    if (!this.worker) return this.page.decode(z, then);
    const code = Float32Array.from(z);
    this.waiting.set(++this.stamp, { code, then });
    this.worker.postMessage({ stamp: this.stamp, code });
  }

  take(stamp, values) {
    const { then } = this.waiting.get(stamp);
    this.waiting.delete(stamp);
    then(values);
  }

  giveUp() {
    this.where = "page";
    this.worker?.terminate();
    this.worker = null;
    const left = [...this.waiting.values()];
    this.waiting.clear();
    // Copies, as a worker's answers are.
    for (const { code, then } of left) this.page.decode(code, (values) => then(values.slice()));
  }

  decodeAtRest(z, then) {
    this.decode(z, then);
  }

  stop() {
    this.waiting.clear();
    this.worker?.terminate();
  }
}
