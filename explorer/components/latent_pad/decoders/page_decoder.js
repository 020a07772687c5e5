import { setCondition } from "../../base/runtime/condition.js";

// Decodes synchronously on the page's own thread.
export class PageDecoder {
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.sampling = network.draw;
    this.macs = network.macs;
    this.condition = null;
  }

  decode(z, done, condition = this.condition) {
    this.network.inputs.z.set(z);
    setCondition(this.network, condition);
    this.network.run();
    done(this.network.outputs.mean);
  }

  decodeQueued(z, done, condition) {
    this.decode(z, done, condition);
  }

  stop() {}
}
