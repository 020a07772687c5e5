// A number that changes many times a second, in a box of its own, so that the page around it is not laid out again. There are
// two nested boxes because a browser does not isolate the layout of a flex or grid item.
export class NumberBox {
  constructor() {
    this.element = Object.assign(document.createElement("span"), { className: "number-box" });
    this.text = document.createTextNode("");
    const inner = document.createElement("span");
    inner.append(this.text);
    this.element.append(inner);
  }

  // Sets the text. Returns whether it has changed.
  /** @param {string} text */
  setText(text) {
    if (this.text.data === text) return false;
    this.text.data = text;
    return true;
  }
}
