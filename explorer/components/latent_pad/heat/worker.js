import { buildNetwork } from "../../base/runtime/network.js";
import { FIELDS } from "./fields.js";

// Off the main thread: { model } is what is known of it; { stamp, kind, plane, columns, rows } asks for a field on a grid, which
// is told row by row, { stamp, row, values }. A later request takes the place of one that is under way.
let model = null;
let latest = 0;

const pause = () => new Promise((go) => setTimeout(go));

async function paint({ stamp, kind, plane, columns, rows }) {
  const field = FIELDS[kind]({ ...model, plane });
  const { origin, u, v, a0, a1, b0, b1 } = plane;
  for (let row = 0; row < rows; row++) {
    const b = b1 - ((row + 0.5) / rows) * (b1 - b0);
    const values = Float64Array.from({ length: columns }, (_, column) => {
      const a = a0 + ((column + 0.5) / columns) * (a1 - a0);
      return field(origin.map((value, i) => value + a * u[i] + b * v[i]));
    });
    postMessage({ stamp, row, values });
    await pause();
    if (stamp !== latest) return;
  }
}

function known({ program, ...rest }) {
  const network = buildNetwork(program);
  const decode = (z) => {
    network.inputs.z.set(z);
    network.run();
    return network.outputs.mean;
  };
  return { ...rest, decode };
}

addEventListener("message", ({ data }) => {
  if (data.model) model = known(data.model);
  else {
    latest = data.stamp;
    // Thrown outside of the promise, it reaches the page.
    paint(data).catch((error) => setTimeout(() => { throw error; }));
  }
});
