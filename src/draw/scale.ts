import { FoveaError } from '../tensor/errors.js';
import { type ColorMap, colorMaps, notFiniteColor } from './colorMaps.js';
import { numberText } from './numberText.js';
import type { Color } from './raster.js';

/** What turns values into colors, and says how: the same object paints a picture and writes its legend. */
export interface Scale {
  readonly kind: 'sequential' | 'diverging' | 'gray';
  /** The values at both ends of the colors; those beyond get the color of the end. */
  readonly min: number;
  readonly max: number;
  readonly colorMap: ColorMap;
  /** What shares the scale, for the legend: `layer conv1`. */
  readonly scope?: string;
  /** The values that a legend writes: both ends, and zero where it lies between them. */
  readonly ticks: readonly number[];
  /** Where a value lies between the ends, 0 to 1; NaN for one that is not finite. */
  position(value: number): number;
  /** The color of a value; one that is not finite gets a pink that no map has. */
  color(value: number): Color;
  /** The scale in a sentence. */
  describe(): string;
}

export interface ScaleOptions {
  readonly scope?: string;
  readonly colorMap?: ColorMap;
}

/** A scale for values that are never negative, or have no meaningful zero: dark at `min`, light at `max`. */
export function sequentialScale(min: number, max: number, options: ScaleOptions = {}): Scale {
  return build('sequential', min, max, colorMaps.sequential, options);
}

/** A scale for signed values from `-limit` to `limit`: orange below zero, blue above, zero itself always without color. */
export function divergingScale(limit: number, options: ScaleOptions = {}): Scale {
  return build('diverging', -limit, limit, colorMaps.diverging, options);
}

/** A scale from black at `min` to white at `max`. */
export function grayScale(min: number, max: number, options: ScaleOptions = {}): Scale {
  return build('gray', min, max, colorMaps.gray, options);
}

/** The scale that fits the values: diverging around zero where any is negative, otherwise sequential from zero. */
export function scaleOf(values: ArrayLike<number>, options: ScaleOptions = {}): Scale {
  let [min, max] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min < 0 ? divergingScale(Math.max(-min, max), options) : sequentialScale(0, max, options);
}

/**
 * The limit for a diverging scale that leaves a share of the values beyond its ends, so that a few extreme ones do not make all
 * others pale; the largest of all where that share is 0. Say in the caption how many lie beyond.
 */
export function robustLimit(values: ArrayLike<number>, beyond = 0.005): number {
  const sizes = Float64Array.from(values, Math.abs).filter(Number.isFinite).sort();
  const limit = sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * (1 - beyond)))] ?? 0;
  return limit > 0 ? limit : (sizes.at(-1) ?? 0);
}

function build(kind: Scale['kind'], min: number, max: number, colors: ColorMap, options: ScaleOptions): Scale {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min <= max)) {
    const rule = 'the ends must be finite numbers, the lower one first';
    throw new FoveaError('option', { where: `${kind} scale`, rule, received: `${min} to ${max}` });
  }
  const { colorMap = colors, scope } = options;
  const position = (value: number): number => {
    if (!Number.isFinite(value)) return Number.NaN;
    // Where all values are equal, zero is neutral all the same, and other values lie at the lower end.
    if (max === min) return kind === 'diverging' ? 0.5 : 0;
    return Math.min(1, Math.max(0, (value - min) / (max - min)));
  };
  return {
    kind,
    min,
    max,
    colorMap,
    ...(scope === undefined ? {} : { scope }),
    ticks: min < 0 && max > 0 ? [min, 0, max] : min === max ? [min] : [min, max],
    position,
    color(value) {
      const at = position(value);
      if (Number.isNaN(at)) return notFiniteColor;
      const entry = Math.round(at * 255) * 3;
      return [colorMap[entry] as number, colorMap[entry + 1] as number, colorMap[entry + 2] as number];
    },
    describe() {
      const shared = scope === undefined ? '' : ` One scale for ${scope}.`;
      const [low, high] = [numberText(min), numberText(max)];
      if (kind === 'diverging')
        return `Blue is positive, orange negative, zero without color; from ${low} to ${high}.${shared}`;
      if (kind === 'gray') return `Black is ${low}, white ${high}.${shared}`;
      const lightness = (at: number): number => colorMap.subarray(at, at + 3).reduce((sum, one) => sum + one, 0);
      const [first, last] = lightness(0) > lightness(765) ? ['Pale', 'strong'] : ['Dark', 'light'];
      return `${first} is ${low}, ${last} ${high}.${shared}`;
    },
  };
}
