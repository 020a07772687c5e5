import { buildNetwork } from "../../base/runtime/network.js";

// Off the main thread: { program } comes first, then { stamp, code }, each answered by { stamp, values }.
let network = null;

addEventListener("message", ({ data: { program, stamp, code } }) => {
  if (program) {
    network = buildNetwork(program);
    return;
  }
  network.inputs.z.set(code);
  network.run();
  const values = network.outputs.mean.slice();
  postMessage({ stamp, values }, [values.buffer]);
});
