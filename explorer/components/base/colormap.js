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

// The part of it whose colours stand out from the ground of the theme by 3 to 1: for dots, which have no ground of their own.
const READABLE = { light: [0, 0.6], dark: [0.35, 1] };

export function amountColour(share, scheme) {
  const [from, to] = READABLE[scheme];
  return viridis(from + (to - from) * Math.min(Math.max(share, 0), 1));
}

// colour: share -> [red, green, blue]
export function gradient(colour) {
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${colour(i / 8)})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
