import { FoveaError } from '../../tensor/errors.js';
import type { FilterBank } from './filterBank.js';

/** What one filter is like. */
export interface FilterFacts {
  readonly index: number;
  readonly l1: number;
  readonly l2: number;
  readonly min: number;
  readonly max: number;
  /** Share of its energy above half of the highest frequency, 0 to 1; undefined for filters below 5 × 5. */
  readonly highFrequency?: number;
  readonly dead: boolean;
  readonly noisy: boolean;
}

/** Two filters that see the same channels and point the same way, or the opposite way. */
export interface FilterPair {
  readonly a: number;
  readonly b: number;
  readonly cosine: number;
}

/** What the filters of a layer are like, and which of them are suspicious. */
export interface FilterStatistics {
  readonly layer: string;
  readonly weight: string;
  readonly filters: readonly FilterFacts[];
  /** The largest weight by size: the one scale of the layer's pictures. */
  readonly scale: number;
  readonly medianL2: number;
  /** Undefined where there are too many filters to compare each with each. */
  readonly duplicates?: readonly FilterPair[];
}

/** A filter is dead below this share of the median norm. */
const DEAD = 1e-3;
const DUPLICATE = 0.95;
/** A filter counts as noise from this share of what white noise of its size has at high frequencies. */
const NOISY = 0.9;
/** Multiply-adds that the search for duplicates may take. */
const MAX_COMPARISON = 4e9;

/**
 * Norms, dead filters (L2 below 0.001 of the median), duplicates (|cosine| over 0.95 among filters that see the same
 * channels) and noisy ones (as much energy at high frequencies as white noise).
 */
export function filterStatistics(bank: FilterBank): FilterStatistics {
  const norms = Array.from({ length: bank.filters }, (_, i) => norm(filterOf(bank, i)));
  const medianL2 = median(norms);
  const white = whiteNoiseShare(bank.height, bank.width);
  const filters = norms.map((l2, index): FilterFacts => {
    const w = filterOf(bank, index);
    const dead = l2 < DEAD * medianL2 || l2 === 0;
    const share = white === undefined || l2 === 0 ? undefined : highFrequencyShare(bank, index);
    return {
      ...{ index, l2, dead },
      l1: w.reduce((sum, x) => sum + Math.abs(x), 0),
      min: w.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY),
      max: w.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY),
      ...(share === undefined ? {} : { highFrequency: share }),
      noisy: !dead && share !== undefined && share >= NOISY * (white as number),
    };
  });
  const duplicates = duplicatesOf(bank, norms, filters);
  return {
    ...{ layer: bank.layer, weight: bank.weight, filters, medianL2 },
    scale: bank.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
    ...(duplicates === undefined ? {} : { duplicates }),
  };
}

/** What training made of one filter. */
export interface FilterChange {
  readonly index: number;
  /** ‖after − before‖ / ‖before‖; 0 where nothing changed, infinite where there was nothing before. */
  readonly relative: number;
  /** Cosine between before and after; 1 where nothing changed. */
  readonly cosine: number;
}

/** Each filter of a layer before and after training. @throws FoveaError `shape` where the two do not have the same form. */
export function filterChanges(before: FilterBank, after: FilterBank): FilterChange[] {
  const form = ({ filters, channels, height, width }: FilterBank): string =>
    `${filters} filters of ${height} × ${width} × ${channels}`;
  if (form(before) !== form(after)) {
    throw new FoveaError('shape', {
      where: `filters of layer "${after.layer}"`,
      rule: 'both must have the same form',
      received: `${form(before)} and ${form(after)}`,
    });
  }
  return Array.from({ length: after.filters }, (_, index) => {
    const [a, b] = [filterOf(before, index), filterOf(after, index)];
    const change = norm(a.map((x, i) => (b[i] as number) - x));
    const length = norm(a);
    return {
      index,
      relative: change === 0 ? 0 : change / length,
      cosine: change === 0 ? 1 : cosine(a, b, length, norm(b)),
    };
  });
}

/**
 * Filters that see three channels as small color pictures: 0.5 + w / (2 · scale), so that no weight is mid-gray and one
 * scale holds for the layer. [filters, height, width, 3], 0 to 1, red first.
 *
 * @param scale the largest weight by size; by default the bank's own. For 'bgr' networks the order is turned round.
 * @throws FoveaError `shape` for filters that do not see three channels.
 */
