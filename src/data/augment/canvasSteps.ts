import type { RandomStream } from '../../tensor/random.js';
import type { Canvas } from './picture.js';
import type { CanvasStep, ColorStep } from './steps.js';
import { signed } from './text.js';

type Values = CanvasStep['values'];

function canvas(name: string, values: Values, text: string, paint: CanvasStep['paint']): CanvasStep[] {
  return [{ kind: 'canvas', name, values, text, paint }];
}

function color(name: string, values: Values, text: string, change: ColorStep['change']): ColorStep[] {
  return [{ kind: 'color', name, values, text, change }];
}

/** Multiplies all numbers by a factor. */
export function brighten(factor: number): ColorStep[] {
  if (factor === 1) return [];
  return color('brightness', { factor }, `brightness ×${factor.toFixed(2)}`, (map) => map.brightness(factor));
}

/** Spreads all numbers about the mean brightness. */
export function contrast(factor: number): ColorStep[] {
  if (factor === 1) return [];
  return color('contrast', { factor }, `contrast ×${factor.toFixed(2)}`, (map) => map.contrast(factor));
}

/** Moves colors away from grey. */
export function saturate(factor: number): ColorStep[] {
  if (factor === 1) return [];
  return color('saturation', { factor }, `saturation ×${factor.toFixed(2)}`, (map) => map.saturation(factor));
}

/** Turns all colors by degrees. */
export function turnHue(degrees: number): ColorStep[] {
  if (degrees === 0) return [];
  return color('hue', { degrees }, `hue ${signed(degrees, 0)}°`, (map) => map.hue(degrees));
}

/** A Gaussian of this standard deviation, in pixels; beyond the edge its pixels go on. */
export function blur(sigma: number): CanvasStep[] {
  if (sigma === 0) return [];
  return canvas('blur', { sigma }, `blur ${sigma.toFixed(1)} px`, (picture) => {
    const radius = Math.max(1, Math.ceil(3 * sigma));
    const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) =>
      Math.exp(-((k - radius) ** 2) / (2 * sigma ** 2)),
    );
    const sum = kernel.reduce((a, b) => a + b, 0);
    const weights = kernel.map((weight) => weight / sum);
    const { data, height, width, channels } = picture;
    const between = new Float32Array(data.length);
    convolveRows(data, between, height, width, channels, weights);
    convolveColumns(between, data, height, width * channels, weights);
  });
}

function convolveRows(
  from: Float32Array,
  to: Float32Array,
  height: number,
  width: number,
  channels: number,
  weights: Float64Array,
): void {
  const radius = (weights.length - 1) / 2;
  const length = width * channels;
  const padded = new Float32Array(length + 2 * radius * channels);
  const start = radius * channels;
  for (let row = 0; row < height; row++) {
    padded.set(from.subarray(row * length, (row + 1) * length), start);
    for (let k = 1; k <= radius; k++) {
      for (let c = 0; c < channels; c++) {
        padded[start - k * channels + c] = padded[start + c] as number;
        padded[start + length + (k - 1) * channels + c] = padded[start + length - channels + c] as number;
      }
    }
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0, at = i; k < weights.length; k++, at += channels)
        sum += (weights[k] as number) * (padded[at] as number);
      to[row * length + i] = sum;
    }
  }
}

function convolveColumns(
  from: Float32Array,
  to: Float32Array,
  height: number,
  length: number,
  weights: Float64Array,
): void {
  const radius = (weights.length - 1) / 2;
  to.fill(0);
  for (let row = 0; row < height; row++) {
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k] as number;
      const source = Math.min(height - 1, Math.max(0, row + k - radius)) * length;
      for (let i = 0, at = row * length; i < length; i++, at++)
        to[at] = (to[at] as number) + weight * (from[source + i] as number);
    }
  }
}

/** Adds to every number an independent one, nearly normal (the sum of four bytes), of this standard deviation as a share of white. */
export function addNoise(sigma: number, fresh: () => RandomStream): CanvasStep[] {
  if (sigma === 0) return [];
  return canvas('noise', { sigma }, `noise ${(100 * sigma).toFixed(1)} %`, ({ data, white }) => {
    const random = fresh();
    // A byte has the variance (256² − 1) / 12.
    const scale = (sigma * white) / Math.sqrt((4 * (256 ** 2 - 1)) / 12);
    for (let i = 0; i < data.length; i++) {
      const word = random.word();
      const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
      data[i] = (data[i] as number) + scale * (sum - 510);
    }
  });
}

