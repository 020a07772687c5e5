// The network program that vae_core.export writes: "LXNP", version, header length (uint32, little-endian), JSON, blob.

const MAGIC = 0x504e584c;
const VERSION = 2;
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

  // The array with this index as float32. It is copied because its bytes may not be aligned.
  const array = (index) => {
    const { at, shape, type } = header.arrays[index];
    const count = size(shape);
    const width = type === "float16" ? 2 : 4;
    const from = bytes.byteOffset + start + at;
    const raw = bytes.buffer.slice(from, from + count * width);
    return type === "float16" ? widen(new Uint16Array(raw)) : new Float32Array(raw);
  };
  // Weights of shape (outputs, ...), multiplied by the scale of each output.
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

export function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

// The values of all float16 numbers, indexed by their bits.
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits & 0x8000 ? -magnitude : magnitude;
});

// Converts the bits of float16 numbers to float32.
export function widen(halves) {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = HALVES[halves[i]];
  return out;
}
