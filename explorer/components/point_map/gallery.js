const PAGE = 24;

// What is shown of the chosen images. absent: a sentence on why no image of the map is at hand, empty where some are.
export function shownOf(chosen, pictures, absent) {
  const whole = chosen.length === 1 ? "1 image" : `${chosen.length.toLocaleString("en")} images`;
  if (chosen.some((i) => pictures.hasOriginal(i))) return `${whole}: left as it is, right as rebuilt from its code`;
  const rebuilt = `${whole}, as rebuilt from ${chosen.length === 1 ? "its code" : "their codes"}`;
  return `${rebuilt}. ${absent || "The map holds the pixels of other images only."}`;
}

// The chosen images beside their reconstructions.
export class Gallery {
  constructor(root, pictures, absent, describe, onClear) {
    Object.assign(this, { root, pictures, absent, describe });
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
    this.count.textContent = chosen.length
      ? shownOf(chosen, this.pictures, this.absent)
      : "Click a point, or draw round some with the lasso, to see them here.";
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
