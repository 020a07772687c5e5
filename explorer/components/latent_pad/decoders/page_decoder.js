// Decodes synchronously on the page's own thread.
export class PageDecoder {
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.sampling = network.draw;
    this.macs = network.macs;
  }

  decode(z, done) {
    this.network.inputs.z.set(z);
    this.network.run();
    done(this.network.outputs.mean);
  }

  decodeQueued(z, done) {
    this.decode(z, done);
  }

  stop() {}
}
