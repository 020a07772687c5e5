import { buildNetwork } from "../../base/runtime/network.js";
import { PageDecoder } from "./page_decoder.js";
import { ServerDecoder } from "./server_decoder.js";
import { WorkerDecoder } from "./worker_decoder.js";

// A decode that takes longer than this is done off the page's own thread, so that pointer events are never late.
const PAGE_MS = 8;
// The first runs of a network are slow: the browser compiles as it goes.
const TRIES = 12;

// What decodes a model's codes: { where, draw, macs, depth, decode(z, then), decodeAtRest(z, then), stop() }. `then(values)` is called
// at once where the page itself decodes, on memory that is good until the next call, else once there is an answer; never after
// `stop`, nor where a newer `decode` has overtaken the code of a hand. `depth`: how many gestures may be under way at once.
//
// about: the model, with `where` it is to be decoded; server: { address, token } of the decoder route; onTrouble(sentence or "").
export function openDecoder(about, program, server, onTrouble) {
  if (about.where === "server") return new ServerDecoder(about, server, onTrouble);
  const network = buildNetwork(program);
  const slow = about.where === "worker" || (about.where === "auto" && usual(network) > PAGE_MS);
  const page = new PageDecoder(network);
  return slow ? new WorkerDecoder(program, page) : page;
}

// Milliseconds of a run: the best of some, and of no more than are needed to know that it is fast enough.
function usual(network) {
  let best = Infinity;
  for (let i = 0; i < TRIES && best > PAGE_MS; i++) {
    const started = performance.now();
    network.run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
