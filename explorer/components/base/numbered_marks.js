// Numbered marks over a canvas for images of special interest. Each can be hovered and clicked.
/** @param {string[]} names */
export const uploadNames = (names) => names.map((name, i) => `Your image ${i + 1}: ${name}`);

export class NumberedMarks {
  // root: an element that covers the canvas
  //
  // names: the name of each image
  /**
   * @param {HTMLElement} root
   * @param {string[]} names
   * @param {(index: number) => void} onChoose
   */
  constructor(root, names, onChoose) {
    this.marks = names.map((name, i) => {
      const mark = document.createElement("button");
      mark.type = "button";
      mark.className = "numbered-mark";
      mark.textContent = String(i + 1);
      mark.title = name;
      mark.setAttribute("aria-label", name);
      // Without this, the canvas below would start a drag.
      for (const kind of ["pointerdown", "keydown"]) mark.addEventListener(kind, (event) => event.stopPropagation());
      mark.addEventListener("click", () => onChoose(i));
      return mark;
    });
    root.replaceChildren(...this.marks);
  }

  // x, y: position as shares of the width from the left and of the height from the top
  /**
   * @param {number} i
   * @param {number} x
   * @param {number} y
   */
  place(i, x, y) {
    const { style } = this.marks[i];
    style.left = `${100 * x}%`;
    style.top = `${100 * y}%`;
    this.marks[i].hidden = !(x >= 0 && x <= 1 && y >= 0 && y <= 1);
  }
}
