import designTokens from "../../design_tokens.json";

// Nine colours of viridis (Smith & van der Walt 2015), evenly spaced in lightness; colours between them are interpolated
// linearly.
const VIRIDIS = designTokens.amounts.map(parse);

/** @param {string} hex */
export function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// The colour of a value from 0 to 1 as [red, green, blue], 0 to 255.
/**
 * @param {number} share
 * @returns {Colour}
 */
export function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return VIRIDIS[low].map((from, i) => Math.round(from + (at - low) * (VIRIDIS[low + 1][i] - from)));
}

// The part of viridis whose contrast with the theme's background is at least 3 to 1. It is used for dots, which lie directly on
// that background.
const READABLE = { light: [0, 0.6], dark: [0.35, 1] };

/**
 * @param {number} share
 * @param {Scheme} scheme
 */
export function amountColour(share, scheme) {
  const [from, to] = READABLE[scheme];
  return viridis(from + (to - from) * Math.min(Math.max(share, 0), 1));
}

// A CSS gradient. colour: a function from a value, 0 to 1, to [red, green, blue].
/** @param {(share: number) => Colour} colour */
export function gradient(colour) {
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${colour(i / 8)})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
