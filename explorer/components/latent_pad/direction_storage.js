// The directions that the user has saved for a model, in the browser's local storage. Without local storage they last until the
// page is closed. `original` is the vector of a direction before it was made orthogonal; it is stored as `whole`.

const MAX_DIRECTIONS = 64;
const MAX_NAME_LENGTH = 40;

const storageKey = ({ name, identity }) => `latent-explorer:directions:${name}:${identity}`;

export function loadDirections(model) {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey(model)) ?? "[]");
    const fits = (values) => Array.isArray(values) && values.length === model.latent && values.every(Number.isFinite);
    const isValid = (one) => typeof one?.name === "string" && fits(one.vector) && (!one.whole || fits(one.whole));
    const asFloats = (values) => (values ? Float32Array.from(values) : undefined);
    return stored
      .filter(isValid)
      .slice(0, MAX_DIRECTIONS)
      .map(({ name, vector, whole }) => ({ name: name.slice(0, MAX_NAME_LENGTH), vector: asFloats(vector), original: asFloats(whole) }));
  } catch {
    return [];
  }
}

export function saveDirections(model, directions) {
  const plain = directions.map(({ name, vector, original }) => ({ name, vector: [...vector], whole: original && [...original] }));
  try {
    localStorage.setItem(storageKey(model), JSON.stringify(plain));
  } catch {
    // The browser stores nothing for this page, for example in private mode.
  }
}
