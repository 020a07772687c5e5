// Upsampling operations, which have no weights.

// The source positions of the outputs along one axis: the two inputs, and the weight of the second.
/**
 * @param {number} count
 * @param {number} input
 * @param {number} step
 * @param {number} offset
 * @param {boolean} linear
 */
function sourcePositions(count, input, step, offset, linear) {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const share = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const place = Math.min(Math.max(0, i * step + offset), input - 1);
    first[i] = Math.floor(place);
    second[i] = linear ? Math.min(first[i] + 1, input - 1) : first[i];
    share[i] = linear ? place - first[i] : 0;
  }
  return { first, second, share };
}

// Output i reads the input at position `step * i + offset`: the nearest input below it, or a mix of the two inputs around it.
/** @type {Plan} */
export function planUpsample(node, { address, shapes }) {
  const [channels, height, width] = shapes[node.inputs[0]];
  const [, outHeight, outWidth] = node.shape;
  /**
   * @param {number} axis
   * @param {number} count
   * @param {number} input
   */
  const along = (axis, count, input) => sourcePositions(count, input, node.step[axis], node.offset[axis], node.linear);
  const down = along(0, outHeight, height);
  const across = along(1, outWidth, width);
  const from = address[node.inputs[0]] >> 2;
  const to = address[node.output] >> 2;
  return (_, floats) => [
    () => {
      for (let channel = 0, at = to; channel < channels; channel++) {
        const plane = from + channel * height * width;
        for (let y = 0; y < outHeight; y++) {
          const top = plane + down.first[y] * width;
          const bottom = plane + down.second[y] * width;
          const low = down.share[y];
          for (let x = 0; x < outWidth; x++, at++) {
            const left = across.first[x];
            if (!node.linear) {
              floats[at] = floats[top + left];
              continue;
            }
            const right = across.second[x];
            const share = across.share[x];
            const above = floats[top + left] + share * (floats[top + right] - floats[top + left]);
            const below = floats[bottom + left] + share * (floats[bottom + right] - floats[bottom + left]);
            floats[at] = above + low * (below - above);
          }
        }
      }
    },
  ];
}
