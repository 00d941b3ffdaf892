import * as v from 'valibot';
import type { Pads } from '../ops/windows.js';

type Ends = readonly [before: number, after: number];

/** Pixels at the border of an image: the same everywhere, [vertical, horizontal], or [[top, bottom], [left, right]]. */
export type Border2d =
  | number
  | readonly [vertical: number, horizontal: number]
  | readonly [vertical: Ends, horizontal: Ends];

/** The option of a layer that adds or removes a border. */
export function border2d() {
  return v.custom<Border2d>(
    (value) => isPixels(value) || (isPair(value) && (value.every(isPixels) || value.every(isEnds))),
    'must be a whole number of at least 0, two of them [vertical, horizontal], or [[top, bottom], [left, right]]',
  );
}

export function borderPixels(border: Border2d): Pads {
  const [vertical, horizontal] = typeof border === 'number' ? [border, border] : border;
  const [top, bottom] = typeof vertical === 'number' ? [vertical, vertical] : vertical;
  const [left, right] = typeof horizontal === 'number' ? [horizontal, horizontal] : horizontal;
  return [top, bottom, left, right];
}

function isPixels(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isPair(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length === 2;
}

function isEnds(value: unknown): boolean {
  return isPair(value) && value.every(isPixels);
}
