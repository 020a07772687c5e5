import tokens from "../tokens.json" with { type: "json" };

// Viridis (Smith & van der Walt 2015) by nine of its colours, which lie even in lightness; linear between them.
const VIRIDIS = tokens.amounts.map(parse);

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
