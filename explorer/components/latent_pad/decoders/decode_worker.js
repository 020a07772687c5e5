import { setFurtherInputs } from "../../base/runtime/further_inputs.js";
import { buildNetwork } from "../../base/runtime/network.js";

// A web worker that decodes. The first message is { program }; each further message, { number, code, further }, is answered by
// { number, values }.
/** @type {Network | null} */
let network = null;

addEventListener("message", ({ data: { program, number, code, further } }) => {
  if (program) {
    network = buildNetwork(program);
    return;
  }
  if (!network) return;
  network.inputs.z.set(code);
  setFurtherInputs(network, further);
  network.run();
  const values = network.outputs.mean.slice();
  postMessage({ number, values }, { transfer: [values.buffer] });
});
