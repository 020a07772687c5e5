// Turns pointer, wheel and key events on the map into calls on `map`: pan, zoom, hover, leave, pick, lasso (with the path so
// far, and whether it is done).

const CLICK_PX = 4;
const KEY_PX = 40;
const KEY_ZOOM = 1.25;

/**
 * @param {HTMLElement} field
 * @param {any} map
 */
export function listen(field, map) {
  const controller = new AbortController();
  /**
   * @param {string} name
   * @param {(event: any) => void} handler
   * @param {AddEventListenerOptions} [options]
   */
  const on = (name, handler, options = {}) => field.addEventListener(name, handler, { signal: controller.signal, ...options });
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** @type {any} */
  let box = null;
  /** @type {Point[] | null} */
  let path = null;
  let moved = 0;

  /**
   * @param {PointerEvent | WheelEvent} event
   * @returns {Point}
   */
  const position = (event) => [event.clientX - box.left, event.clientY - box.top];
  const pinch = () => {
    const [a, b] = [...fingers.values()];
    return { span: Math.hypot(a[0] - b[0], a[1] - b[1]), x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 };
  };

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    box = field.getBoundingClientRect();
    field.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, position(event));
    moved = fingers.size > 1 ? Infinity : 0;
    path = fingers.size === 1 && (map.mode === "lasso" || event.shiftKey) ? [position(event)] : null;
    map.leave();
  });

  on("pointermove", (event) => {
    if (!fingers.size || !fingers.has(event.pointerId)) {
      if (event.pointerType === "mouse") {
        box = field.getBoundingClientRect();
        map.hover(...position(event), event.timeStamp);
      }
      return;
    }
    const [x, y] = position(event);
    const [x0, y0] = fingers.get(event.pointerId) ?? [x, y];
    moved += Math.hypot(x - x0, y - y0);
    if (fingers.size > 1) {
      const before = pinch();
      fingers.set(event.pointerId, [x, y]);
      const after = pinch();
      map.pan(after.x - before.x, after.y - before.y);
      if (before.span > 0) map.zoom(after.x, after.y, after.span / before.span);
      return;
    }
    fingers.set(event.pointerId, [x, y]);
    if (path) {
      path.push([x, y]);
      map.lasso(path, false);
    } else if (moved > CLICK_PX) {
      map.pan(x - x0, y - y0, event.timeStamp);
    }
  });

  /** @param {PointerEvent} event */
  const release = (event) => {
    const last = fingers.get(event.pointerId);
    if (!last || !fingers.delete(event.pointerId) || fingers.size) return;
    if (event.type === "pointercancel") map.lasso(null, true);
    else if (moved <= CLICK_PX) map.pick(...last, event.pointerType);
    else if (path) map.lasso(path, true);
    path = null;
  };
  on("pointerup", release);
  on("pointercancel", release);
  on("pointerleave", () => map.leave());

  on(
    "wheel",
    (event) => {
      event.preventDefault();
      box = field.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 16 : 1;
      map.zoom(...position(event), Math.exp(-Math.min(Math.max(event.deltaY * lines, -240), 240) / 400), event.timeStamp);
    },
    { passive: false },
  );
  on("dblclick", () => map.fit());

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => map.pan(KEY_PX, 0),
    ArrowRight: () => map.pan(-KEY_PX, 0),
    ArrowUp: () => map.pan(0, KEY_PX),
    ArrowDown: () => map.pan(0, -KEY_PX),
    "+": () => map.zoomMiddle(KEY_ZOOM),
    "=": () => map.zoomMiddle(KEY_ZOOM),
    "-": () => map.zoomMiddle(1 / KEY_ZOOM),
    "0": () => map.fit(),
    Enter: () => map.pickMiddle(),
    Escape: () => map.clear(),
  };
  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    keys[event.key]();
    event.preventDefault();
  });

  return () => controller.abort();
}
