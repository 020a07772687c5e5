// Moves, and frames, further apart than this are those of a hand that rests in between.
const REST_MS = 34;
const FURTHEST_MS = 8;

// How a hand moves, for the frames that no move of it has come for: a screen is drawn 60 times a second or more often, and a hand
// tells of itself about as often, not in step. Such a frame carries on as the last two moves went, by half of the last one at
// most; the move after it, or the hand's rest, puts the point right.
export class Motion {
  constructor() {
    this.stop();
  }

  moved(a, b, time) {
    this.before = this.last;
    this.last = { a, b, time };
  }

  // Where the hand would be by now, or null where it seems to rest.
  at(now) {
    const { before, last } = this;
    if (!before || now - last.time > REST_MS) return null;
    const took = last.time - before.time;
    if (took <= 0 || took > REST_MS) return null;
    const share = Math.min(Math.max(0, now - last.time), FURTHEST_MS, took / 2) / took;
    return [last.a + share * (last.a - before.a), last.b + share * (last.b - before.b)];
  }

  // The hand lets go, or begins anew.
  stop() {
    this.before = this.last = null;
  }
}
