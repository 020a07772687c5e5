import { quantile } from "./numbers.js";

// How fast the pad is, measured on the last frames: ring buffers, filled without allocating.

const KEPT = 4096;
// A longer gap between two frames is a rest of the hand, not a slow frame.
const REST_MS = 250;
const RECENT = 30;

export class Meter {
  constructor() {
    this.frames = 0;
    this.between = 0;
    this.decode = new Float64Array(KEPT);
    this.handled = new Float64Array(KEPT);
    this.reached = new Float64Array(KEPT);
    this.gaps = new Float64Array(KEPT);
    this.last = -Infinity;
  }

  // All in milliseconds: the decode itself, from the handler's entry to drawn pixels, from the event to drawn pixels.
  record(now, decodeMs, handledMs, reachedMs) {
    const at = this.frames % KEPT;
    this.decode[at] = decodeMs;
    this.handled[at] = handledMs;
    this.reached[at] = reachedMs;
    this.gaps[at] = now - this.last;
    this.last = now;
    this.frames++;
  }

  // A frame between two events, which carries on as these went.
  recordBetween(now, decodeMs) {
    this.between++;
    this.record(now, decodeMs, NaN, NaN);
  }

  // Of the last frames that followed each other; 0 where there are too few.
  framesPerSecond() {
    let sum = 0;
    let count = 0;
    for (let i = this.frames - 1; i >= Math.max(1, this.frames - RECENT); i--) {
      const gap = this.gaps[i % KEPT];
      if (gap > REST_MS) break;
      sum += gap;
      count++;
    }
    return count >= 5 ? (1000 * count) / sum : 0;
  }

  recentDecode() {
    const from = Math.max(0, this.frames - RECENT);
    let sum = 0;
    for (let i = from; i < this.frames; i++) sum += this.decode[i % KEPT];
    return sum / (this.frames - from);
  }

  recent(ring) {
    const count = Math.min(this.frames, KEPT);
    return Array.from({ length: count }, (_, i) => ring[(this.frames - count + i) % KEPT]).filter((ms) => !Number.isNaN(ms));
  }

  stats() {
    const pair = (ring) => ({ p50: quantile(this.recent(ring), 0.5), p95: quantile(this.recent(ring), 0.95) });
    return {
      frames: this.frames,
      between: this.between,
      framesPerSecond: this.framesPerSecond(),
      decode: pair(this.decode),
      handlerToPixels: pair(this.handled),
      eventToPixels: pair(this.reached),
    };
  }
}
