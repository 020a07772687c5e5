import tokens from "../tokens.json" with { type: "json" };

// The colours that canvases are drawn in, by the theme that CSS has: { scheme, classes: [[fill, outline]], plain }.
export function readTheme(root) {
  const { color, backgroundColor } = getComputedStyle(root);
  const scheme = luminance(backgroundColor) < luminance(color) ? "dark" : "light";
  // An outline between the class's colour and the text's keeps pale dots apart from the ground.
  const outlined = (fill) => [fill, `color-mix(in srgb, ${fill} 60%, ${color})`];
  return { scheme, classes: tokens.classes[scheme].map(outlined), plain: outlined(`color-mix(in srgb, ${color} 55%, ${backgroundColor})`) };
}

function luminance(colour) {
  const [r = 255, g = 255, b = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
