// What explorer.components.message writes for a component: { about, names, tensor(name) }, as of `readTensors`.

import { readTensors } from "./safetensors.js";

/**
 * @param {Uint8Array} bytes
 * @returns {Message}
 */
export function readMessage(bytes) {
  return readTensors(bytes, "about", "message to this page");
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
export function sameValues(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
