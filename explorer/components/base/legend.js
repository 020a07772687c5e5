// Largest number of buttons; the other classes are counted.
const MAX_BUTTONS = 300;

// The legend of the classes, which is also a filter. The first click shows only one class; further clicks add or remove
// classes; with none selected, all are shown.
export class Legend {
  /**
   * @param {HTMLElement} root
   * @param {string[]} names
   * @param {() => void} onChange
   */
  constructor(root, names, onChange) {
    this.names = names;
    this.chosen = new Set();
    this.onChange = onChange;
    /** @type {HTMLElement[]} */
    this.swatches = [];
    this.buttons = names.slice(0, MAX_BUTTONS).map((name, label) => {
      const button = document.createElement("button");
      button.type = "button";
      const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
      this.swatches.push(swatch);
      button.append(swatch, name);
      button.addEventListener("click", () => this.toggle(label));
      return button;
    });
    const more = names.length - this.buttons.length;
    root.replaceChildren(...this.buttons, ...(more ? [`and ${more.toLocaleString("en")} more`] : []));
    this.mark();
  }

  /** @param {number} label */
  shows(label) {
    return this.chosen.size === 0 || this.chosen.has(label);
  }

  /** @param {number} label */
  toggle(label) {
    if (!this.chosen.delete(label)) this.chosen.add(label);
    if (this.chosen.size === this.names.length) this.chosen.clear();
    this.mark();
    this.onChange();
  }

  mark() {
    this.buttons.forEach((button, label) => button.setAttribute("aria-pressed", String(this.shows(label))));
  }

  /** @param {DotColours[]} colours */
  paint(colours) {
    this.swatches.forEach((swatch, label) => {
      const [fill, outline] = colours[label % colours.length];
      Object.assign(swatch.style, { background: fill, borderColor: outline });
    });
  }
}
