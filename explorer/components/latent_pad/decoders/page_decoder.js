// Decodes on the page's own thread, at once.
export class PageDecoder {
  constructor(network) {
    this.where = "page";
    this.depth = 1;
    this.network = network;
    this.draw = network.draw;
    this.macs = network.macs;
  }

  decode(z, then) {
    this.network.inputs.z.set(z);
    this.network.run();
    then(this.network.outputs.mean);
  }

  decodeAtRest(z, then) {
    this.decode(z, then);
  }

  stop() {}
}
