import type { Interpolation, Preprocessing } from './preprocessing.js';

/** What may be said of photos in place of a network's own preprocessing. */
export interface PreprocessingOptions {
  /** What the network wants: an entry of the zoo knows. @default RGB 0..1 of `size`, else of 224 × 224 pixels */
  readonly preprocessing?: Preprocessing;
  /** Height and width in pixels, in place of those of `preprocessing`. */
  readonly size?: number;
  /**
   * How a photo gets its size, in place of the rule of `preprocessing`: 'squash' to it, 'crop' the middle after the short
   * side was fitted, or 'pad' what is missing after the long side was fitted.
   */
  readonly resize?: 'squash' | 'crop' | 'pad';
  readonly interpolation?: Interpolation;
}

const plain: Preprocessing = {
  resize: { mode: 'squash', to: 224, interpolation: 'bilinear' },
  crop: [224, 224],
  channelOrder: 'rgb',
  range: [0, 1],
  mean: [0, 0, 0],
  standardDeviation: [1, 1, 1],
};

/** The preprocessing that options ask for. */
export function preprocessingFrom({
  preprocessing = plain,
  size,
  resize,
  interpolation,
}: PreprocessingOptions): Preprocessing {
  const { crop, resize: rule } = preprocessing;
  const mode =
    resize === undefined ? rule.mode : ({ squash: 'squash', crop: 'shortSide', pad: 'pad' } as const)[resize];
  const side = size ?? Math.min(...crop);
  // The margin that is cropped keeps its share of the photo.
  const margin = mode === rule.mode ? rule.to / Math.min(...crop) : 1;
  return {
    ...preprocessing,
    resize: { ...rule, mode, to: Math.round(side * margin), ...(interpolation === undefined ? {} : { interpolation }) },
    crop: size === undefined ? crop : [size, size],
  };
}
