// A button for an action. title: a description of the action.
/**
 * @param {string} textContent
 * @param {string} title
 * @param {() => void} onClick
 */
export function toolButton(textContent, title, onClick) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "tool", textContent, title });
  button.addEventListener("click", onClick);
  return button;
}
