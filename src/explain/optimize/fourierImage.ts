import { type Complex, fourier2d } from './fft.js';

/**
 * Rows of how the colors of photos vary together (Olah, Mordvintsev & Schubert, Distill 2017): independent coordinates times
 * this matrix have the correlations of ImageNet's colors. Divided by the largest length of a column.
 */
const COLORS = (() => {
  const rows = [
    [0.26, 0.09, 0.02],
    [0.27, 0, -0.05],
    [0.27, -0.09, 0.03],
  ] as const;
  const lengths = [0, 1, 2].map((c) => Math.hypot(...rows.map((row) => row[c] as number)));
  return rows.map((row) => row.map((x) => x / Math.max(...lengths)));
})();

/**
 * A picture given by its frequencies, with decorrelated colors: what makes gradients act on all scales alike. Parameters
 * [3, h, w/2 + 1, 2] (real and imaginary parts), scaled by 1 / frequency, go through an inverse Fourier transform, the mixing of
 * colors and a sigmoid to [h, w, 3], 0 to 1.
 */
export class FourierImage {
  readonly height: number;
  readonly width: number;
  readonly size: number;
  readonly #half: number;
  readonly #scale: Float64Array;
  /** What the last {@link image} came to, which {@link gradient} goes back through. */
  #image: Float64Array | undefined;

  constructor(height: number, width: number) {
    this.height = height;
    this.width = width;
    this.#half = Math.floor(width / 2) + 1;
    this.size = 3 * height * this.#half * 2;
    this.#scale = Float64Array.from({ length: height * this.#half }, (_, i) => {
      const [ky, kx] = [Math.floor(i / this.#half), i % this.#half];
      const frequency = Math.hypot(Math.min(ky, height - ky) / height, kx / width);
      return Math.sqrt(width * height) / Math.max(frequency, 1 / Math.max(width, height));
    });
  }

  image(parameters: Float64Array): Float64Array {
    const { height, width } = this;
    const n = height * width;
    const mixed = new Float64Array(3 * n);
    for (let k = 0; k < 3; k++) {
      const channel = this.plane(parameters, k);
      for (let c = 0; c < 3; c++) {
        const share = COLORS[c]?.[k] as number;
        for (let p = 0; p < n; p++)
          mixed[p * 3 + c] = (mixed[p * 3 + c] as number) + (share * (channel[p] as number)) / 4;
      }
    }
    this.#image = mixed.map((x) => 1 / (1 + Math.exp(-x)));
    return this.#image;
  }

  /** The gradient by the parameters, from that by the last image. */
  gradient(byImage: ArrayLike<number>): Float64Array {
    const { height, width } = this;
    const n = height * width;
    const image = this.#image;
    if (image === undefined) throw new RangeError('make the image first');
    const byMixed = image.map((v, i) => v * (1 - v) * (byImage[i] as number));
    const gradient = new Float64Array(this.size);
    for (let k = 0; k < 3; k++) {
      const plane: Complex = { re: new Float64Array(n), im: new Float64Array(n) };
      for (let c = 0; c < 3; c++) {
        const share = COLORS[c]?.[k] as number;
        for (let p = 0; p < n; p++)
          plane.re[p] = (plane.re[p] as number) + (share * (byMixed[p * 3 + c] as number)) / 4;
      }
      fourier2d(plane, height, width, 'forward');
      this.#eachFrequency(k, (at, full, weight) => {
        gradient[at] = (weight * (plane.re[full] as number)) / n;
        gradient[at + 1] = (weight * (plane.im[full] as number)) / n;
      });
    }
    return gradient;
  }

  /** The real plane of one decorrelated color: the inverse transform of its scaled frequencies. */
  plane(parameters: Float64Array, color: number): Float64Array {
    const { height, width } = this;
    const n = height * width;
    const spectrum: Complex = { re: new Float64Array(n), im: new Float64Array(n) };
    this.#eachFrequency(color, (at, full, weight) => {
      spectrum.re[full] = weight * (parameters[at] as number);
      spectrum.im[full] = weight * (parameters[at + 1] as number);
    });
    fourier2d(spectrum, height, width, 'backward');
    return spectrum.re.map((x) => x / n);
  }

  /** Each frequency of the half plane: where its parameters lie, where it lies in the whole plane, and its factor. */
  #eachFrequency(color: number, visit: (at: number, full: number, weight: number) => void): void {
    const { height, width } = this;
    const half = this.#half;
    for (let ky = 0; ky < height; ky++) {
      for (let kx = 0; kx < half; kx++) {
        // A frequency stands for its mirror image too, except where it is its own.
        const twice = kx === 0 || (width % 2 === 0 && kx === width / 2) ? 1 : 2;
        const at = ((color * height + ky) * half + kx) * 2;
        visit(at, ky * width + kx, twice * (this.#scale[ky * half + kx] as number));
      }
    }
  }
}
