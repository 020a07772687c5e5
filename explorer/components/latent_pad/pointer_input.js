// Turns pointer and key events on the plane into calls: move(a, b, entered, happened) during a drag, commit() at its end,
// reset().

const GRAB_RADIUS = 22;
const SMALL_STEPS = 100;
const BIG_STEPS = 10;
// A mouse may report its position a thousand times a second; this is the shortest time between two handled events.
const MIN_INTERVAL_MS = 10;

/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// `pad` has plane, point, prediction, move, commit, commitSoon, stopPlayback, togglePlayback and reset. Returns a function that
// removes the listeners.
/**
 * @param {HTMLElement} surface
 * @param {any} pad
 */
export function listen(surface, pad) {
  const controller = new AbortController();
  /**
   * @param {string} name
   * @param {(event: any) => void} handler
   */
  const on = (name, handler) => surface.addEventListener(name, handler, { signal: controller.signal });
  /** @type {number | null} */
  let pointer = null;
  /** @type {any} */
  let box = null;
  let grabX = 0;
  let grabY = 0;
  let lastX = 0;
  let lastY = 0;
  let lastTime = 0;

  /**
   * @param {PointerEvent} event
   * @param {number} entered
   */
  const follow = (event, entered) => {
    [lastX, lastY, lastTime] = [event.clientX, event.clientY, event.timeStamp];
    const { plane } = pad;
    const a = plane.a((event.clientX - grabX - box.left) / box.width);
    const b = plane.b((event.clientY - grabY - box.top) / box.height);
    pad.prediction.addMove(a, b, event.timeStamp);
    pad.move(a, b, entered, event.timeStamp);
  };

  on("pointerdown", (event) => {
    const entered = performance.now();
    if (!pad.currentScene || pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    surface.setPointerCapture(event.pointerId);
    box = surface.getBoundingClientRect();
    const { plane, point } = pad;
    grabX = event.clientX - box.left - plane.across(point[0]) * box.width;
    grabY = event.clientY - box.top - plane.down(point[1]) * box.height;
    // If the handle is grabbed off its centre, it keeps that distance to the pointer. If it is not grabbed, it jumps to the
    // pointer.
    if (Math.hypot(grabX, grabY) > GRAB_RADIUS) grabX = grabY = 0;
    pad.stopPlayback();
    surface.dataset.dragging = "";
    follow(event, entered);
  });

  on("pointermove", (event) => {
    const entered = performance.now();
    if (event.pointerId === pointer && (event.clientX !== lastX || event.clientY !== lastY)) follow(event, entered);
  });

  // If another thread or the server decodes, requests are sent immediately; the event above is only sent once per frame.
  on("pointerrawupdate", (event) => {
    const entered = performance.now();
    if (event.pointerId === pointer && pad.decodesRemotely && event.timeStamp - lastTime >= MIN_INTERVAL_MS) follow(event, entered);
  });

  /** @param {PointerEvent} event */
  const release = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    delete surface.dataset.dragging;
    pad.commit();
  };
  on("pointerup", release);
  on("pointercancel", release);
  on("lostpointercapture", release);

  on("keydown", (event) => {
    const entered = performance.now();
    if (!pad.currentScene || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Home" || event.key === "Escape") {
      pad.reset();
    } else if (event.key === " ") {
      if (pointer === null && !event.repeat) pad.togglePlayback();
    } else if (event.key in ARROWS) {
      pad.stopPlayback();
      const { plane, point } = pad;
      const steps = event.shiftKey ? BIG_STEPS : SMALL_STEPS;
      const [x, y] = ARROWS[event.key];
      const to = plane.clamp([
        point[0] + (x * (plane.a1 - plane.a0)) / steps,
        point[1] + (y * (plane.b1 - plane.b0)) / steps,
      ]);
      pad.move(to[0], to[1], entered, event.timeStamp);
    } else {
      return;
    }
    event.preventDefault();
    pad.commitSoon();
  });

  return () => controller.abort();
}
