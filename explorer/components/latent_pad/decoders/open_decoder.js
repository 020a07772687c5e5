import { buildNetwork } from "../../base/runtime/network.js";
import { PageDecoder } from "./page_decoder.js";
import { ServerDecoder } from "./server_decoder.js";
import { WorkerDecoder } from "./worker_decoder.js";

// A decode that takes longer than this runs in a worker, so that the page handles pointer events on time.
const PAGE_MS = 8;
// The first runs of a network are slow because the browser is still compiling.
const TRIES = 12;

// Opens a decoder for a model: { where, sampling, macs, depth, further, decode(z, done), decodeQueued(z, done, further), stop() }.
// `further` are the inputs beside the code, which may be replaced at any time. `done(values)` is called synchronously
// if the page itself decodes, with memory that is valid until the next call; otherwise it is called when the reply arrives. It is
// never called after `stop`, nor by a `decode` that a newer one has superseded; `decodeQueued` requests are all answered. `depth`
// is the largest number of drag frames in flight.
//
// about: the model, with `where` it is to be decoded. server: { address, token } of the decoder route. onProblem: called with a
// sentence when decoding fails, and with "" when it works again.
/**
 * @param {{ name: string, where: string, latent: number, details: number, sampling: any, macs: number }} about
 * @param {Uint8Array} program
 * @param {DecoderServer} server
 * @param {OnProblem} onProblem
 * @returns {Decoder}
 */
export function openDecoder(about, program, server, onProblem) {
  if (about.where === "server") return new ServerDecoder(about, server, onProblem);
  const network = buildNetwork(program);
  const slow = about.where === "worker" || (about.where === "auto" && bestRunMs(network) > PAGE_MS);
  const page = new PageDecoder(network);
  return slow ? new WorkerDecoder(program, page) : page;
}

// The shortest time of several runs in milliseconds. It stops as soon as one run is fast enough.
/** @param {Network} network */
function bestRunMs(network) {
  let best = Infinity;
  for (let i = 0; i < TRIES && best > PAGE_MS; i++) {
    const started = performance.now();
    network.run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
