import { setFurtherInputs } from "../../base/runtime/further_inputs.js";
import { buildNetwork } from "../../base/runtime/network.js";
import { ServerConnection } from "../decoders/server_connection.js";
import { spaceOf } from "../space.js";
import { FIELDS } from "./fields.js";

// A web worker that computes overlays. { model } describes the model; { number, kind, plane, columns, rows, further } requests a
// field on a grid, which is sent row by row as { number, row, values }, or as { number, problem } if it fails. A later request
// replaces one that is in progress.
/** @type {any} */
let model = null;
let latest = 0;

/** @typedef {Record<"a0" | "a1" | "b0" | "b1", number> & Record<"origin" | "u" | "v", Float32Array>} GridPlane */

const pause = () => new Promise((go) => setTimeout(go));

/** @param {{ number: number, kind: string, plane: GridPlane, columns: number, rows: number, further: FurtherInputs }} request */
async function compute({ number, kind, plane, columns, rows, further }) {
  /** @param {Float32Array} codes */
  const squaredDistances = (codes) => model.squaredDistances(codes, further);
  const field = FIELDS[kind]({ ...model, plane, squaredDistances });
  const { origin, u, v, a0, a1, b0, b1 } = plane;
  for (let row = 0; row < rows; row++) {
    const b = b1 - ((row + 0.5) / rows) * (b1 - b0);
    const codes = Array.from({ length: columns }, (_, column) => {
      const a = a0 + ((column + 0.5) / columns) * (a1 - a0);
      return model.space.onto(origin.map((value, i) => value + a * u[i] + b * v[i]), u, v);
    });
    postMessage({ number, row, values: await field(codes) });
    await pause();
    if (number !== latest) return;
  }
}

/** @param {any} model */
function withDistances({ program, server, name, ...rest }) {
  /** @param {string} sentence */
  const problem = (sentence) => sentence && postMessage({ number: latest, problem: sentence });
  if (server) {
    const connection = new ServerConnection({ name, latent: rest.latent, details: rest.details }, server, problem);
    /**
     * @param {Float32Array} codes
     * @param {FurtherInputs} further
     */
    const distances = (codes, further) => connection.squaredDistances(codes, further);
    return { ...rest, squaredDistances: distances };
  }
  const network = buildNetwork(program);
  /** @param {Float32Array} z */
  const image = (z) => {
    network.inputs.z.set(z);
    network.run();
    return network.outputs.mean;
  };
  /**
   * @param {Float32Array} codes
   * @param {FurtherInputs} further
   */
  const distances = (codes, further) => {
    setFurtherInputs(network, further);
    return squaredDistances(codes, rest.latent, image);
  };
  return { ...rest, squaredDistances: distances };
}

// As on the server: the squared distances between the images of codes 1 and 2, of codes 3 and 4, and so on.
/**
 * @param {Float32Array} codes
 * @param {number} latent
 * @param {(z: Float32Array) => Float32Array} image
 */
function squaredDistances(codes, latent, image) {
  return Float32Array.from({ length: codes.length / latent / 2 }, (_, pair) => {
    /** @param {number} k */
    const code = (k) => codes.subarray((2 * pair + k) * latent, (2 * pair + k + 1) * latent);
    const first = image(code(0)).slice();
    return image(code(1)).reduce((sum, value, i) => sum + (value - first[i]) ** 2, 0);
  });
}

addEventListener("message", ({ data }) => {
  if (data.model) model = withDistances({ ...data.model, space: spaceOf(data.model.space) });
  else {
    latest = data.number;
    // An error thrown outside of the promise reaches the page.
    compute(data).catch((error) => setTimeout(() => { throw error; }));
  }
});
