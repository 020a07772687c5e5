import { widen } from "../../base/halves.js";

// Kinds of requests, as in explorer.web.decoder_socket. Of the DRAG requests only the newest is answered.
export const DRAG = 0;
export const IMAGES = 1;
const DISTANCES = 2;

const HEADER = 8;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

// A connection to the server for one model, over a WebSocket that is reopened when it breaks.
export class ServerConnection {
  // details: the number of dimensions below the top code. server: { address, token }. onProblem: called with a sentence, or with ""
  // when the problem is over.
  /**
   * @param {{ name: string, latent: number, details: number }} model
   * @param {DecoderServer} server
   * @param {OnProblem} onProblem
   */
  constructor({ name, latent, details }, server, onProblem) {
    this.name = name;
    this.latent = latent;
    this.details = details;
    this.server = server;
    this.onProblem = onProblem;
    this.number = 0;
    /** @type {Map<number, { kind: number, message: ArrayBuffer, receive: (bytes: ArrayBuffer) => void }>} */
    this.waiting = new Map();
    this.ready = false;
    this.closed = false;
    this.retryMs = FIRST_RETRY_MS;
    this.socket = this.connect();
  }

  // kind: DRAG or IMAGES.
  /**
   * @param {number} kind
   * @param {Float32Array} z
   * @param {FurtherInputs} further
   * @param {ReceiveImage} done
   */
  decode(kind, z, further, done) {
    this.request(kind, this.rows(z, further), (bytes) => done(widen(new Uint16Array(bytes))));
  }

  // The squared distances between the images of codes 1 and 2, of codes 3 and 4, and so on.
  /**
   * @param {Float32Array} codes
   * @param {FurtherInputs} further
   * @returns {Promise<Float32Array>}
   */
  squaredDistances(codes, further) {
    return new Promise((done) => this.request(DISTANCES, this.rows(codes, further), (bytes) => done(new Float32Array(bytes))));
  }

  // Codes each followed by the class that the model is given and by the details, as the server takes them.
  /**
   * @param {Float32Array} codes
   * @param {FurtherInputs} further
   */
  rows(codes, { condition, details }) {
    const { latent } = this;
    const after = [...(condition === null ? [] : [condition]), ...(details ?? new Float32Array(this.details))];
    if (!after.length) return codes;
    const length = latent + after.length;
    const rows = new Float32Array((codes.length / latent) * length);
    for (let row = 0; row * latent < codes.length; row++) {
      rows.set(codes.slice(row * latent, (row + 1) * latent), row * length);
      rows.set(after, row * length + latent);
    }
    return rows;
  }

  /**
   * @param {number} kind
   * @param {Float32Array} floats
   * @param {(bytes: ArrayBuffer) => void} receive
   */
  request(kind, floats, receive) {
    const number = ++this.number;
    const message = new ArrayBuffer(HEADER + 4 * floats.length);
    new Uint32Array(message, 0, 2).set([number, kind]);
    new Float32Array(message, HEADER).set(floats);
    this.waiting.set(number, { kind, message, receive });
    if (this.ready) this.socket.send(message);
    else this.dropSuperseded(number, kind);
  }

  connect() {
    const socket = new WebSocket(this.server.address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ token: this.server.token, model: this.name }));
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.receiveStatus(JSON.parse(data)) : this.receiveReply(data));
    socket.onclose = () => this.reconnectLater();
    return socket;
  }

  /** @param {{ ready: boolean, error: string }} status */
  receiveStatus({ ready, error }) {
    if (!ready) {
      this.closed = true;
      return this.onProblem(error);
    }
    this.ready = true;
    this.retryMs = FIRST_RETRY_MS;
    this.onProblem("");
    for (const { message } of this.waiting.values()) this.socket.send(message);
  }

  /** @param {ArrayBuffer} data */
  receiveReply(data) {
    const [number] = new Uint32Array(data, 0, 1);
    const pending = this.waiting.get(number);
    if (!pending) return;
    this.waiting.delete(number);
    this.dropSuperseded(number, pending.kind);
    pending.receive(data.slice(HEADER));
  }

  reconnectLater() {
    this.ready = false;
    if (this.closed) return;
    this.onProblem("The server that decodes this model cannot be reached; trying again.");
    this.timer = setTimeout(() => (this.socket = this.connect()), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }

  // DRAG requests before this one need no reply any more.
  /**
   * @param {number} number
   * @param {number} kind
   */
  dropSuperseded(number, kind) {
    if (kind !== DRAG) return;
    for (const [other, { kind: otherKind }] of this.waiting) if (otherKind === DRAG && other < number) this.waiting.delete(other);
  }

  stop() {
    this.closed = true;
    clearTimeout(this.timer);
    this.waiting.clear();
    this.socket.close();
  }
}
