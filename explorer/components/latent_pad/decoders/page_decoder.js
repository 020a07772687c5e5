import { NO_FURTHER_INPUTS, setFurtherInputs } from "../../base/runtime/further_inputs.js";

// Decodes synchronously on the page's own thread.
export class PageDecoder {
  /** @param {Network} network */
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.sampling = network.draw;
    this.macs = network.macs;
    this.further = NO_FURTHER_INPUTS;
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {FurtherInputs} [further]
   */
  decode(z, done, further = this.further) {
    this.network.inputs.z.set(z);
    setFurtherInputs(this.network, further);
    this.network.run();
    done(this.network.outputs.mean);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {FurtherInputs} [further]
   */
  decodeQueued(z, done, further) {
    this.decode(z, done, further);
  }

  stop() {}
}
