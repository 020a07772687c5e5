import { toPixels } from "./pixels.js";

// The large decoded image.
export class Picture {
  constructor(canvas, [channels, height, width]) {
    this.channels = channels;
    canvas.width = width;
    canvas.height = height;
    this.context = canvas.getContext("2d");
    this.image = this.context.createImageData(width, height);
    // A copy: the network's own output is overwritten when tiles are decoded between two frames.
    this.values = new Float32Array(channels * height * width);
  }

  draw(values) {
    this.values.set(values);
    toPixels(values, this.channels, this.image);
    this.context.putImageData(this.image, 0, 0);
  }
}
