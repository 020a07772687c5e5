import { widen } from "../../base/halves.js";

// What is asked of the server, as explorer.services.decoding knows it. Of what a hand asks for, the newest alone is answered.
export const HAND = 0;
export const REST = 1;
const SQUARES = 2;

const HEADER = 8;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

// A model on the server, asked over a WebSocket that is opened anew when it breaks.
export class Remote {
  // server: { address, token }; onTrouble(sentence, or "" when it is over)
  constructor(name, server, onTrouble) {
    Object.assign(this, { name, server, onTrouble, stamp: 0, waiting: new Map(), ready: false, over: false, retryMs: FIRST_RETRY_MS });
    this.connect();
  }

  // kind: HAND or REST
  decode(kind, z, then) {
    this.ask(kind, z, (bytes) => then(widen(new Uint16Array(bytes))));
  }

  // The squared distances between the images of the first and the second of these codes, of the third and the fourth, ...
  squares(codes) {
    return new Promise((done) => this.ask(SQUARES, codes, (bytes) => done(new Float32Array(bytes))));
  }

  ask(kind, floats, take) {
    const stamp = ++this.stamp;
    const message = new ArrayBuffer(HEADER + 4 * floats.length);
    new Uint32Array(message, 0, 2).set([stamp, kind]);
    new Float32Array(message, HEADER).set(floats);
    this.waiting.set(stamp, { kind, message, take });
    if (this.ready) this.socket.send(message);
    else this.forgetOvertaken(stamp, kind);
  }

  connect() {
    this.socket = new WebSocket(this.server.address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.socket.send(JSON.stringify({ token: this.server.token, model: this.name }));
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.hear(JSON.parse(data)) : this.take(data));
    this.socket.onclose = () => this.lost();
  }

  hear({ ready, error }) {
    if (!ready) {
      this.over = true;
      return this.onTrouble(error);
    }
    this.ready = true;
    this.retryMs = FIRST_RETRY_MS;
    this.onTrouble("");
    for (const { message } of this.waiting.values()) this.socket.send(message);
  }

  take(data) {
    const [stamp] = new Uint32Array(data, 0, 1);
    const asked = this.waiting.get(stamp);
    if (!asked) return;
    this.waiting.delete(stamp);
    this.forgetOvertaken(stamp, asked.kind);
    asked.take(data.slice(HEADER));
  }

  lost() {
    this.ready = false;
    if (this.over) return;
    this.onTrouble("The server that decodes this model cannot be reached; trying again.");
    this.timer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }

  // The gestures that this one has overtaken need no answer.
  forgetOvertaken(stamp, kind) {
    if (kind !== HAND) return;
    for (const [other, { kind: of }] of this.waiting) if (of === HAND && other < stamp) this.waiting.delete(other);
  }

  stop() {
    this.over = true;
    clearTimeout(this.timer);
    this.waiting.clear();
    this.socket.close();
  }
}
