// The card beside the pointer: an image, its reconstruction and a description.
export class HoverCard {
  /**
   * @param {Root} root
   * @param {import("./map_images.js").MapImages} images
   * @param {(i: number) => string} describe
   */
  constructor(root, images, describe) {
    this.root = root;
    this.images = images;
    this.describe = describe;
    this.shown = -1;
    const [left, right] = root.querySelectorAll("canvas");
    this.left = left;
    this.right = right;
    this.text = root.querySelector("p");
  }

  hide() {
    this.root.hidden = true;
    this.shown = -1;
  }

  // Shows image i beside the position (x, y) on a map of this size; hides the card if i is -1.
  /**
   * @param {number} i
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  show(i, x, y, width, height) {
    this.root.hidden = i < 0;
    if (i < 0) return this.hide();
    if (i !== this.shown) {
      this.shown = i;
      this.left.hidden = !this.images.hasOriginal(i);
      if (!this.left.hidden) this.images.original(this.left, i);
      this.right.hidden = !this.images.decodes;
      if (this.images.decodes) this.images.decoded(this.right, i);
      this.text.textContent = this.describe(i);
    }
    const [w, h] = [this.root.offsetWidth, this.root.offsetHeight];
    const left = x + 16 + w <= width ? x + 16 : x - 16 - w;
    const top = Math.min(Math.max(y - h / 2, 0), height - h);
    this.root.style.transform = `translate(${Math.max(left, 0)}px, ${Math.max(top, 0)}px)`;
  }
}
