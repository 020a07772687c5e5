// The images of one gesture in all models, drawn together: no frame mixes those of two. While answers are awaited the newest
// gesture waits, and those between are dropped.
export class Frames {
  // decoders: as `openDecoder` gives them; draw(codes, values, about): the values of model i, or undefined where the page itself
  // decodes it
  constructor(decoders, draw) {
    Object.assign(this, { decoders, draw, under: new Map(), next: null, stamp: 0, drawn: 0 });
  }

  // codes: one of each model; they are copied where they have to be kept.
  ask(codes, about) {
    if (!this.away.length) return this.draw(codes, [], about);
    this.next = { codes: codes.map((code) => code.slice()), about };
    this.send();
  }

  // Which models the page does not decode itself.
  get away() {
    return this.decoders.flatMap(({ where }, i) => (where === "page" ? [] : [i]));
  }

  // Whether images have been asked for that are not drawn yet.
  get pending() {
    return this.next !== null || this.under.size > 0;
  }

  send() {
    const { away } = this;
    if (!away.length) return this.drawNext();
    const depth = Math.min(...away.map((i) => this.decoders[i].depth));
    while (this.next && this.under.size < depth) {
      const frame = { ...this.next, stamp: ++this.stamp, values: [], left: away.length };
      this.next = null;
      this.under.set(frame.stamp, frame);
      for (const i of away) this.decoders[i].decode(frame.codes[i], (values) => this.take(frame, i, values));
    }
  }

  // The last one that was waited for has given its work to the page.
  drawNext() {
    const { next } = this;
    this.next = null;
    if (next) this.draw(next.codes, [], next.about);
  }

  take(frame, i, values) {
    frame.values[i] = values;
    if (--frame.left || frame.stamp < this.drawn) return;
    this.drawn = frame.stamp;
    for (const stamp of this.under.keys()) if (stamp <= frame.stamp) this.under.delete(stamp);
    this.draw(frame.codes, frame.values, frame.about);
    this.send();
  }
}
