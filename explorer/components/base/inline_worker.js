// Starts a web worker from the text of a script, so that the script needs no address of its own.
/** @param {string} source */
export function startInlineWorker(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  return worker;
}
