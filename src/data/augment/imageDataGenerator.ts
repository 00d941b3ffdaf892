import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import type { Dataset } from '../dataset.js';
import { type Augmentation, type DrawKey, type Drawn, drawnFrom } from './augmentation.js';
import { type GeneratorSettings, type ImageDataGeneratorOptions, readGenerator } from './generatorOptions.js';
import { type FittedStatistics, fitStatistics, statisticsFromJson, statisticsToJson } from './generatorStatistics.js';
import { flipHorizontal, flipVertical } from './geometrySteps.js';
import { type KerasGeometry, kerasMatrix } from './kerasGeometry.js';
import { identityMatrix } from './matrix.js';
import type { Picture, PictureSize } from './picture.js';
import { picturesOf } from './picturesOf.js';
import { needsFit, standardized, standardizes } from './standardize.js';
import { applySteps, type Step } from './steps.js';
import { signed } from './text.js';

export interface FitGeneratorOptions {
  /** Takes the figures from photos changed at random. @default false */
  readonly augment?: boolean;
  /** So many passes over them then. @default 1 */
  readonly rounds?: number;
  /** @default 0 */
  readonly seed?: number;
}

/** Keras's generator as an augmentation. */
export interface ImageDataGenerator extends Augmentation {
  /** Computes what featurewise normalization and whitening need, from the photos as they are in the data set: bytes where it keeps bytes. */
  fit(data: Dataset, options?: FitGeneratorOptions): Promise<void>;
}

/**
 * Changes photos as Keras's ImageDataGenerator does, to the pixel for given parameters: one affine map (rotation · shift · shear ·
 * zoom), then channel shift, flips, brightness; then, for every photo, the preprocessing function, rescale and normalization. What
 * is drawn depends on seed, epoch and photo alone, where Keras takes one number after the other from a generator.
 *
 * @throws FoveaError `option` for what makes no sense.
 */
export function imageDataGenerator(options: ImageDataGeneratorOptions = {}): ImageDataGenerator {
  return generatorFrom(options, undefined);
}

/** The same with figures that were fitted before, from a configuration. */
export function generatorFromConfig(config: Readonly<Record<string, unknown>>): ImageDataGenerator {
  const { type: _, fitted, ...options } = config;
  return generatorFrom(
    options as ImageDataGeneratorOptions,
    fitted === undefined ? undefined : statisticsFromJson(fitted),
  );
}

function generatorFrom(options: ImageDataGeneratorOptions, known: FittedStatistics | undefined): ImageDataGenerator {
  const settings = readGenerator(options);
  let fitted = known;
  const floats = standardizes(settings);
  const draw = (size: PictureSize, key: DrawKey): Drawn => {
    const steps = drawSteps(settings, size, key);
    const sampling = {
      interpolation:
        (settings.interpolationOrder ?? (settings.semantics === 'keras1' ? 0 : 1)) === 0 ? 'nearest' : 'bilinear',
      fill: settings.fillMode,
      fillValue: settings.cval,
      scipy: true,
    } as const;
    // Keras computes with floats throughout: bytes are rounded only where they are to remain bytes.
    const apply = (picture: Picture): Picture =>
      applySteps(floats ? { ...picture, data: Float32Array.from(picture.data) } : picture, steps, sampling, 255);
    return drawnFrom(steps, apply, size);
  };
  return {
    draw,
    ...(floats ? { standardize: (picture: Picture) => standardized(picture, settings, fitted) } : {}),
    config: () => {
      if (options.preprocessingFunction !== undefined) {
        throw new FoveaError('option', {
          where: 'imageDataGenerator',
          rule: 'a configuration with a preprocessingFunction cannot be written down',
          remedy: 'Leave it out, and give it again to who reads the configuration',
        });
      }
      return {
        type: 'imageDataGenerator',
        ...structuredClone(options),
        ...(fitted === undefined ? {} : { fitted: statisticsToJson(fitted) }),
      };
    },
    fit: async (data, { augment = false, rounds = 1, seed = 0 } = {}) => {
      if (!needsFit(settings)) return;
      if (!Number.isSafeInteger(rounds) || rounds < 1) {
        throw new FoveaError('option', {
          where: 'imageDataGenerator.fit',
          rule: 'rounds must be a whole number of at least 1',
          received: `${rounds}`,
        });
      }
      const pictures = await picturesOf(data);
      const seen = augment
        ? Array.from({ length: rounds }, (_, epoch) =>
            pictures.map((picture, index) => draw(picture, { seed, epoch, index }).apply(picture)),
          ).flat()
        : pictures;
      fitted = fitStatistics(seen, settings);
    },
  };
}

