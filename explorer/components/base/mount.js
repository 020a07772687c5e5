// How Streamlit calls a component: on mounting, on new data and on a change of theme. create(parent) makes what lives on the page,
// with update(data, send) and destroy(); it outlives the calls. send(state) tells Python.
export function mounting(create) {
  const alive = new WeakMap();
  return ({ data, parentElement, setStateValue }) => {
    let entry = alive.get(parentElement);
    if (!entry) {
      entry = { made: create(parentElement), turn: 0 };
      alive.set(parentElement, entry);
    }
    const turn = ++entry.turn;
    entry.made.update(data, (state) => setStateValue("state", state));
    return () => {
      // A call that was overtaken by a later one is cleaned up after it.
      if (turn !== entry.turn) return;
      entry.made.destroy();
      alive.delete(parentElement);
    };
  };
}
