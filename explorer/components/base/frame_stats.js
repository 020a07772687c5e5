import { quantile } from "./numbers.js";

// Frame times of the last frames, in ring buffers that are filled without allocating memory.

const SIZE = 4096;
// A longer gap between two frames means that the user paused, not that a frame was slow.
const PAUSE_MS = 250;
const RECENT = 30;

export class FrameStats {
  constructor() {
    this.frames = 0;
    this.between = 0;
    this.decode = new Float64Array(SIZE);
    this.handled = new Float64Array(SIZE);
    this.reached = new Float64Array(SIZE);
    this.gaps = new Float64Array(SIZE);
    this.last = -Infinity;
  }

  // All times are in milliseconds: the decode itself, from the event handler's start to drawn pixels, and from the event to
  // drawn pixels.
  /**
   * @param {number} now
   * @param {number} decodeMs
   * @param {number} handledMs
   * @param {number} reachedMs
   */
  record(now, decodeMs, handledMs, reachedMs) {
    const at = this.frames % SIZE;
    this.decode[at] = decodeMs;
    this.handled[at] = handledMs;
    this.reached[at] = reachedMs;
    this.gaps[at] = now - this.last;
    this.last = now;
    this.frames++;
  }

  // Records a frame between two pointer events, at a predicted position.
  /**
   * @param {number} now
   * @param {number} decodeMs
   */
  recordBetween(now, decodeMs) {
    this.between++;
    this.record(now, decodeMs, NaN, NaN);
  }

  // The frame rate over the last consecutive frames; 0 if there are too few.
  framesPerSecond() {
    let sum = 0;
    let count = 0;
    for (let i = this.frames - 1; i >= Math.max(1, this.frames - RECENT); i--) {
      const gap = this.gaps[i % SIZE];
      if (gap > PAUSE_MS) break;
      sum += gap;
      count++;
    }
    return count >= 5 ? (1000 * count) / sum : 0;
  }

  recentDecode() {
    const from = Math.max(0, this.frames - RECENT);
    let sum = 0;
    for (let i = from; i < this.frames; i++) sum += this.decode[i % SIZE];
    return sum / (this.frames - from);
  }

  /** @param {Float64Array} ring */
  recent(ring) {
    const count = Math.min(this.frames, SIZE);
    return Array.from({ length: count }, (_, i) => ring[(this.frames - count + i) % SIZE]).filter((ms) => !Number.isNaN(ms));
  }

  stats() {
    /** @param {Float64Array} ring */
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
