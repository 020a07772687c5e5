import { widen } from "./runtime/program.js";

// Reads what explorer.components.packing writes: { about, names, section(name) -> Uint8Array, shorts(name) -> Uint16Array,
// floats(name), halves(name) -> Float32Array }.

const MAGIC = 0x4b50584c;

export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 12 || view.getUint32(0, true) !== MAGIC) throw new Error("The component received data in an unknown format.");
  const length = view.getUint32(8, true);
  const { about, sections } = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + length)));
  const start = Math.ceil((12 + length) / 16) * 16;
  const section = (name) => {
    const [at, count] = sections[name] ?? [0, 0];
    // The section is copied because Streamlit's bytes may start at any address, but a Float32Array needs an aligned one.
    return bytes.slice(start + at, start + at + count);
  };
  const floats = (name) => new Float32Array(section(name).buffer);
  const shorts = (name) => new Uint16Array(section(name).buffer);
  const halves = (name) => widen(shorts(name));
  return { about, names: Object.keys(sections), section, shorts, floats, halves };
}

export function sameBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