function drawSteps(settings: GeneratorSettings, size: PictureSize, { seed, epoch, index }: DrawKey): Step[] {
  const stream = (name: string): RandomStream => new RandomStream(seed, `imageDataGenerator ${name}`, epoch, index);
  const within = (name: string, most: number): number => (most === 0 ? 0 : (2 * stream(name).uniform() - 1) * most);
  const { semantics, zoomRange, channelShiftRange, brightnessRange } = settings;
  const zoom = stream('zoom');
  const drawn: KerasGeometry = {
    rotation: within('rotation', settings.rotationRange),
    shiftRows: drawShift(stream('heightShift'), settings.heightShiftRange, size.height, semantics),
    shiftColumns: drawShift(stream('widthShift'), settings.widthShiftRange, size.width, semantics),
    shear: within('shear', settings.shearRange),
    zoomRows: zoomRange[0] + (zoomRange[1] - zoomRange[0]) * zoom.uniform(),
    zoomColumns: zoomRange[0] + (zoomRange[1] - zoomRange[0]) * zoom.uniform(),
  };
  const steps: Step[] = [];
  const matrix = kerasMatrix(size, drawn, semantics);
  if (matrix.some((entry, k) => entry !== identityMatrix[k])) {
    steps.push({ kind: 'geometry', name: 'affine', matrix, values: { ...drawn }, text: affineText(drawn, semantics) });
  }
  if (channelShiftRange > 0) {
    const random = stream('channelShift');
    const one = within('channelShift', channelShiftRange);
    const shifts = Array.from({ length: size.channels }, () =>
      semantics === 'keras1' ? (2 * random.uniform() - 1) * channelShiftRange : one,
    );
    steps.push(channelShift(shifts));
  }
  if (settings.horizontalFlip && stream('horizontalFlip').uniform() < 0.5) steps.push(...flipHorizontal(size));
  if (settings.verticalFlip && stream('verticalFlip').uniform() < 0.5) steps.push(...flipVertical(size));
  if (brightnessRange !== undefined) {
    const [low, high] = brightnessRange;
    steps.push(pillowBrightness(low + (high - low) * stream('brightness').uniform()));
  }
  return steps;
}

function drawShift(
  random: RandomStream,
  range: number | readonly number[],
  length: number,
  semantics: GeneratorSettings['semantics'],
): number {
  const most = typeof range === 'number' ? range : Math.max(...range);
  if (semantics === 'keras1') return (2 * random.uniform() - 1) * most * length;
  const scale = most < 1 ? length : 1;
  const sign = random.uniform() < 0.5 ? -1 : 1;
  if (typeof range !== 'number') return sign * (range[random.below(range.length)] as number) * scale;
  if (range >= 1 && Number.isInteger(range)) return sign * random.below(range) + 0;
  return (2 * random.uniform() - 1) * range * scale;
}

function affineText(
  { rotation, shiftRows, shiftColumns, shear, zoomRows, zoomColumns }: KerasGeometry,
  semantics: string,
): string {
  const parts = [
    ...(rotation === 0 ? [] : [`rotation ${signed(rotation, 1)}°`]),
    ...(shiftRows === 0 && shiftColumns === 0 ? [] : [`shift ${signed(shiftColumns, 1)}, ${signed(shiftRows, 1)} px`]),
    ...(shear === 0 ? [] : [`shear ${semantics === 'keras1' ? `${signed(shear, 2)} rad` : `${signed(shear, 1)}°`}`]),
    ...(zoomRows === 1 && zoomColumns === 1 ? [] : [`zoom ${zoomRows.toFixed(2)}, ${zoomColumns.toFixed(2)}`]),
  ];
  return parts.join(' · ');
}

/** Adds a number to each channel; what leaves the range that the picture had is cut off. */
function channelShift(shifts: readonly number[]): Step {
  const joint = shifts.every((shift) => shift === shifts[0]);
  const text = `channels ${(joint ? shifts.slice(0, 1) : shifts).map((shift) => signed(shift, 1)).join(', ')}`;
  const values = Object.fromEntries(shifts.map((shift, c) => [`channel${c}`, shift]));
  return {
    kind: 'canvas',
    name: 'channelShift',
    values,
    text,
    paint: ({ data, channels }) => {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = 0; i < data.length; i++) {
        const value = data[i] as number;
        if (value < least) least = value;
        if (value > most) most = value;
      }
      for (let i = 0; i < data.length; i++) {
        const value = (data[i] as number) + (shifts[i % channels] as number);
        data[i] = value < least ? least : value > most ? most : value;
      }
    },
  };
}

/** Pillow's: bytes times a factor, without what stands behind the point. */
function pillowBrightness(factor: number): Step {
  return {
    kind: 'canvas',
    name: 'brightness',
    values: { factor },
    text: `brightness ×${factor.toFixed(2)}`,
    paint: ({ data }) => {
      for (let i = 0; i < data.length; i++) {
        const byte = Math.trunc(Math.min(255, Math.max(0, data[i] as number)));
        data[i] = Math.trunc(Math.min(255, byte * factor));
      }
    },
  };
}
