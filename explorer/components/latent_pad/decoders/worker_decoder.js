import { startInlineWorker } from "../../base/inline_worker.js";
import source from "./decode_worker.js?worker";

// Decodes in a web worker. If the browser cannot start one, the page itself decodes.
export class WorkerDecoder {
  /**
   * @param {Uint8Array} program
   * @param {import("./page_decoder.js").PageDecoder} page
   */
  constructor(program, page) {
    this.where = "worker";
    this.depth = 1;
    this.sampling = page.sampling;
    this.macs = page.macs;
    this.page = page;
    /** @type {number | null} */
    this.condition = null;
    this.number = 0;
    /** @type {Map<number, { code: Float32Array, done: ReceiveImage, condition: number | null }>} */
    this.waiting = new Map();
    /** @type {Worker | null} */
    this.worker = null;
    try {
      this.worker = startInlineWorker(source);
    } catch {
      this.fallBackToPage();
      return;
    }
    this.worker.onmessage = ({ data: { number, values } }) => this.receive(number, values);
    this.worker.onerror = () => this.fallBackToPage();
    this.worker.postMessage({ program });
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {number | null} [condition]
   */
  decode(z, done, condition = this.condition) {
    if (!this.worker) return this.page.decode(z, done, condition);
    const code = Float32Array.from(z);
    this.waiting.set(++this.number, { code, done, condition });
    this.worker.postMessage({ number: this.number, code, condition });
  }

  /**
   * @param {number} number
   * @param {Float32Array} values
   */
  receive(number, values) {
    const pending = this.waiting.get(number);
    this.waiting.delete(number);
    pending?.done(values);
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

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {number | null} [condition]
   */
  decodeQueued(z, done, condition) {
    this.decode(z, done, condition);
  }

  stop() {
    this.waiting.clear();
    this.worker?.terminate();
  }
}
