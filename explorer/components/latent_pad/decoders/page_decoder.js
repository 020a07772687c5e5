// Decodes synchronously on the page's own thread.
export class PageDecoder {
  /** @param {Network} network */
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.sampling = network.draw;
    this.macs = network.macs;
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decode(z, done) {
    this.network.inputs.z.set(z);
    this.network.run();
    done(this.network.outputs.mean);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decodeQueued(z, done) {
    this.decode(z, done);
  }

  stop() {}
}