/** A rectangle of the picture, in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Covers a rectangle: with noise over the whole range, with the picture's mean color, or with a share of white. */
export function erase(part: Rectangle, value: 'noise' | 'mean' | number, fresh: () => RandomStream): CanvasStep[] {
  const text = `erased ${part.width} × ${part.height} px`;
  return canvas('erasing', { ...part }, text, (picture) => {
    const { data, width, channels, white } = picture;
    const means = value === 'mean' ? meansOf(picture) : [];
    const random = fresh();
    for (let row = part.y; row < part.y + part.height; row++) {
      const start = (row * width + part.x) * channels;
      for (let i = 0; i < part.width * channels; i++) {
        data[start + i] =
          value === 'noise'
            ? random.uniform() * white
            : value === 'mean'
              ? (means[i % channels] as number)
              : value * white;
      }
    }
  });
}

function meansOf({ data, channels }: Canvas): number[] {
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c; i < data.length; i += channels) sum += data[i] as number;
    return (sum * channels) / data.length;
  });
}

/** Blends with a smoothed copy: factor 0 is smooth, 1 as it is, above sharper. The outermost pixels stay (as Pillow). */
export function sharpen(factor: number): CanvasStep[] {
  if (factor === 1) return [];
  return canvas(
    'sharpness',
    { factor },
    `sharpness ×${factor.toFixed(2)}`,
    ({ data, height, width, channels, white }) => {
      const original = data.slice();
      const line = width * channels;
      for (let row = 1; row < height - 1; row++) {
        for (let i = row * line + channels; i < (row + 1) * line - channels; i++) {
          let sum = 4 * (original[i] as number);
          for (let dy = -line; dy <= line; dy += line) {
            for (let dx = -channels; dx <= channels; dx += channels) sum += original[i + dy + dx] as number;
          }
          const smooth = sum / 13;
          const value = smooth + factor * ((original[i] as number) - smooth);
          data[i] = value < 0 ? 0 : value > white ? white : value;
        }
      }
    },
  );
}

/** Keeps the highest bits of each byte. */
export function posterize(bits: number): CanvasStep[] {
  if (bits >= 8) return [];
  const mask = 256 - 2 ** (8 - bits);
  return canvas('posterize', { bits }, `${bits} bits`, (picture) => byBytes(picture, (byte) => byte & mask));
}

/** Turns to its negative what is at least as bright as a share of white. */
export function solarize(threshold: number): CanvasStep[] {
  const text = `solarize above ${(100 * threshold).toFixed(0)} %`;
  return canvas('solarize', { threshold }, text, ({ data, white }) => {
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number;
      if (value >= threshold * white) data[i] = white - value;
    }
  });
}

/** Stretches each channel to the whole range. */
export function autoContrast(): CanvasStep[] {
  return canvas('autoContrast', {}, 'auto-contrast', ({ data, channels, white }) => {
    for (let c = 0; c < channels; c++) {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = c; i < data.length; i += channels) {
        least = Math.min(least, data[i] as number);
        most = Math.max(most, data[i] as number);
      }
      if (!(most > least)) continue;
      for (let i = c; i < data.length; i += channels)
        data[i] = (((data[i] as number) - least) * white) / (most - least);
    }
  });
}

/** Makes all brightnesses of each channel equally frequent, as far as whole bytes can be (Pillow's rule). */
export function equalize(): CanvasStep[] {
  return canvas('equalize', {}, 'equalize', (picture) => {
    const { data, channels, white } = picture;
    const toByte = (value: number): number => Math.min(255, Math.max(0, Math.round((value * 255) / white)));
    for (let c = 0; c < channels; c++) {
      const counts = new Float64Array(256);
      for (let i = c; i < data.length; i += channels) {
        const byte = toByte(data[i] as number);
        counts[byte] = (counts[byte] as number) + 1;
      }
      const used = counts.filter((n) => n > 0);
      const stepSize = Math.floor((data.length / channels - (used.at(-1) ?? 0)) / 255);
      if (used.length <= 1 || stepSize === 0) continue;
      let below = Math.floor(stepSize / 2);
      const table = counts.map((n) => {
        const value = Math.min(255, Math.floor(below / stepSize));
        below += n;
        return value;
      });
      for (let i = c; i < data.length; i += channels) {
        data[i] = ((table[toByte(data[i] as number)] as number) * white) / 255;
      }
    }
  });
}

function byBytes({ data, white }: Canvas, change: (byte: number) => number): void {
  for (let i = 0; i < data.length; i++) {
    const byte = Math.min(255, Math.max(0, Math.round(((data[i] as number) * 255) / white)));
    data[i] = (change(byte) * white) / 255;
  }
}
