// A figure that changes many times a second, in a box of its own: what is around it is not laid out anew for it. Inside of a
// second box, since a browser takes no item of a flex or grid for one that stands by itself.
export class Figure {
  constructor() {
    this.element = Object.assign(document.createElement("span"), { className: "figure" });
    this.text = document.createTextNode("");
    this.element.append(document.createElement("span"));
    this.element.firstChild.append(this.text);
  }

  // Whether it said something else before.
  say(text) {
    if (this.text.data === text) return false;
    this.text.data = text;
    return true;
  }
}