export function filterColors(
  { data, filters, channels, height, width, layer }: FilterBank,
  { scale, channelOrder = 'rgb' }: { readonly scale?: number; readonly channelOrder?: 'rgb' | 'bgr' } = {},
): Float32Array {
  if (channels !== 3) {
    throw new FoveaError('shape', {
      where: `filters of layer "${layer}"`,
      rule: 'only filters that see three channels are color pictures',
      received: `${channels} channels`,
      remedy: 'Draw them as signed tiles, one for each channel',
    });
  }
  const most = scale ?? data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  const size = height * width;
  const colors = new Float32Array(data.length);
  for (let f = 0; f < filters; f++) {
    for (let c = 0; c < 3; c++) {
      const from = (f * 3 + (channelOrder === 'bgr' ? 2 - c : c)) * size;
      for (let p = 0; p < size; p++) {
        const w = data[from + p] as number;
        colors[(f * size + p) * 3 + c] = most === 0 ? 0.5 : Math.min(1, Math.max(0, 0.5 + w / (2 * most)));
      }
    }
  }
  return colors;
}

/** The numbers of one filter: [channels, height, width]. */
export function filterOf({ data, filters }: FilterBank, index: number): Float32Array {
  const size = data.length / filters;
  return data.subarray(index * size, (index + 1) * size);
}

function duplicatesOf(
  bank: FilterBank,
  norms: readonly number[],
  facts: readonly FilterFacts[],
): FilterPair[] | undefined {
  const size = bank.data.length / bank.filters;
  const each = bank.filters / bank.groups;
  if ((bank.filters * each * size) / 2 > MAX_COMPARISON) return undefined;
  if (size === 1) return []; // single weights all point the same way
  const pairs: FilterPair[] = [];
  for (let a = 0; a < bank.filters; a++) {
    if (facts[a]?.dead) continue;
    for (let b = a + 1; b < (Math.floor(a / each) + 1) * each; b++) {
      if (facts[b]?.dead) continue;
      const similar = cosine(filterOf(bank, a), filterOf(bank, b), norms[a] as number, norms[b] as number);
      if (Math.abs(similar) > DUPLICATE) pairs.push({ a, b, cosine: similar });
    }
  }
  return pairs;
}

function norm(w: Float32Array): number {
  let sum = 0;
  for (const x of w) sum += x * x;
  return Math.sqrt(sum);
}

function cosine(a: Float32Array, b: Float32Array, normA: number, normB: number): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += (a[i] as number) * (b[i] as number);
  return dot / (normA * normB || 1);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Whether a bin of a discrete Fourier transform lies above a quarter of the sampling rate. */
const isHigh = (bin: number, size: number): boolean => Math.min(bin, size - bin) / size > 0.25;

/** The share of high bins, which is what white noise has; undefined where there are too few bins to tell. */
function whiteNoiseShare(height: number, width: number): number | undefined {
  if (height < 5 || width < 5) return undefined;
  const low = (size: number): number =>
    Array.from({ length: size }, (_, k) => k).filter((k) => !isHigh(k, size)).length;
  return 1 - (low(height) * low(width)) / (height * width);
}

function highFrequencyShare(bank: FilterBank, index: number): number {
  const { height, width, channels } = bank;
  const w = filterOf(bank, index);
  let [high, all] = [0, 0];
  for (let c = 0; c < channels; c++) {
    const tile = w.subarray(c * height * width, (c + 1) * height * width);
    for (let v = 0; v < height; v++) {
      for (let u = 0; u < width; u++) {
        let [re, im] = [0, 0];
        for (let p = 0; p < tile.length; p++) {
          const angle = -2 * Math.PI * ((v * Math.floor(p / width)) / height + (u * (p % width)) / width);
          re += (tile[p] as number) * Math.cos(angle);
          im += (tile[p] as number) * Math.sin(angle);
        }
        const energy = re * re + im * im;
        all += energy;
        if (isHigh(v, height) || isHigh(u, width)) high += energy;
      }
    }
  }
  return all === 0 ? 0 : high / all;
}
