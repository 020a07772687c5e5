import designTokens from "../../design_tokens.json";

// The colours for canvases, from the theme in CSS: { scheme, classes: [[fill, outline]], plain }.
/**
 * @param {HTMLElement} root
 * @returns {Theme}
 */
export function readTheme(root) {
  const { color, backgroundColor } = getComputedStyle(root);
  const scheme = luminance(backgroundColor) < luminance(color) ? "dark" : "light";
  // An outline between the class's colour and the text colour separates pale dots from the background.
  /** @param {string} fill */
  const outlined = (fill) => [fill, `color-mix(in srgb, ${fill} 60%, ${color})`];
  return { scheme, classes: designTokens.classes[scheme].map(outlined), plain: outlined(`color-mix(in srgb, ${color} 55%, ${backgroundColor})`) };
}

/** @param {string} colour */
function luminance(colour) {
  const [r = 255, g = 255, b = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
