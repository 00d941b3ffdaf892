import type { Place } from '../place.js';
import type { ResolvedTarget, Target } from '../target.js';

/** How a map was made. */
export type AttributionMethod =
  | 'saliency'
  | 'smoothGrad'
  | 'integratedGradients'
  | 'gradCam'
  | 'hiResCam'
  | 'layerCam'
  | 'occlusion'
  | 'deconvnet'
  | 'guided';

/** The settings that a map was made with. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** Least and largest value of a map, and the value that means nothing: what a legend needs. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
  readonly zero: 0;
}

/** A map over a photo as the network sees it: raw numbers, never stretched. */
export interface Attribution {
  readonly method: AttributionMethod;
  readonly height: number;
  readonly width: number;
  /** [height, width], row by row. */
  readonly values: Float32Array;
  /** Values below 0 speak against the target; otherwise there are none. */
  readonly signed: boolean;
  readonly range: ValueRange;
  /** The place whose cells the values are: 'input' for pixels. */
  readonly place: Place;
  readonly target: ResolvedTarget;
  readonly targetValue: number;
  readonly parameters: Parameters;
}

/** Least and largest of some numbers; 0 and 0 for none. */
export function rangeOf(values: Float32Array): ValueRange {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return values.length === 0 ? { min: 0, max: 0, zero: 0 } : { min, max, zero: 0 };
}

/** The target again with everything filled in, so that it stays the same when the input changes. */
export function fixedTarget(resolved: ResolvedTarget): Target {
  if (resolved.kind !== 'unit') return resolved;
  const { place, channel, at, of } = resolved;
  return { kind: 'unit', place, channel, at: at ?? (of === 'mean' ? 'mean' : 'map') };
}
