// Images among the points: numbered marks over a canvas, to be pointed at and clicked.
export const ownNames = (names) => names.map((name, i) => `Your image ${i + 1}: ${name}`);

export class Probes {
  // root: an element that covers the canvas
  // names: what each is called
  constructor(root, names, onChoose) {
    this.marks = names.map((name, i) => {
      const mark = document.createElement("button");
      mark.type = "button";
      mark.className = "probe";
      mark.textContent = i + 1;
      mark.title = name;
      mark.setAttribute("aria-label", name);
      // The canvas below would take it for the start of a drag.
      for (const kind of ["pointerdown", "keydown"]) mark.addEventListener(kind, (event) => event.stopPropagation());
      mark.addEventListener("click", () => onChoose(i));
      return mark;
    });
    root.replaceChildren(...this.marks);
  }

  // x, y: shares of the width from the left and of the height from the top
  place(i, x, y) {
    const { style } = this.marks[i];
    style.left = `${100 * x}%`;
    style.top = `${100 * y}%`;
    this.marks[i].hidden = !(x >= 0 && x <= 1 && y >= 0 && y <= 1);
  }
}
