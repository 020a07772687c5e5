const CONTROLS = "button, select, input";

// Makes the controls of a root anew; the one that has the focus, by its place, has it afterwards.
export function keepingFocus(root, remake) {
  const at = [...root.querySelectorAll(CONTROLS)].indexOf(root.getRootNode().activeElement);
  remake(root);
  if (at < 0) return;
  const radios = root.querySelectorAll("[role=radio]");
  const chosen = [...radios].find((radio) => radio.getAttribute("aria-checked") === "true");
  // Within a group of radios the one that is chosen.
  const next = at < radios.length ? chosen : root.querySelectorAll(CONTROLS)[at];
  next?.focus();
}
