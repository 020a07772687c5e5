// Small pieces of work in the time that frames leave over, and none while a hand moves.

const SLICE_MS = 6;

const idle = globalThis.requestIdleCallback ?? ((call) => setTimeout(() => call({ timeRemaining: () => SLICE_MS }), 16));
const cancelIdle = globalThis.cancelIdleCallback ?? clearTimeout;

export class Leisure {
  // step(then) does a piece and says then(whether there are more), at once or later; busy() -> whether to wait until `resume` is
  // called again
  constructor(step, busy) {
    Object.assign(this, { step, busy, handle: 0 });
  }

  resume() {
    if (!this.handle) this.handle = idle((deadline) => this.slice(deadline), { timeout: 100 });
  }

  slice(deadline) {
    this.handle = 0;
    if (this.busy()) return;
    const until = performance.now() + Math.min(SLICE_MS, Math.max(deadline.timeRemaining(), 1));
    for (let more = true, answered = true; more && answered; ) {
      if (performance.now() >= until) return this.resume();
      let atOnce = true;
      answered = false;
      this.step((left) => {
        [more, answered] = [left, true];
        if (!atOnce && left) this.resume();
      });
      atOnce = false;
    }
  }

  stop() {
    cancelIdle(this.handle);
    this.handle = 0;
  }
}
