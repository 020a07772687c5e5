// Adapts a component to Streamlit, which calls its function on mounting, on new data and on a change of theme. create(parent)
// returns an object with update(data, send) and destroy(), which lives until the component is removed. send(state) reports the
// state to Python.
/**
 * @param {(parent: HTMLElement) => Component} create
 * @returns {(call: MountCall) => () => void}
 */
export function componentMount(create) {
  /** @type {WeakMap<HTMLElement, { component: Component, call: number }>} */
  const alive = new WeakMap();
  return ({ data, parentElement, setStateValue }) => {
    const entry = alive.get(parentElement) ?? { component: create(parentElement), call: 0 };
    alive.set(parentElement, entry);
    const call = ++entry.call;
    entry.component.update(data, (state) => setStateValue("state", state));
    return () => {
      // An earlier call is cleaned up after a later one has begun; only the cleanup of the last call counts.
      if (call !== entry.call) return;
      entry.component.destroy();
      alive.delete(parentElement);
    };
  };
}
