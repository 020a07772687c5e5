// What safetensors files hold: the length of a JSON header (uint64, little-endian), the header, the tensors' values.

import { widen } from "./halves.js";

/** @type {Record<string, any>} */
const TYPES = { F32: Float32Array, F16: Uint16Array, U16: Uint16Array, I32: Int32Array, U8: Uint8Array };

// The file that has a JSON text under `key` in its metadata: that text as `about`, the names of its tensors, and
// tensor(name) -> its values, float16 as Float32Array; none for a name that it does not have.
// what: how a message calls the bytes
/**
 * @param {Uint8Array} bytes
 * @param {string} key
 * @param {string} what
 * @returns {Message}
 */
export function readTensors(bytes, key, what) {
  const cut = new Error(`The ${what} is cut short.`);
  if (bytes.byteLength < 8) throw cut;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  // A header begins with a brace, also where the bytes end too soon.
  if (bytes.byteLength > 8 && bytes[8] !== 0x7b) throw new Error(`These bytes are not a ${what}.`);
  if (start > bytes.byteLength) throw cut;
  const { __metadata__: metadata, ...table } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  if (typeof metadata?.[key] !== "string") throw new Error(`These bytes are not a ${what}.`);
  const ends = Object.values(table).map(({ data_offsets: [, end] }) => end);
  if (start + Math.max(0, ...ends) > bytes.byteLength) throw cut;

  /** @param {string} name */
  const tensor = (name) => {
    if (!Object.hasOwn(table, name)) return new Float32Array(0);
    const { dtype, data_offsets: [from, to] } = table[name];
    // A copy: values may lie at any address, which a typed array other than of bytes may not.
    const copy = bytes.slice(start + from, start + to);
    const values = new TYPES[dtype](copy.buffer);
    return dtype === "F16" ? widen(values) : values;
  };
  return { about: JSON.parse(metadata[key]), names: Object.keys(table), tensor };
}
