import { FoveaError } from '../../tensor/errors.js';
import type { KerasSemantics } from './kerasGeometry.js';
import type { Picture } from './picture.js';
import type { Fill } from './resample.js';
import {
  choice,
  flag,
  type OptionSpec,
  type Parsed,
  parseOptions,
  type Range,
  range,
  real,
  type Specs,
  whole,
} from './transformOptions.js';

/** The options of Keras's ImageDataGenerator, under its names and with its defaults. */
export interface ImageDataGeneratorOptions {
  /** Keras 1.2.2, or the final one of Keras 2 and later. @default 'keras2' */
  readonly semantics?: KerasSemantics;
  /** Subtracts the data's mean of each channel; needs `fit`. @default false */
  readonly featurewiseCenter?: boolean;
  /** Subtracts each photo's own mean; with 'keras1' at each pixel that of its channels. @default false */
  readonly samplewiseCenter?: boolean;
  /** Divides by the data's standard deviation of each channel; needs `fit`. With 'keras2' implies centering. @default false */
  readonly featurewiseStdNormalization?: boolean;
  /** Divides by each photo's own standard deviation; with 'keras1' at each pixel. With 'keras2' implies centering. @default false */
  readonly samplewiseStdNormalization?: boolean;
  /** Makes all numbers uncorrelated over the data; needs `fit`. With 'keras2' implies centering. @default false */
  readonly zcaWhitening?: boolean;
  /** Added to variances before whitening divides by their roots; fixed with 'keras1'. @default 1e-6 */
  readonly zcaEpsilon?: number;
  /** Degrees to each side. @default 0 */
  readonly rotationRange?: number;
  /**
   * Shift to each side, as a share of the width. With 'keras2' a whole number n ≥ 1 draws whole pixels below n, another number ≥ 1
   * pixels, and a list one of its entries with either sign (shares where all are below 1). @default 0
   */
  readonly widthShiftRange?: number | readonly number[];
  /** The same up and down, of the height. @default 0 */
  readonly heightShiftRange?: number | readonly number[];
  /** Factors of brightness, for values of 0 to 255; 'keras2' only. */
  readonly brightnessRange?: Range;
  /** Slant to each side: degrees with 'keras2', radians with 'keras1'. @default 0 */
  readonly shearRange?: number;
  /** Factors of what is seen: z for 1 − z to 1 + z, or two ends; above 1 things get smaller. Drawn for each axis by itself. @default 0 */
  readonly zoomRange?: number | Range;
  /** Added to all channels alike, up to this to each side; with 'keras1' to each channel by itself. @default 0 */
  readonly channelShiftRange?: number;
  /** @default 'nearest' */
  readonly fillMode?: Fill;
  /** For 'constant', in the picture's own numbers. @default 0 */
  readonly cval?: number;
  /** @default false */
  readonly horizontalFlip?: boolean;
  /** @default false */
  readonly verticalFlip?: boolean;
  /** Multiplied with after all that is random. */
  readonly rescale?: number;
  /** Comes before `rescale`; gets floats [height, width, channels] and gives the same shape. Not part of the configuration. */
  readonly preprocessingFunction?: (picture: Picture & { readonly data: Float32Array }) => Picture;
  /** 0 nearest, 1 bilinear; 'keras1' knows only 0. @default 1, and 0 with 'keras1' */
  readonly interpolationOrder?: 0 | 1;
}

const shiftRange: OptionSpec<number | readonly number[]> = {
  default: 0,
  read: (value = 0, where) => {
    const all = Array.isArray(value) ? value : [value];
    const fits = all.length > 0 && all.every((one) => typeof one === 'number' && Math.abs(one) <= 1e4);
    if (fits && (Array.isArray(value) || (value as number) >= 0)) return value as number | readonly number[];
    const rule = 'a number of at least 0 is needed, or a list of numbers';
    throw new FoveaError('option', { where, rule, received: JSON.stringify(value) });
  },
};

const specs = {
  semantics: choice(['keras1', 'keras2'], 'keras2'),
  featurewiseCenter: flag(false),
  samplewiseCenter: flag(false),
  featurewiseStdNormalization: flag(false),
  samplewiseStdNormalization: flag(false),
  zcaWhitening: flag(false),
  zcaEpsilon: real(0, 1, 1e-6),
  rotationRange: real(0, 360, 0),
  widthShiftRange: shiftRange,
  heightShiftRange: shiftRange,
  brightnessRange: maybe(range(0, 100, 1, [1, 1])),
  shearRange: real(0, 360, 0),
  zoomRange: range(0.01, 100, 1, 0),
  channelShiftRange: real(0, 1e6, 0),
  fillMode: choice(['nearest', 'reflect', 'wrap', 'constant'], 'nearest'),
  cval: real(-1e9, 1e9, 0),
  horizontalFlip: flag(false),
  verticalFlip: flag(false),
  rescale: maybe(real(-1e9, 1e9, 1)),
  interpolationOrder: maybe(whole(0, 1, 1)),
} satisfies Specs;

/** All settings, those that imply others included. */
export type GeneratorSettings = Parsed<typeof specs> & Pick<ImageDataGeneratorOptions, 'preprocessingFunction'>;

function maybe<T>(spec: OptionSpec<T>): OptionSpec<T | undefined> {
  return { default: undefined, read: (value, where) => (value === undefined ? undefined : spec.read(value, where)) };
}

/** What Keras has and Fovea does elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  dataFormat: 'Pictures are always [height, width, channels]',
  dimOrdering: 'Pictures are always [height, width, channels]',
  validationSplit: 'Split the data before: split(data, { fractions, seed })',
  dtype: 'Numbers are float32',
};

/** Checks the options. Throws `option` for those that are unknown, out of range, or not known to the Keras that is asked for. */
export function readGenerator(options: ImageDataGeneratorOptions): GeneratorSettings {
  const where = 'imageDataGenerator';
  const { preprocessingFunction, ...plain } = options;
  for (const [name, remedy] of Object.entries(elsewhere)) {
    if (Object.hasOwn(plain, name))
      throw new FoveaError('option', { where, rule: `${name} is no option here`, remedy });
  }
  const settings = parseOptions(where, specs, plain);
  const refuse = (rule: string, remedy: string): never => {
    throw new FoveaError('option', { where, rule, remedy });
  };
  if (settings.semantics === 'keras1') {
    if (settings.brightnessRange !== undefined) refuse('Keras 1 has no brightnessRange', "Use semantics: 'keras2'");
    if (settings.interpolationOrder === 1) refuse('Keras 1 always takes the nearest pixel', "Use semantics: 'keras2'");
    if (Array.isArray(settings.widthShiftRange) || Array.isArray(settings.heightShiftRange)) {
      refuse('Keras 1 takes a shift as one number', "Use semantics: 'keras2'");
    }
  }
  if (preprocessingFunction !== undefined && typeof preprocessingFunction !== 'function') {
    refuse('preprocessingFunction must be a function', 'Leave it out');
  }
  return {
    ...implied(settings),
    ...(preprocessingFunction === undefined ? {} : { preprocessingFunction }),
  };
}

/** Keras 2 does not divide by a deviation from a mean that it has not subtracted. */
function implied(settings: Parsed<typeof specs>): Parsed<typeof specs> {
  if (settings.semantics === 'keras1') return settings;
  const { featurewiseStdNormalization, zcaWhitening, samplewiseStdNormalization } = settings;
  return {
    ...settings,
    featurewiseCenter: settings.featurewiseCenter || featurewiseStdNormalization || zcaWhitening,
    samplewiseCenter: settings.samplewiseCenter || samplewiseStdNormalization,
  };
}
