import type { Canvas } from './picture.js';

/** How much each of red, green and blue counts for how bright a color is (ITU-R BT.601, as Pillow and torchvision). */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Changes of color that are one affine map of the channels of each pixel, gathered before they are applied, so that
 * nothing is rounded or cut off between them. Hue and saturation leave pictures of other than three channels as they are.
 */
export class ColorMap {
  readonly #canvas: Canvas;
  readonly #channels: number;
  /** Row by row: what each channel takes of each, and then a constant. */
  #rows: number[][];
  #means: readonly number[] | undefined;

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
    this.#channels = canvas.channels;
    this.#rows = Array.from({ length: this.#channels }, (_, c) =>
      Array.from({ length: this.#channels + 1 }, (_unused, k) => (k === c ? 1 : 0)),
    );
  }

  /** Multiplies all by a factor: 0 is black. */
  brightness(factor: number): void {
    this.#rows = this.#rows.map((row) => row.map((value) => value * factor));
  }

  /** Spreads all about the mean brightness of the picture: factor 0 is grey. */
  contrast(factor: number): void {
    const grey = this.#brightnessOf(this.#rows.map((row) => this.#atMean(row)));
    this.brightness(factor);
    for (const row of this.#rows) row[this.#channels] = (row[this.#channels] as number) + (1 - factor) * grey;
  }

  /** Moves colors away from the grey of the same brightness: factor 0 is without color. */
  saturation(factor: number): void {
    if (this.#channels !== 3) return;
    this.#then(LUMA.map((_, row) => LUMA.map((luma, column) => (1 - factor) * luma + (row === column ? factor : 0))));
  }

  /** Turns colors about the grey axis, by the matrix of CSS's `hue-rotate`; degrees. */
  hue(degrees: number): void {
    if (this.#channels !== 3) return;
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    this.#then([
      [0.213 + cos * 0.787 - sin * 0.213, 0.715 - cos * 0.715 - sin * 0.715, 0.072 - cos * 0.072 + sin * 0.928],
      [0.213 - cos * 0.213 + sin * 0.143, 0.715 + cos * 0.285 + sin * 0.14, 0.072 - cos * 0.072 - sin * 0.283],
      [0.213 - cos * 0.213 - sin * 0.787, 0.715 - cos * 0.715 + sin * 0.715, 0.072 + cos * 0.928 + sin * 0.072],
    ]);
  }

  /** Changes the canvas; of bytes nothing goes below 0 or above white. */
  apply(clip: boolean): void {
    const { data, white } = this.#canvas;
    const n = this.#channels;
    const diagonal = this.#rows.every((row, c) => row.every((value, k) => k === c || k === n || value === 0));
    const [low, high] = clip ? [0, white] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (diagonal) {
      for (const [c, row] of this.#rows.entries()) {
        const [factor, offset] = [row[c] as number, row[n] as number];
        for (let i = c; i < data.length; i += n) {
          const value = (data[i] as number) * factor + offset;
          data[i] = value < low ? low : value > high ? high : value;
        }
      }
      return;
    }
    const [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = this.#rows as [Four, Four, Four];
    for (let at = 0; at < data.length; at += 3) {
      const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
      const x = a * red + b * green + c * blue + d;
      const y = e * red + f * green + g * blue + h;
      const z = i * red + j * green + k * blue + l;
      data[at] = x < low ? low : x > high ? high : x;
      data[at + 1] = y < low ? low : y > high ? high : y;
      data[at + 2] = z < low ? low : z > high ? high : z;
    }
  }

  /** Puts a linear map of the three channels after what there is. */
  #then(matrix: readonly (readonly number[])[]): void {
    const before = this.#rows;
    this.#rows = matrix.map((row) =>
      [0, 1, 2, 3].map((k) => row.reduce((sum, share, c) => sum + share * (before[c]?.[k] as number), 0)),
    );
  }

  #atMean(row: readonly number[]): number {
    this.#means ??= channelMeans(this.#canvas);
    return this.#means.reduce((sum, mean, c) => sum + mean * (row[c] as number), row[this.#channels] as number);
  }

  #brightnessOf(channels: readonly number[]): number {
    if (channels.length !== 3) return channels.reduce((sum, value) => sum + value, 0) / channels.length;
    return channels.reduce((sum, value, c) => sum + value * (LUMA[c] as number), 0);
  }
}

type Four = [number, number, number, number];

function channelMeans({ data, channels }: Canvas): number[] {
  const sums = new Array<number>(channels).fill(0);
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < channels; c++) sums[c] = (sums[c] as number) + (data[i + c] as number);
  }
  return sums.map((sum) => (sum * channels) / data.length);
}
