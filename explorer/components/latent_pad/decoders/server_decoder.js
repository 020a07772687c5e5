import { DRAG, IMAGES, ServerConnection } from "./server_connection.js";

// Decodes on the server, for models that the page cannot run or that are too heavy for it.
export class ServerDecoder {
  // about: { name, latent, sampling, macs }; server: { address, token }
  /**
   * @param {{ name: string, latent: number, sampling: any, macs: number }} about
   * @param {DecoderServer} server
   * @param {OnProblem} onProblem
   */
  constructor({ name, latent, sampling, macs }, server, onProblem) {
    this.where = "server";
    this.depth = 4;
    this.sampling = sampling;
    this.macs = macs;
    /** @type {number | null} */
    this.condition = null;
    this.connection = new ServerConnection(name, latent, server, onProblem);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decode(z, done) {
    this.connection.decode(DRAG, z, this.condition, done);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {number | null} [condition]
   */
  decodeQueued(z, done, condition = this.condition) {
    this.connection.decode(IMAGES, z, condition, done);
  }

  stop() {
    this.connection.stop();
  }
}
