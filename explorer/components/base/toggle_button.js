// A button that is on or off, initially `pressed`. onClick may return its new state.
export function makeToggle(name, pressed, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(Object.assign(document.createElement("span"), { className: "toggle" }), name);
  button.setAttribute("aria-pressed", pressed);
  button.addEventListener("click", () => {
    const now = onClick();
    if (now !== undefined) button.setAttribute("aria-pressed", now);
  });
  return button;
}

// Toggle buttons that show and hide layers: [[name, element]].
export function layerToggles(root, layers) {
  // The attribute is used because an SVG element has no `hidden` property.
  const toggle = (element) => () => !element.toggleAttribute("hidden");
  root.replaceChildren(...layers.map(([name, element]) => makeToggle(name, !element.hasAttribute("hidden"), toggle(element))));
}
