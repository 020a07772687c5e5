// Finds the nearest neighbours of a code, and blends values that belong to them so that the blend changes continuously.

const NEIGHBOURS = 8;

export class Neighbours {
  // codes: n rows of `latent` floats.
  /**
   * @param {Float32Array} codes
   * @param {number} latent
   * @param {number} [neighbours]
   */
  constructor(codes, latent, neighbours = NEIGHBOURS) {
    this.codes = codes;
    this.latent = latent;
    this.count = codes.length / latent;
    this.k = Math.min(neighbours + 1, this.count);
    this.index = new Int32Array(this.k);
    this.square = new Float64Array(this.k);
    this.weight = new Float64Array(this.k);
  }

  // Fills `index` (nearest first) and `square` (squared distances). Returns the nearest row, or -1 if there are no codes.
  /** @param {ArrayLike<number>} z */
  find(z) {
    const { codes, latent, count, k, index, square } = this;
    square.fill(Infinity);
    index.fill(-1);
    for (let row = 0, at = 0; row < count; row++, at += latent) {
      let sum = 0;
      const most = square[k - 1];
      for (let i = 0; i < latent && sum < most; i++) {
        const difference = codes[at + i] - z[i];
        sum += difference * difference;
      }
      if (sum >= most) continue;
      let place = k - 1;
      for (; place > 0 && square[place - 1] > sum; place--) {
        square[place] = square[place - 1];
        index[place] = index[place - 1];
      }
      square[place] = sum;
      index[place] = row;
    }
    return k ? index[0] : -1;
  }

  // Writes into `out` the weighted mean of the rows of `other` for the neighbours last found. A neighbour at distance r has the
  // weight (1 - r / R)^2, where R is the distance of the last one.
  /**
   * @param {Float32Array} other
   * @param {number} width
   * @param {Float32Array} out
   */
  blend(other, width, out) {
    const { k, index, square, weight } = this;
    const last = Math.sqrt(square[k - 1]) || 1;
    let total = 0;
    for (let i = 0; i < k; i++) total += weight[i] = (1 - Math.sqrt(square[i]) / last) ** 2;
    // All neighbours are equally far away, so they get equal weights.
    if (!(total > 0)) total = weight.fill(1).length;
    out.fill(0);
    for (let i = 0; i < k; i++) {
      const share = weight[i] / total;
      const at = index[i] * width;
      for (let j = 0; j < width; j++) out[j] += share * other[at + j];
    }
  }
}
