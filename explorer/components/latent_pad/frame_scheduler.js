/** @typedef {{ codes: Float32Array[], details: Frame, number: number, values: Float32Array[], left: number }} Pending */

// Draws the images of all models for one pointer position together, so that no frame mixes two positions. While replies are
// pending, only the newest position waits; those in between are dropped.
export class FrameScheduler {
  // decoders: from `openDecoder`. draw(codes, values, details): called with the values of each model, which are undefined where
  // the page itself decodes.
  /**
   * @param {Decoder[]} decoders
   * @param {(codes: Float32Array[], values: Float32Array[], details: Frame) => void} draw
   */
  constructor(decoders, draw) {
    this.decoders = decoders;
    this.draw = draw;
    /** @type {Map<number, Pending>} */
    this.inFlight = new Map();
    /** @type {{ codes: Float32Array[], details: Frame } | null} */
    this.next = null;
    this.number = 0;
    this.lastDrawn = 0;
  }

  // codes: one for each model. They are copied if they have to be kept.
  /**
   * @param {Float32Array[]} codes
   * @param {Frame} details
   */
  request(codes, details) {
    if (!this.remote.length) return this.draw(codes, [], details);
    this.next = { codes: codes.map((code) => code.slice()), details };
    this.send();
  }

  // The indices of the models that the page does not decode itself.
  get remote() {
    return this.decoders.flatMap(({ where }, i) => (where === "page" ? [] : [i]));
  }

  // True while images have been requested that are not drawn yet.
  get pending() {
    return this.next !== null || this.inFlight.size > 0;
  }

  send() {
    const { remote } = this;
    if (!remote.length) return this.drawNext();
    const depth = Math.min(...remote.map((i) => this.decoders[i].depth));
    while (this.next && this.inFlight.size < depth) {
      /** @type {Pending} */
      const frame = { ...this.next, number: ++this.number, values: [], left: remote.length };
      this.next = null;
      this.inFlight.set(frame.number, frame);
      for (const i of remote) this.decoders[i].decode(frame.codes[i], (values) => this.receive(frame, i, values));
    }
  }

  // The last worker has handed its work over to the page, so the waiting frame is drawn here.
  drawNext() {
    const { next } = this;
    this.next = null;
    if (next) this.draw(next.codes, [], next.details);
  }

  /**
   * @param {Pending} frame
   * @param {number} i
   * @param {Float32Array} values
   */
  receive(frame, i, values) {
    frame.values[i] = values;
    if (--frame.left || frame.number < this.lastDrawn) return;
    this.lastDrawn = frame.number;
    for (const number of this.inFlight.keys()) if (number <= frame.number) this.inFlight.delete(number);
    this.draw(frame.codes, frame.values, frame.details);
    this.send();
  }
}
