// Runs small pieces of work in idle time between frames, and none while the user drags.

const SLICE_MS = 6;

/** @type {(call: IdleRequestCallback, options?: IdleRequestOptions) => number} */
const idle = globalThis.requestIdleCallback ?? ((call) => setTimeout(() => call({ didTimeout: false, timeRemaining: () => SLICE_MS }), 16));
const cancelIdle = globalThis.cancelIdleCallback ?? clearTimeout;

export class IdleQueue {
  // step(done) runs one piece and calls done(hasMore), immediately or later. busy() says whether to wait until `resume` is
  // called again.
  /**
   * @param {(done: (hasMore: boolean) => void) => void} step
   * @param {() => boolean} busy
   */
  constructor(step, busy) {
    this.step = step;
    this.busy = busy;
    this.handle = 0;
  }

  resume() {
    if (!this.handle) this.handle = idle((deadline) => this.slice(deadline), { timeout: 100 });
  }

  /** @param {IdleDeadline} deadline */
  slice(deadline) {
    this.handle = 0;
    if (this.busy()) return;
    const until = performance.now() + Math.min(SLICE_MS, Math.max(deadline.timeRemaining(), 1));
    for (let more = true, answered = true; more && answered; ) {
      if (performance.now() >= until) return this.resume();
      let synchronous = true;
      answered = false;
      this.step((hasMore) => {
        [more, answered] = [hasMore, true];
        if (!synchronous && hasMore) this.resume();
      });
      synchronous = false;
    }
  }

  stop() {
    cancelIdle(this.handle);
    this.handle = 0;
  }
}
