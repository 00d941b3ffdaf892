import { type Matrix, mapped } from './matrix.js';
import type { Picture } from './picture.js';

/**
 * What lies beyond the edge, for the row a b c d: 'nearest' aaa|abcd|ddd, 'reflect' cba|abcd|dcb, 'wrap' bcd|abcd|abc, 'constant' one value.
 */
export type Fill = 'nearest' | 'reflect' | 'wrap' | 'constant';

export interface Sampling {
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fill: Fill;
  /** For 'constant', in the picture's own numbers. */
  readonly fillValue: number;
  /**
   * SciPy's rules where they differ (`ndimage.affine_transform`, as Keras uses it): beyond the middle of the outermost pixels
   * 'constant' is all fill, and 'wrap' repeats after n − 1 pixels.
   */
  readonly scipy?: boolean;
}

/**
 * A picture seen through a map: pixel (x, y) of the result is the picture at matrix · (x, y). Where the map makes it smaller,
 * several points of a pixel are averaged, so that nothing falls through.
 */
export function resample(
  picture: Picture,
  matrix: Matrix,
  { height, width }: { readonly height: number; readonly width: number },
  sampling: Sampling,
): Float32Array {
  const { channels } = picture;
  const out = new Float32Array(height * width * channels);
  const points = pointsPerPixel(matrix, height, width, sampling);
  const sampler =
    sampling.interpolation === 'nearest' ? new NearestSampler(picture, sampling) : new Sampler(picture, sampling);
  if (points === 1) {
    sampler.rows(matrix, height, width, 0, 0, 1, out);
    return out;
  }
  for (let j = 0; j < points * points; j++) {
    const dx = ((j % points) + 0.5) / points - 0.5;
    const dy = (Math.floor(j / points) + 0.5) / points - 0.5;
    sampler.rows(matrix, height, width, dx, dy, 1 / (points * points), out);
  }
  return out;
}

/** How many points in a row of one pixel of the result are averaged: as many pixels of the picture as it covers. */
function pointsPerPixel(matrix: Matrix, height: number, width: number, { interpolation, scipy }: Sampling): number {
  if (interpolation === 'nearest' || scipy) return 1;
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const middle = mapped(matrix, x, y);
  const along = (dx: number, dy: number): number => {
    const [px, py] = mapped(matrix, x + dx, y + dy);
    return Math.hypot(px - middle[0], py - middle[1]);
  };
  return Math.max(1, Math.min(16, Math.round(Math.max(along(1, 0), along(0, 1)) - 0.25)));
}

/** Adds share · the picture's values to the result, row by row. */
class Sampler {
  protected readonly picture: Picture;
  protected readonly sampling: Sampling;

  constructor(picture: Picture, sampling: Sampling) {
    this.picture = picture;
    this.sampling = sampling;
  }

  rows(m: Matrix, height: number, width: number, dx: number, dy: number, share: number, out: Float32Array): void {
    const { channels } = this.picture;
    const affine = m[6] === 0 && m[7] === 0 && m[8] === 1;
    let at = 0;
    for (let row = 0; row < height; row++) {
      const y = row + dy;
      for (let column = 0; column < width; column++, at += channels) {
        const x = column + dx;
        let px = m[0] * x + m[1] * y + m[2];
        let py = m[3] * x + m[4] * y + m[5];
        if (!affine) {
          const w = m[6] * x + m[7] * y + m[8];
          px /= w;
          py /= w;
        }
        this.point(px, py, share, out, at);
      }
    }
  }

  /** Bilinear: the four pixels around the point, each by how near it is. */
  protected point(x: number, y: number, share: number, out: Float32Array, at: number): void {
    const { data, height, width, channels } = this.picture;
    const left = Math.floor(x);
    const top = Math.floor(y);
    if (!(left >= 0 && top >= 0 && left < width - 1 && top < height - 1)) {
      this.edge(x, y, share, out, at);
      return;
    }
    const right = x - left;
    const below = y - top;
    const w11 = right * below * share;
    const w10 = below * share - w11;
    const w01 = right * share - w11;
    const w00 = share - w01 - w10 - w11;
    const p = (top * width + left) * channels;
    const q = p + width * channels;
    for (let c = 0; c < channels; c++) {
      out[at + c] =
        (out[at + c] as number) +
        w00 * (data[p + c] as number) +
        w01 * (data[p + channels + c] as number) +
        w10 * (data[q + c] as number) +
        w11 * (data[q + channels + c] as number);
    }
  }

