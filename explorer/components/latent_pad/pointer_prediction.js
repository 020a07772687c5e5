// If moves or frames are further apart than this, the pointer has paused.
const PAUSE_MS = 34;
const MAX_AHEAD_MS = 8;

// Predicts the pointer's position for frames without a new event. A screen is drawn 60 times a second or more, and a pointer
// reports its position about as often, but not in step. The prediction continues the last move, by half of its length at most;
// the next event, or the end of the drag, corrects it.
export class PointerPrediction {
  constructor() {
    /** @type {{ a: number, b: number, time: number } | null} */
    this.before = null;
    /** @type {{ a: number, b: number, time: number } | null} */
    this.last = null;
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {number} time
   */
  addMove(a, b, time) {
    this.before = this.last;
    this.last = { a, b, time };
  }

  // The predicted position, or null if the pointer seems to have paused.
  /**
   * @param {number} now
   * @returns {[number, number] | null}
   */
  at(now) {
    const { before, last } = this;
    if (!before || !last || now - last.time > PAUSE_MS) return null;
    const duration = last.time - before.time;
    if (duration <= 0 || duration > PAUSE_MS) return null;
    const share = Math.min(Math.max(0, now - last.time), MAX_AHEAD_MS, duration / 2) / duration;
    return [last.a + share * (last.a - before.a), last.b + share * (last.b - before.b)];
  }

  // Forgets all moves, at the start or the end of a drag.
  stop() {
    this.before = this.last = null;
  }
}
