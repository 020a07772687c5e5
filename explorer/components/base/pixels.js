// Writes decoded values (channels, height, width) in [0, 1] into the RGBA bytes of an ImageData, which rounds them.
/**
 * @param {Float32Array} values
 * @param {number} channels
 * @param {ImageData} image
 */
export function toPixels(values, channels, image) {
  const { data } = image;
  const count = image.width * image.height;
  const green = channels === 3 ? count : 0;
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    data[at] = 255 * values[i];
    data[at + 1] = 255 * values[i + green];
    data[at + 2] = 255 * values[i + 2 * green];
    data[at + 3] = 255;
  }
}

// Writes a grey image as ink: black, with the value as opacity.
/**
 * @param {Float32Array} values
 * @param {ImageData} image
 */
export function toInk(values, image) {
  const { data } = image;
  for (let i = 0, at = 3; i < values.length; i++, at += 4) data[at] = 255 * values[i];
}
