// A button that is on or off; `pressed` says which, and onClick may answer with what it is now.
export function makeSwitch(name, pressed, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(Object.assign(document.createElement("span"), { className: "switch" }), name);
  button.setAttribute("aria-pressed", pressed);
  button.addEventListener("click", () => {
    const now = onClick();
    if (now !== undefined) button.setAttribute("aria-pressed", now);
  });
  return button;
}

// Switches for layers: [[name, element]].
export function layerSwitches(root, layers) {
  // The attribute, since an SVG has no such property.
  const toggle = (element) => () => !element.toggleAttribute("hidden");
  root.replaceChildren(...layers.map(([name, element]) => makeSwitch(name, !element.hasAttribute("hidden"), toggle(element))));
}
