// Directions that a person has kept of a model, in the browser's own storage; without one they last as long as the page.

const address = ({ name, identity }) => `latent-explorer:directions:${name}:${identity}`;

export function known(model) {
  try {
    const found = JSON.parse(localStorage.getItem(address(model)) ?? "[]");
    const typed = (values) => values && Float32Array.from(values);
    const fits = ({ name, vector }) => typeof name === "string" && vector?.length === model.latent && vector.every(Number.isFinite);
    return found.filter(fits).map(({ name, vector, whole }) => ({ name, vector: typed(vector), whole: typed(whole) }));
  } catch {
    return [];
  }
}

export function keep(model, directions) {
  const plain = directions.map(({ name, vector, whole }) => ({ name, vector: [...vector], whole: whole && [...whole] }));
  try {
    localStorage.setItem(address(model), JSON.stringify(plain));
  } catch {
    // A browser that keeps nothing for this page, as one in private mode.
  }
}
