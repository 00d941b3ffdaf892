import type { Range } from './transformOptions.js';

/** What every transform takes. */
interface Chance {
  /** How likely the transform is to be done at all, 0 to 1. @default 1; one half for flips and erasing */
  readonly p?: number;
}

/** A factor f is drawn between 1 − d and 1 + d, or between two ends. */
type Factor = number | Range;

/** Mirrors left and right. */
export interface FlipHorizontalConfig extends Chance {
  readonly type: 'flipHorizontal';
}

/** Mirrors top and bottom. */
export interface FlipVerticalConfig extends Chance {
  readonly type: 'flipVertical';
}

/** Turns about the middle; counterclockwise for positive angles. */
export interface RotationConfig extends Chance {
  readonly type: 'rotation';
  /** Degrees: d for −d to d, or two ends. @default 10 */
  readonly degrees?: number | Range;
}

/** Makes larger (above 1) or smaller. */
export interface ZoomConfig extends Chance {
  readonly type: 'zoom';
  /** @default [1, 1.1] */
  readonly factor?: Factor;
  /** Draws a factor for the width and another for the height. @default false */
  readonly separate?: boolean;
  /** The point that stays where it is. @default 'middle' */
  readonly center?: 'middle' | 'random';
}

/** Moves to the side, up and down. */
export interface ShiftConfig extends Chance {
  readonly type: 'shift';
  /** Share of the width. @default 0.1 */
  readonly x?: number | Range;
  /** Share of the height. @default 0.1 */
  readonly y?: number | Range;
}

/** Slants about the middle. */
export interface ShearConfig extends Chance {
  readonly type: 'shear';
  /** Degrees by which upright lines lean. @default 10 */
  readonly x?: number | Range;
  /** Degrees by which level lines lean. @default 0 */
  readonly y?: number | Range;
}

/** Tilts as if seen from the side, above or below (fastai's warp). */
export interface PerspectiveConfig extends Chance {
  readonly type: 'perspective';
  /** Corners go in and out by this share of half a side. @default 0.2 */
  readonly tilt?: number | Range;
}

/** Cuts a part out and makes it as large as the picture (Szegedy et al., 2015; torchvision's RandomResizedCrop). */
export interface RandomResizedCropConfig extends Chance {
  readonly type: 'randomResizedCrop';
  /** The part's share of the picture's area. @default [0.35, 1] */
  readonly scale?: Range;
  /** Width ÷ height of the part. @default [3 / 4, 4 / 3] */
  readonly ratio?: Range;
  /** Side of the result, in pixels, where it is not the picture's own size. */
  readonly size?: number | readonly [height: number, width: number];
}

/** Multiplies all brightnesses. */
export interface BrightnessConfig extends Chance {
  readonly type: 'brightness';
  /** @default 0.2 */
  readonly factor?: Factor;
}

/** Spreads brightnesses about their mean. */
export interface ContrastConfig extends Chance {
  readonly type: 'contrast';
  /** @default 0.2 */
  readonly factor?: Factor;
}

/** Makes colors paler or stronger; pictures without color stay. */
export interface SaturationConfig extends Chance {
  readonly type: 'saturation';
  /** @default 0.2 */
  readonly factor?: Factor;
}

/** Turns colors about the grey axis; pictures without color stay. */
export interface HueConfig extends Chance {
  readonly type: 'hue';
  /** @default 18 */
  readonly degrees?: number | Range;
}

/** Blurs with a Gaussian. */
export interface BlurConfig extends Chance {
  readonly type: 'blur';
  /** Standard deviation in pixels. @default [0.1, 1.5] */
  readonly sigma?: Range;
}

/** Adds noise to every number. */
export interface NoiseConfig extends Chance {
  readonly type: 'noise';
  /** Standard deviation, as a share of white. @default [0, 0.05] */
  readonly sigma?: Range;
}

/** Covers a rectangle (Zhong et al., "Random erasing", 2017). */
export interface ErasingConfig extends Chance {
  readonly type: 'erasing';
  /** Share of the picture's area. @default [0.02, 0.33] */
  readonly area?: Range;
  /** Width ÷ height. @default [0.3, 3.3] */
  readonly ratio?: Range;
  /** What covers it: noise, the picture's mean, or a share of white. @default 'noise' */
  readonly value?: 'noise' | 'mean' | number;
}

/** `n` of 14 transforms at one strength (Cubuk et al., "RandAugment", 2019); strengths as in torchvision. */
export interface RandAugmentConfig extends Chance {
  readonly type: 'randAugment';
  /** @default 2 */
  readonly n?: number;
  /** 0 to 30. @default 9 */
  readonly magnitude?: number;
}

/** One of 14 transforms at a random strength (Müller and Hutter, "TrivialAugment", 2021), the wide set of torchvision. */
export interface TrivialAugmentConfig extends Chance {
  readonly type: 'trivialAugment';
}

export type TransformConfig =
  | FlipHorizontalConfig
  | FlipVerticalConfig
  | RotationConfig
  | ZoomConfig
  | ShiftConfig
  | ShearConfig
  | PerspectiveConfig
  | RandomResizedCropConfig
  | BrightnessConfig
  | ContrastConfig
  | SaturationConfig
  | HueConfig
  | BlurConfig
  | NoiseConfig
  | ErasingConfig
  | RandAugmentConfig
  | TrivialAugmentConfig;

export type TransformName = TransformConfig['type'];
