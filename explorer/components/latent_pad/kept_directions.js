// Directions that a person has kept of a model, in the browser's own storage; without one they last as long as the page.

const MOST = 64;
const LONGEST_NAME = 40;

const address = ({ name, identity }) => `latent-explorer:directions:${name}:${identity}`;

export function known(model) {
  try {
    const found = JSON.parse(localStorage.getItem(address(model)) ?? "[]");
    const fits = (values) => Array.isArray(values) && values.length === model.latent && values.every(Number.isFinite);
    const sound = (one) => typeof one?.name === "string" && fits(one.vector) && (!one.whole || fits(one.whole));
    const typed = (values) => (values ? Float32Array.from(values) : undefined);
    return found
      .filter(sound)
      .slice(0, MOST)
      .map(({ name, vector, whole }) => ({ name: name.slice(0, LONGEST_NAME), vector: typed(vector), whole: typed(whole) }));
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
