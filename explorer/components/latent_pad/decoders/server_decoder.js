import { DRAG, IMAGES, ServerConnection } from "./server_connection.js";

// Decodes on the server, for models that the page cannot run or that are too heavy for it.
export class ServerDecoder {
  // about: { name, latent, sampling, macs }; server: { address, token }
  constructor({ name, latent, sampling, macs }, server, onProblem) {
    Object.assign(this, { where: "server", depth: 4, sampling, macs, condition: null });
    this.connection = new ServerConnection(name, latent, server, onProblem);
  }

  decode(z, done) {
    this.connection.decode(DRAG, z, this.condition, done);
  }

  decodeQueued(z, done, condition = this.condition) {
    this.connection.decode(IMAGES, z, condition, done);
  }

  stop() {
    this.connection.stop();
  }
}
