import { startInlineWorker } from "../../base/inline_worker.js";
import { NO_FURTHER_INPUTS } from "../../base/runtime/further_inputs.js";
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
    this.further = NO_FURTHER_INPUTS;
    this.number = 0;
    /** @type {Map<number, { code: Float32Array, done: ReceiveImage, further: FurtherInputs }>} */
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
   * @param {FurtherInputs} [further]
   */
  decode(z, done, further = this.further) {
    if (!this.worker) return this.page.decode(z, done, further);
    const code = Float32Array.from(z);
    this.waiting.set(++this.number, { code, done, further });
    this.worker.postMessage({ number: this.number, code, further });
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
    for (const { code, done, further } of pending) this.page.decode(code, (values) => done(values.slice()), further);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {FurtherInputs} [further]
   */
  decodeQueued(z, done, further) {
    this.decode(z, done, further);
  }

  stop() {
    this.waiting.clear();
    this.worker?.terminate();
  }
}
