// Viridis (Smith & van der Walt 2015) by nine of its colours, which lie even in lightness; linear between them.
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"].map(parse);

export function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// A share of 0 to 1 as [red, green, blue], 0 to 255.
export function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return VIRIDIS[low].map((from, i) => Math.round(from + (at - low) * (VIRIDIS[low + 1][i] - from)));
}

export const gradient = `linear-gradient(to right, ${VIRIDIS.map((colour) => `rgb(${colour})`).join(", ")})`;
