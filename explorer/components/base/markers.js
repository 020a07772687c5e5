/** @type {Record<string, (r: number) => string>} */
const SHAPES = {
  circle: (r) => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`,
  square: (r) => `M${-r * 0.9} ${-r * 0.9}H${r * 0.9}V${r * 0.9}H${-r * 0.9}Z`,
  diamond: (r) => `M0 ${-r * 1.25}L${r * 1.25} 0L0 ${r * 1.25}L${-r * 1.25} 0Z`,
  pentagon: (r) => polygon(5, () => r * 1.15),
  hexagon: (r) => polygon(6, () => r * 1.15),
  cross: (r) => `M${-r * 0.45} ${-r * 1.2}H${r * 0.45}V${-r * 0.45}H${r * 1.2}V${r * 0.45}H${r * 0.45}V${r * 1.2}H${-r * 0.45}V${r * 0.45}H${-r * 1.2}V${-r * 0.45}H${-r * 0.45}Z`,
  star: (r) => polygon(10, (/** @type {number} */ i) => r * (i % 2 ? 0.6 : 1.35)),
  triangle: (r) => `M0 ${-r * 1.2}L${r * 1.15} ${r * 0.85}H${-r * 1.15}Z`,
};

// A closed polygon whose first corner is at the top.
/**
 * @param {number} corners
 * @param {(i: number) => number} radius
 */
function polygon(corners, radius) {
  const angle = (/** @type {number} */ i) => (2 * Math.PI * i) / corners - Math.PI / 2;
  const corner = (/** @type {unknown} */ _, /** @type {number} */ i) => `${radius(i) * Math.cos(angle(i))} ${radius(i) * Math.sin(angle(i))}`;
  return `M${Array.from({ length: corners }, corner).join("L")}Z`;
}

// A model's marker as an SVG path centred on (0, 0).
/**
 * @param {string} marker
 * @param {number} radius
 */
export function markerPath(marker, radius) {
  return (SHAPES[marker] ?? SHAPES.circle)(radius);
}

/**
 * @param {string} d
 * @param {string} className
 */
export function svgPath(d, className) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  path.setAttribute("class", className);
  return path;
}
