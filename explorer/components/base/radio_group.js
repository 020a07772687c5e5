// A group of radio buttons side by side. choices: name -> [title, explanation]. Returns { element, use(name) }.
/**
 * @param {string} label
 * @param {Record<string, string[]>} choices
 * @param {string} chosen
 * @param {(name: string) => void} onChoose
 */
export function makeRadioGroup(label, choices, chosen, onChoose) {
  const element = document.createElement("div");
  element.className = "radio-group";
  element.setAttribute("role", "radiogroup");
  element.setAttribute("aria-label", label);
  const names = Object.keys(choices);
  const buttons = names.map((name, i) => {
    const [title, about] = choices[name];
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: title, title: about });
    button.setAttribute("role", "radio");
    button.addEventListener("click", () => choose(name));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (i + step + names.length) % names.length;
      buttons[next].focus();
      choose(names[next]);
    });
    return button;
  });
  const about = Object.assign(document.createElement("p"), { className: "about" });
  /** @param {string} name */
  const use = (name) => {
    names.forEach((other, i) => {
      buttons[i].setAttribute("aria-checked", String(other === name));
      buttons[i].tabIndex = other === name ? 0 : -1;
    });
    about.textContent = choices[name][1];
  };
  /** @param {string} name */
  const choose = (name) => {
    use(name);
    onChoose(name);
  };
  const row = Object.assign(document.createElement("div"), { className: "options" });
  row.append(...buttons);
  element.append(row, about);
  use(chosen);
  return { element, use };
}
