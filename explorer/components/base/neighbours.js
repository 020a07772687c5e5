// Where a code lies among others: its nearest rows, and a blend of what belongs to these rows that moves without jumps.

const NEIGHBOURS = 8;

export class Neighbours {
  // codes: n rows of `latent` floats
  constructor(codes, latent, neighbours = NEIGHBOURS) {
    this.codes = codes;
    this.latent = latent;
    this.count = codes.length / latent;
    this.k = Math.min(neighbours + 1, this.count);
    this.index = new Int32Array(this.k);
    this.square = new Float64Array(this.k);
    this.weight = new Float64Array(this.k);
  }

  // Fills index (nearest first) and square (distances); returns the nearest row, or -1 where there is none.
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

  // The mean of rows of `other` that stand for the rows last found, each weighed by (1 - r / r of the last)^2, into out.
  blend(other, width, out) {
    const { k, index, square, weight } = this;
    const last = Math.sqrt(square[k - 1]) || 1;
    let total = 0;
    for (let i = 0; i < k; i++) total += weight[i] = (1 - Math.sqrt(square[i]) / last) ** 2;
    // All as far as the last: no one of them is nearer than another.
    if (!(total > 0)) total = weight.fill(1).length;
    out.fill(0);
    for (let i = 0; i < k; i++) {
      const share = weight[i] / total;
      const at = index[i] * width;
      for (let j = 0; j < width; j++) out[j] += share * other[at + j];
    }
  }
}
