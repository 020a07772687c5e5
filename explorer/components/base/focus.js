const CONTROLS = "button, select, input";

// Rebuilds the controls of a root. If one of them had the focus, the one at the same position has it afterwards.
/**
 * @param {HTMLElement} root
 * @param {(root: HTMLElement) => void} rebuild
 */
export function rebuildKeepingFocus(root, rebuild) {
  const { activeElement } = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  const controls = () => [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(CONTROLS))];
  const at = controls().findIndex((control) => control === activeElement);
  rebuild(root);
  if (at < 0) return;
  const radios = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[role=radio]"));
  const chosen = [...radios].find((radio) => radio.getAttribute("aria-checked") === "true");
  // In a radio group the checked button gets the focus.
  const next = at < radios.length ? chosen : controls()[at];
  next?.focus();
}
