const CONTROLS = "button, select, input";

// Rebuilds the controls of a root. If one of them had the focus, the one at the same position has it afterwards.
export function rebuildKeepingFocus(root, rebuild) {
  const at = [...root.querySelectorAll(CONTROLS)].indexOf(root.getRootNode().activeElement);
  rebuild(root);
  if (at < 0) return;
  const radios = root.querySelectorAll("[role=radio]");
  const chosen = [...radios].find((radio) => radio.getAttribute("aria-checked") === "true");
  // In a radio group the checked button gets the focus.
  const next = at < radios.length ? chosen : root.querySelectorAll(CONTROLS)[at];
  next?.focus();
}
