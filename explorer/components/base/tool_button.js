// A button for an action. title: a description of the action.
export function toolButton(textContent, title, onClick) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "tool", textContent, title });
  button.addEventListener("click", onClick);
  return button;
}
