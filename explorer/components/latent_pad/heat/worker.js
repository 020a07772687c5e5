import { buildNetwork } from "../../base/runtime/network.js";
import { Remote } from "../decoders/remote.js";
import { FIELDS } from "./fields.js";

// Off the main thread: { model } is what is known of it; { stamp, kind, plane, columns, rows } asks for a field on a grid, which
// is told row by row, { stamp, row, values }, or { stamp, trouble } where it cannot be. A later request takes the place of one that
// is under way.
let model = null;
let latest = 0;

const pause = () => new Promise((go) => setTimeout(go));

async function paint({ stamp, kind, plane, columns, rows }) {
  const field = FIELDS[kind]({ ...model, plane });
  const { origin, u, v, a0, a1, b0, b1 } = plane;
  for (let row = 0; row < rows; row++) {
    const b = b1 - ((row + 0.5) / rows) * (b1 - b0);
    const codes = Array.from({ length: columns }, (_, column) => {
      const a = a0 + ((column + 0.5) / columns) * (a1 - a0);
      return origin.map((value, i) => value + a * u[i] + b * v[i]);
    });
    postMessage({ stamp, row, values: await field(codes) });
    await pause();
    if (stamp !== latest) return;
  }
}

function known({ program, server, name, ...rest }) {
  const trouble = (sentence) => sentence && postMessage({ stamp: latest, trouble: sentence });
  if (server) {
    const remote = new Remote(name, server, trouble);
    return { ...rest, squares: (codes) => remote.squares(codes) };
  }
  const network = buildNetwork(program);
  const image = (z) => {
    network.inputs.z.set(z);
    network.run();
    return network.outputs.mean;
  };
  return { ...rest, squares: (codes) => squares(codes, rest.latent, image) };
}

// As the server tells them: between the images of the first and the second code, of the third and the fourth, ...
function squares(codes, latent, image) {
  return Float32Array.from({ length: codes.length / latent / 2 }, (_, pair) => {
    const code = (k) => codes.subarray((2 * pair + k) * latent, (2 * pair + k + 1) * latent);
    const first = image(code(0)).slice();
    return image(code(1)).reduce((sum, value, i) => sum + (value - first[i]) ** 2, 0);
  });
}

addEventListener("message", ({ data }) => {
  if (data.model) model = known(data.model);
  else {
    latest = data.stamp;
    // Thrown outside of the promise, it reaches the page.
    paint(data).catch((error) => setTimeout(() => { throw error; }));
  }
});
