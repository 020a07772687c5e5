import { NO_FURTHER_INPUTS } from "../../base/runtime/further_inputs.js";
import { DRAG, IMAGES, ServerConnection } from "./server_connection.js";

// Decodes on the server, for models that the page cannot run or that are too heavy for it.
export class ServerDecoder {
  // about: { name, latent, details, sampling, macs }; server: { address, token }
  /**
   * @param {{ name: string, latent: number, details: number, sampling: any, macs: number }} about
   * @param {DecoderServer} server
   * @param {OnProblem} onProblem
   */
  constructor({ name, latent, details, sampling, macs }, server, onProblem) {
    this.where = "server";
    this.depth = 4;
    this.sampling = sampling;
    this.macs = macs;
    this.further = NO_FURTHER_INPUTS;
    this.connection = new ServerConnection({ name, latent, details }, server, onProblem);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   */
  decode(z, done) {
    this.connection.decode(DRAG, z, this.further, done);
  }

  /**
   * @param {Float32Array} z
   * @param {ReceiveImage} done
   * @param {FurtherInputs} [further]
   */
  decodeQueued(z, done, further = this.further) {
    this.connection.decode(IMAGES, z, further, done);
  }

  stop() {
    this.connection.stop();
  }
}
