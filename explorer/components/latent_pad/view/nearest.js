import { Figure } from "../../base/figure.js";
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
    this.what = document.createTextNode("");
    this.away = new Figure();
    root.querySelector(".what").replaceChildren(this.what, this.away.element);
    this.shown = -1;
    this.owed = false;
    root.querySelector(".go").onclick = () => onGo(this.shown);
  }

  // decode(then) is asked for only where the pixels are not at hand; null where it has to wait, and the picture with it.
  show(index, distance, decode) {
    this.root.hidden = index < 0;
    if (index < 0) return;
    if (index !== this.shown) {
      const size = this.values.length;
      this.real = (index + 1) * size <= this.originals.length;
      this.shown = index;
      this.owed = !this.real;
      if (this.real) this.draw(this.originals.subarray(index * size, (index + 1) * size), 1 / 255);
      else if (!decode) this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.say(`${this.real ? "Nearest held-out image" : "Nearest held-out image, as decoded from its code"}${this.nameOf(index)}`);
    }
    if (this.owed && decode) {
      this.owed = false;
      decode((values) => index === this.shown && this.draw(values, 1));
    }
    this.away.say(formatNumber(distance, 2));
  }

  // Not what is said already: to set a text anew is to lay it out anew.
  say(name) {
    if (this.name === name) return;
    this.name = name;
    this.canvas.setAttribute("aria-label", name);
    this.what.data = `${name}, at a distance of `;
  }

  draw(values, unit) {
    for (let i = 0; i < values.length; i++) this.values[i] = unit * values[i];
    toPixels(this.values, this.channels, this.image);
    this.context.putImageData(this.image, 0, 0);
  }
}
