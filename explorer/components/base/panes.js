import { markerPath, svgPath } from "./markers.js";
import { ImageCanvas } from "./image_canvas.js";

// The decoded images, one pane per model. With several models and `onLead`, a click on a pane makes its model the lead model.
export class Panes {
  /**
   * @param {HTMLElement} root
   * @param {ModelMark[]} models
   * @param {Painter} painter
   * @param {((index: number) => void) | null} [onLead]
   */
  constructor(root, models, painter, onLead = null) {
    const choose = models.length > 1 ? onLead : null;
    this.root = root;
    this.panes = models.map((model, index) => {
      const pane = document.createElement("article");
      pane.className = "pane";
      pane.style.setProperty("--model", model.colour);
      const title = document.createElement(choose ? "button" : "header");
      title.className = "title";
      title.append(icon(model), model.title);
      const canvas = document.createElement("canvas");
      canvas.className = "image-canvas";
      canvas.setAttribute("role", "img");
      if (choose && title instanceof HTMLButtonElement) {
        title.type = "button";
        title.title = `Drag on the plane of ${model.title}`;
        for (const part of [title, canvas]) part.addEventListener("click", () => choose(index));
      }
      const note = Object.assign(document.createElement("p"), { className: "note" });
      pane.append(title, canvas, note);
      return { pane, title, canvas, note, canvasImage: new ImageCanvas(canvas, painter) };
    });
    root.dataset.count = String(models.length);
    root.replaceChildren(...this.panes.map(({ pane }) => pane));
  }

  /** @param {number} index */
  lead(index) {
    this.panes.forEach(({ pane, title }, i) => {
      pane.toggleAttribute("data-lead", i === index);
      if (this.panes.length > 1) title.setAttribute("aria-pressed", String(i === index));
    });
  }

  /**
   * @param {number} index
   * @param {Float32Array} values
   */
  draw(index, values) {
    this.panes[index].canvasImage.draw(values);
  }

  // Sets the note below an image.
  /**
   * @param {number} index
   * @param {string} text
   */
  setNote(index, text) {
    this.panes[index].note.textContent = text;
  }

  /** @param {number} index */
  values(index) {
    return this.panes[index].canvasImage.values;
  }

  /** @param {string} text */
  announce(text) {
    for (const { canvas, title, canvasImage } of this.panes) {
      const said = canvasImage.painter.text(canvasImage.values);
      canvas.setAttribute("aria-label", `${title.textContent}: ${said ? `${said}, ` : ""}${text}`);
    }
  }
}

/** @param {ModelMark} mark */
function icon({ marker, colour }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "-7 -7 14 14");
  svg.setAttribute("aria-hidden", "true");
  const path = svgPath(markerPath(marker, 5.5), "icon");
  path.setAttribute("fill", colour);
  svg.append(path);
  return svg;
}