  /** The same where some of the four lie beyond the edge. */
  protected edge(x: number, y: number, share: number, out: Float32Array, at: number): void {
    const [px, py] = this.scipyPlace(x, y);
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      this.add(Number.NaN, Number.NaN, share, out, at);
      return;
    }
    const [left, top] = [Math.floor(px), Math.floor(py)];
    const [right, below] = [px - left, py - top];
    this.add(left, top, (1 - right) * (1 - below) * share, out, at);
    if (right > 0) this.add(left + 1, top, right * (1 - below) * share, out, at);
    if (below > 0) this.add(left, top + 1, (1 - right) * below * share, out, at);
    if (right > 0 && below > 0) this.add(left + 1, top + 1, right * below * share, out, at);
  }

  /** Adds a share of one pixel, which may lie beyond the edge. */
  protected add(column: number, row: number, share: number, out: Float32Array, at: number): void {
    const { data, height, width, channels } = this.picture;
    const { fill, fillValue } = this.sampling;
    const x = inside(column, width, fill);
    const y = inside(row, height, fill);
    const p = (y * width + x) * channels;
    const beyond = !(x >= 0 && y >= 0);
    for (let c = 0; c < channels; c++) {
      out[at + c] = (out[at + c] as number) + share * (beyond ? fillValue : (data[p + c] as number));
    }
  }

  /** A place beyond the edge as SciPy maps it before it interpolates; NaN for all fill. */
  protected scipyPlace(x: number, y: number): [x: number, y: number] {
    const { height, width } = this.picture;
    const { scipy, fill } = this.sampling;
    if (!scipy || (x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) return [x, y];
    if (fill === 'constant') return [Number.NaN, Number.NaN];
    if (fill === 'wrap') return [wrapped(x, width - 1), wrapped(y, height - 1)];
    if (fill === 'reflect') return [reflected(x, width), reflected(y, height)];
    return [x, y];
  }
}

/** The nearest pixel; half-way between two, the one to the right or below. */
class NearestSampler extends Sampler {
  protected override point(x: number, y: number, share: number, out: Float32Array, at: number): void {
    const { data, height, width, channels } = this.picture;
    const column = Math.floor(x + 0.5);
    const row = Math.floor(y + 0.5);
    if (x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1) {
      const p = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[at + c] = (out[at + c] as number) + share * (data[p + c] as number);
      return;
    }
    const [px, py] = this.scipyPlace(x, y);
    this.add(Math.floor(px + 0.5), Math.floor(py + 0.5), share, out, at);
  }
}

/** The pixel that stands for one beyond the edge; −1 for none, also for a place that is no number. */
function inside(at: number, length: number, fill: Fill): number {
  if (at >= 0 && at < length) return at;
  if (fill === 'constant' || !Number.isFinite(at)) return fill === 'nearest' && at > 0 ? length - 1 : -1;
  if (fill === 'nearest') return at < 0 ? 0 : length - 1;
  if (fill === 'wrap') return at - Math.floor(at / length) * length;
  const within = at - Math.floor(at / (2 * length)) * 2 * length;
  return within < length ? within : 2 * length - 1 - within;
}

/** SciPy's 'wrap': repeats after `period`, which is the number of pixels less one. */
function wrapped(x: number, period: number): number {
  if (x >= 0 && x <= period) return x;
  if (period <= 0) return 0;
  return x < 0 ? x + period * (Math.trunc(-x / period) + 1) : x - period * Math.trunc(x / period);
}

/** SciPy's 'reflect' of a place between pixels: (d c b a | a b c d | d c b a). */
function reflected(x: number, length: number): number {
  if (x >= 0 && x <= length - 1) return x;
  const period = 2 * length;
  if (x < 0) {
    const near = x < -period ? period * Math.trunc(-x / period) + x : x;
    return near < -length ? near + period : -near - 1;
  }
  const near = x - period * Math.trunc(x / period);
  return near >= length ? period - near - 1 : near;
}
