import { toPixels } from "../../base/pixels.js";
import { formatNumber } from "../../base/numbers.js";

// The held-out image whose code is nearest to the handle: itself where its pixels are at hand, else as the model draws it.
export class Nearest {
  // originals: uint8 (n, channels, height, width), which may be of fewer images than have codes
  constructor(root, [channels, height, width], originals, nameOf, onGo) {
    Object.assign(this, { root, channels, originals, nameOf });
    this.canvas = root.querySelector("canvas");
    this.canvas.width = width;
    this.canvas.height = height;
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(width, height);
    this.values = new Float32Array(channels * height * width);
    this.what = root.querySelector(".what");
    this.shown = -1;
    root.querySelector(".go").onclick = () => onGo(this.shown);
  }

  // decode() is asked for only where the pixels are not at hand.
  show(index, distance, decode) {
    this.root.hidden = index < 0;
    if (index < 0) return;
    if (index !== this.shown) {
      const size = this.values.length;
      this.real = (index + 1) * size <= this.originals.length;
      if (this.real) for (let i = 0; i < size; i++) this.values[i] = this.originals[index * size + i] / 255;
      else this.values.set(decode());
      toPixels(this.values, this.channels, this.image);
      this.context.putImageData(this.image, 0, 0);
      this.shown = index;
      this.name = `${this.real ? "Nearest held-out image" : "Nearest held-out image, as decoded from its code"}${this.nameOf(index)}`;
      this.canvas.setAttribute("aria-label", this.name);
    }
    this.what.textContent = `${this.name}, ${formatNumber(distance, 2)} away`;
  }
}
