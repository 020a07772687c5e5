// The directions that the user has saved for a model, in the browser's local storage. Without local storage they last until the
// page is closed. `original` is the vector of a direction before it was made orthogonal; it is stored as `whole`.

const MAX_DIRECTIONS = 64;
const MAX_NAME_LENGTH = 40;

/** @param {{ name: string, identity: string }} model */
const storageKey = ({ name, identity }) => `latent-explorer:directions:${name}:${identity}`;

/**
 * @param {{ name: string, identity: string, latent: number }} model
 * @returns {Direction[]}
 */
export function loadDirections(model) {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey(model)) ?? "[]");
    /** @param {any} values */
    const fits = (values) => Array.isArray(values) && values.length === model.latent && values.every(Number.isFinite);
    /** @param {any} one */
    const isValid = (one) => typeof one?.name === "string" && fits(one.vector) && (!one.whole || fits(one.whole));
    /** @type {{ name: string, vector: number[], whole?: number[] }[]} */
    const valid = stored.filter(isValid).slice(0, MAX_DIRECTIONS);
    return valid.map(({ name, vector, whole }) => ({
      name: name.slice(0, MAX_NAME_LENGTH),
      vector: Float32Array.from(vector),
      original: whole && Float32Array.from(whole),
    }));
  } catch {
    return [];
  }
}

/**
 * @param {{ name: string, identity: string }} model
 * @param {Direction[]} directions
 */
export function saveDirections(model, directions) {
  const plain = directions.map(({ name, vector, original }) => ({ name, vector: [...vector], whole: original && [...original] }));
  try {
    localStorage.setItem(storageKey(model), JSON.stringify(plain));
  } catch {
    // The browser stores nothing for this page, for example in private mode.
  }
}
