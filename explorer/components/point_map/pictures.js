import { toPixels } from "../base/pixels.js";
import { buildNetwork } from "../base/runtime/network.js";

// The images behind the points: what they are, where their pixels are at hand, and what the model makes of their codes.
export class Pictures {
  // originals: uint8 of the first images, which may be fewer than have codes
  constructor([channels, height, width], program, codes, latent, originals) {
    Object.assign(this, { channels, height, width, codes, latent, originals });
    this.network = program.length ? buildNetwork(program) : null;
    this.size = channels * height * width;
    this.values = new Float32Array(this.size);
  }

  hasOriginal(i) {
    return (i + 1) * this.size <= this.originals.length;
  }

  // Draws image i as it is; where its pixels are not at hand the canvas says so by its attribute.
  original(canvas, i) {
    const known = this.hasOriginal(i);
    canvas.toggleAttribute("data-unknown", !known);
    if (known) {
      for (let k = 0; k < this.size; k++) this.values[k] = this.originals[i * this.size + k] / 255;
    } else {
      this.values.fill(0);
    }
    this.paint(canvas, this.values);
  }

  decoded(canvas, i) {
    this.network.inputs.z.set(this.codes.subarray(i * this.latent, (i + 1) * this.latent));
    this.network.run();
    this.paint(canvas, this.network.outputs.mean);
  }

  paint(canvas, values) {
    canvas.width = this.width;
    canvas.height = this.height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(this.width, this.height);
    toPixels(values, this.channels, image);
    context.putImageData(image, 0, 0);
  }
}
