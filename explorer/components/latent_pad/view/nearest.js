import { context2d } from "../../base/context2d.js";
import { NumberBox } from "../../base/number_box.js";
import { formatNumber } from "../../base/numbers.js";

// The held-out image whose code is nearest to the handle: the original if its pixels are available, otherwise the image decoded
// from its code.
export class Nearest {
  // originals: uint8, the values of the first n images one after the other
  /**
   * @param {Root} root
   * @param {Painter} painter
   * @param {Uint8Array} originals
   * @param {(image: number) => string} nameOf
   * @param {(image: number) => void} onGo
   */
  constructor(root, painter, originals, nameOf, onGo) {
    this.root = root;
    this.painter = painter;
    this.originals = originals;
    this.nameOf = nameOf;
    this.canvas = root.querySelector("canvas");
    this.canvas.width = painter.width;
    this.canvas.height = painter.height;
    this.canvas.toggleAttribute("data-ink", painter.ink);
    this.context = context2d(this.canvas);
    this.values = new Float32Array(painter.size);
    this.label = document.createTextNode("");
    this.distance = new NumberBox();
    root.querySelector(".what").replaceChildren(this.label, this.distance.element);
    this.name = "";
    this.real = false;
    this.shown = -1;
    this.pending = false;
    root.querySelector(".go-to").onclick = () => onGo(this.shown);
  }

  // decode(done) is called only if there is no original. It is null if decoding has to wait; the picture then waits as well.
  /**
   * @param {number} index
   * @param {number} distance
   * @param {((done: ReceiveImage) => void) | null} decode
   */
  show(index, distance, decode) {
    this.root.hidden = index < 0;
    if (index < 0) return;
    if (index !== this.shown) {
      const size = this.values.length;
      this.real = (index + 1) * size <= this.originals.length;
      this.shown = index;
      this.pending = !this.real;
      if (this.real) this.draw(this.originals.subarray(index * size, (index + 1) * size), this.painter.unit);
      else if (!decode) this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.setLabel(`Nearest held-out ${this.painter.noun}${this.real ? "" : ", as decoded from its code"}${this.nameOf(index)}`);
    }
    if (this.pending && decode) {
      this.pending = false;
      decode((values) => index === this.shown && this.draw(values, 1));
    }
    this.distance.setText(formatNumber(distance, 2));
  }

  // An unchanged text is not set again, because that would lay out the page again.
  /** @param {string} name */
  setLabel(name) {
    if (this.name === name) return;
    this.name = name;
    this.canvas.setAttribute("aria-label", name);
    this.label.data = `${name}, at a distance of `;
  }

  /**
   * @param {ArrayLike<number>} values
   * @param {number} unit
   */
  draw(values, unit) {
    for (let i = 0; i < values.length; i++) this.values[i] = unit * values[i];
    this.painter.paint(this.context, this.values, 0, 0);
  }
}
