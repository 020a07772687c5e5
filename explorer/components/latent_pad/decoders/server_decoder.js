import { DRAG, IMAGES, ServerConnection } from "./server_connection.js";

// Decodes on the server, for models that the page cannot run or that are too heavy for it.
export class ServerDecoder {
  // about: { name, sampling, macs }; server: { address, token }
  /**
   * @param {{ name: string, sampling: any, macs: number }} about
   * @param {DecoderServer} server
   * @param {OnProblem} onProblem
   */
  constructor({ name, sampling, macs }, server, onProblem) {
    this.where = "server";
    this.depth = 4;
    this.sampling = sampling;
    this.macs = macs;
    this.connection = new ServerConnection(name, server, onProblem);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decode(z, done) {
    this.connection.decode(DRAG, z, done);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decodeQueued(z, done) {
    this.connection.decode(IMAGES, z, done);
  }

  stop() {
    this.connection.stop();
  }
}
