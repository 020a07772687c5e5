import { setCondition } from "../../base/runtime/condition.js";

// Decodes synchronously on the page's own thread.
export class PageDecoder {
  /** @param {Network} network */
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.sampling = network.draw;
    this.macs = network.macs;
    /** @type {number | null} */
    this.condition = null;
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {number | null} [condition]
   */
  decode(z, done, condition = this.condition) {
    this.network.inputs.z.set(z);
    setCondition(this.network, condition);
    this.network.run();
    done(this.network.outputs.mean);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {number | null} [condition]
   */
  decodeQueued(z, done, condition) {
    this.decode(z, done, condition);
  }

  stop() {}
}
