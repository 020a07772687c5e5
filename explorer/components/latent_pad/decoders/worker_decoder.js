import { startInlineWorker } from "../../base/inline_worker.js";
import source from "./decode_worker.js" with { type: "worker" };

// Decodes in a web worker. If the browser cannot start one, the page itself decodes.
export class WorkerDecoder {
  constructor(program, page) {
    Object.assign(this, { where: "worker", depth: 1, sampling: page.sampling, macs: page.macs, page, condition: null, number: 0, waiting: new Map() });
    try {
      this.worker = startInlineWorker(source);
    } catch {
      return this.fallBackToPage();
    }
    this.worker.onmessage = ({ data: { number, values } }) => this.receive(number, values);
    this.worker.onerror = () => this.fallBackToPage();
    this.worker.postMessage({ program });
  }

  decode(z, done, condition = this.condition) {
    if (!this.worker) return this.page.decode(z, done, condition);
    const code = Float32Array.from(z);
    this.waiting.set(++this.number, { code, done, condition });
    this.worker.postMessage({ number: this.number, code, condition });
  }

  receive(number, values) {
    const { done } = this.waiting.get(number);
    this.waiting.delete(number);
    done(values);
  }

  fallBackToPage() {
    this.where = "page";
    this.worker?.terminate();
    this.worker = null;
    const pending = [...this.waiting.values()];
    this.waiting.clear();
    // The values are copied, since a worker's replies are copies as well.
    for (const { code, done, condition } of pending) this.page.decode(code, (values) => done(values.slice()), condition);
  }

  decodeQueued(z, done, condition) {
    this.decode(z, done, condition);
  }

  stop() {
    this.waiting.clear();
    this.worker?.terminate();
  }
}
