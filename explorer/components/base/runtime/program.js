// The network program that vae_core.export writes: "LXNP", version, header length (uint32, little-endian), JSON, blob.

const MAGIC = 0x504e584c;
const VERSION = 1;
const ALIGNMENT = 16;

export function parseProgram(bytes) {
  if (bytes.byteLength < 12) throw new Error("The network program is cut short.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error("These bytes are not a network program.");
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new Error(`The network program has version ${version}; this page reads ${VERSION}.`);
  const length = view.getUint32(8, true);
  if (12 + length > bytes.byteLength) throw new Error("The network program is cut short.");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length)));
  const start = Math.ceil((12 + length) / ALIGNMENT) * ALIGNMENT;
  if (start + header.blob > bytes.byteLength) throw new Error("The network program is cut short.");

  // The array of that number as float32; a copy, since the bytes need not be aligned.
  const array = (index) => {
    const { at, shape, type } = header.arrays[index];
    const count = size(shape);
    const width = type === "float16" ? 2 : 4;
    const from = bytes.byteOffset + start + at;
    const raw = bytes.buffer.slice(from, from + count * width);
    return type === "float16" ? widen(new Uint16Array(raw)) : new Float32Array(raw);
  };
  return { header, array };
}

export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

function widen(halves) {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const bits = halves[i];
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    out[i] = bits & 0x8000 ? -magnitude : magnitude;
  }
  return out;
}
