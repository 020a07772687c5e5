// The network program that vae_core.export writes: a graph as JSON, and its weights by name.

import { readTensors } from "../safetensors.js";

const VERSION = 3;

/** @param {Uint8Array} bytes */
export function parseProgram(bytes) {
  const { about: header, tensor: array } = readTensors(bytes, "program", "network program");
  if (header.version !== VERSION) throw new Error(`The network program has version ${header.version}; this page reads ${VERSION}.`);

  // Weights of shape (outputs, ...), multiplied by the scale of each output.
  /** @param {ProgramNode} node */
  const weight = ({ arrays }) => {
    const values = array(arrays.weight);
    if (!("scale" in arrays)) return values;
    const scale = array(arrays.scale);
    const width = values.length / scale.length;
    for (let i = 0, at = 0; i < scale.length; i++) for (let j = 0; j < width; j++) values[at++] *= scale[i];
    return values;
  };
  return { header, array, weight };
}

/** @param {number[]} shape */
export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}
