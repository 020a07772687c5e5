import { HAND, REST, Remote } from "./remote.js";

// Decodes on the server: for what the page cannot run, or what is too heavy for it.
export class ServerDecoder {
  // about: { name, drawing, macs }; server: { address, token }
  constructor({ name, drawing, macs }, server, onTrouble) {
    Object.assign(this, { where: "server", depth: 4, draw: drawing, macs });
    this.remote = new Remote(name, server, onTrouble);
  }

  decode(z, then) {
    this.remote.decode(HAND, z, then);
  }

  decodeAtRest(z, then) {
    this.remote.decode(REST, z, then);
  }

  stop() {
    this.remote.stop();
  }
}
