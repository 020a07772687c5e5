// A button that does something at once; title says what.
export function toolButton(textContent, title, onClick) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "tool", textContent, title });
  button.addEventListener("click", onClick);
  return button;
}
