const PAGE_SIZE = 24;

// A line about the selected images. reasonMissing: a sentence on why the map has no original images, empty where it has some.
/**
 * @param {number[]} chosen
 * @param {{ decodes: boolean, noun: string, hasOriginal(i: number): boolean }} images
 * @param {string} reasonMissing
 */
export function caption(chosen, images, reasonMissing) {
  const total = `${chosen.length.toLocaleString("en")} ${images.noun}${chosen.length === 1 ? "" : "s"}`;
  const original = chosen.some((i) => images.hasOriginal(i));
  if (!images.decodes) return `${total}${original ? "" : ", which cannot be shown"}. This page cannot run the model's decoder, so there are no reconstructions.`;
  if (original) return `${total}: the original on the left, the reconstruction on the right`;
  return `${total}: reconstructions only. ${reasonMissing || "The map has the pixels of other images only."}`;
}

// The selected images beside their reconstructions.
export class Gallery {
  /**
   * @param {Root} root
   * @param {import("./map_images.js").MapImages} images
   * @param {string} reasonMissing
   * @param {(i: number) => string} describe
   * @param {() => void} onClear
   */
  constructor(root, images, reasonMissing, describe, onClear) {
    this.root = root;
    this.images = images;
    /** @type {number[]} */
    this.chosen = [];
    this.reasonMissing = reasonMissing;
    this.describe = describe;
    this.count = root.querySelector(".count");
    this.list = root.querySelector(".pictures");
    this.more = root.querySelector(".more");
    this.clear = root.querySelector(".clear");
    this.more.onclick = () => this.add();
    this.clear.onclick = onClear;
  }

  /** @param {number[]} chosen */
  show(chosen) {
    this.chosen = chosen;
    this.list.replaceChildren();
    this.clear.hidden = !chosen.length;
    this.count.textContent = chosen.length
      ? caption(chosen, this.images, this.reasonMissing)
      : "Click a point, or draw around several with the lasso, to see them here.";
    this.add();
  }

  add() {
    const from = this.list.childElementCount;
    for (const i of this.chosen.slice(from, from + PAGE_SIZE)) this.list.append(this.figure(i));
    const left = this.chosen.length - this.list.childElementCount;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${Math.min(left, PAGE_SIZE)} of ${left.toLocaleString("en")} more`;
  }

  /** @param {number} i */
  figure(i) {
    const figure = document.createElement("figure");
    const canvases = [...(this.images.hasOriginal(i) ? ["original"] : []), ...(this.images.decodes ? ["decoded"] : [])];
    for (const kind of canvases) {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", kind === "original" ? `Image ${i}` : `Image ${i}, reconstruction`);
      if (kind === "original") this.images.original(canvas, i);
      else this.images.decoded(canvas, i);
      figure.append(canvas);
    }
    const caption = document.createElement("figcaption");
    caption.textContent = this.describe(i);
    figure.append(caption);
    return figure;
  }
}
