// A button that is on or off, initially `pressed`. onClick may return its new state.
/**
 * @param {string} name
 * @param {boolean} pressed
 * @param {() => boolean | void} onClick
 */
export function makeToggle(name, pressed, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(Object.assign(document.createElement("span"), { className: "toggle" }), name);
  button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => {
    const now = onClick();
    if (now !== undefined) button.setAttribute("aria-pressed", String(now));
  });
  return button;
}

// Toggle buttons that show and hide layers: [[name, element]].
/**
 * @param {HTMLElement} root
 * @param {[string, Element][]} layers
 */
export function layerToggles(root, layers) {
  // The attribute is used because an SVG element has no `hidden` property.
  /** @param {Element} element */
  const toggle = (element) => () => !element.toggleAttribute("hidden");
  root.replaceChildren(...layers.map(([name, element]) => makeToggle(name, !element.hasAttribute("hidden"), toggle(element))));
}
