import { toPixels } from "../base/pixels.js";
import { setCondition } from "../base/runtime/condition.js";
import { buildNetwork } from "../base/runtime/network.js";

// The images behind the points: originals where their pixels are available, and images decoded from their codes.
export class MapImages {
  // originals: uint8 pixels of the first images, which may be fewer than there are codes
  // labels: the class of each image, which a conditional model is given
  constructor([channels, height, width], program, codes, latent, originals, labels) {
    Object.assign(this, { channels, height, width, codes, latent, originals, labels });
    this.network = program.length ? buildNetwork(program) : null;
    this.size = channels * height * width;
    this.values = new Float32Array(this.size);
  }

  hasOriginal(i) {
    return (i + 1) * this.size <= this.originals.length;
  }

  // Draws the original of image i. If its pixels are not available, the canvas gets the attribute data-unknown.
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
    setCondition(this.network, this.labels[i] ?? null);
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
