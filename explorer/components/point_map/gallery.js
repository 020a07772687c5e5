const PAGE = 24;

// The chosen images beside their reconstructions.
export class Gallery {
  constructor(root, pictures, describe, onClear) {
    Object.assign(this, { root, pictures, describe });
    this.count = root.querySelector(".count");
    this.list = root.querySelector(".pictures");
    this.more = root.querySelector(".more");
    this.clear = root.querySelector(".clear");
    this.more.onclick = () => this.add();
    this.clear.onclick = onClear;
  }

  show(chosen) {
    this.chosen = chosen;
    this.list.replaceChildren();
    this.clear.hidden = !chosen.length;
    const whole = chosen.length === 1 ? "1 image" : `${chosen.length.toLocaleString("en")} images`;
    const known = chosen.some((i) => this.pictures.hasOriginal(i));
    const sides = known ? "left as it is, right as rebuilt from its code" : "as rebuilt from their codes; the images are not on this computer";
    this.count.textContent = chosen.length ? `${whole}: ${sides}` : "Click a point, or draw round some with the lasso, to see them here.";
    this.add();
  }

  add() {
    const from = this.list.childElementCount;
    for (const i of this.chosen.slice(from, from + PAGE)) this.list.append(this.figure(i));
    const left = this.chosen.length - this.list.childElementCount;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${Math.min(left, PAGE)} of ${left.toLocaleString("en")} more`;
  }

  figure(i) {
    const figure = document.createElement("figure");
    const canvases = this.pictures.hasOriginal(i) ? ["original", "decoded"] : ["decoded"];
    for (const kind of canvases) {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", kind === "original" ? `Image ${i}` : `Image ${i}, reconstruction`);
      this.pictures[kind](canvas, i);
      figure.append(canvas);
    }
    const caption = document.createElement("figcaption");
    caption.textContent = this.describe(i);
    figure.append(caption);
    return figure;
  }
}
