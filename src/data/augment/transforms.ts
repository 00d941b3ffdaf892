import type { RandomStream } from '../../tensor/random.js';
import { addNoise, blur, brighten, contrast, erase, saturate, turnHue } from './canvasSteps.js';
import { crop, flipHorizontal, flipVertical, rotate, shear, shift, tilt, zoom } from './geometrySteps.js';
import { randAugmentSteps, trivialAugmentSteps } from './randAugment.js';
import { type Area, randomPart } from './randomPart.js';
import type { Step } from './steps.js';
import type { TransformName } from './transformConfig.js';
import { choice, either, flag, type Parsed, type Range, range, real, type Specs, whole } from './transformOptions.js';

/** What a transform draws from, for one photo. */
export interface DrawContext {
  readonly random: RandomStream;
  /** Size of the picture when the transform comes to it, in pixels. */
  readonly size: Area;
  /** A stream that begins anew each time it is asked for, for what is drawn while a picture is changed. */
  readonly fresh: () => RandomStream;
}

export interface TransformDefinition {
  readonly specs: Specs;
  /** How likely it is where nothing is said. */
  readonly chance: number;
  draw(options: Readonly<Record<string, unknown>>, context: DrawContext): Step[];
}

function define<S extends Specs>(
  specs: S,
  draw: (options: Parsed<S>, context: DrawContext) => Step[],
  chance = 1,
): TransformDefinition {
  return { specs, chance, draw: (options, context) => draw(options as Parsed<S>, context) };
}

const between = (random: RandomStream, [low, high]: Range): number => low + (high - low) * random.uniform();

/** One factor, drawn between 1 − d and 1 + d or two ends. */
const factor = { factor: range(0, 10, 1, 0.2) };

export const transformTable: { readonly [K in TransformName]: TransformDefinition } = {
  flipHorizontal: define({}, (_, { size }) => flipHorizontal(size), 0.5),
  flipVertical: define({}, (_, { size }) => flipVertical(size), 0.5),
  rotation: define({ degrees: range(-360, 360, 0, 10) }, ({ degrees }, { random, size }) =>
    rotate(size, between(random, degrees)),
  ),
  zoom: define(
    {
      factor: range(0.05, 20, 1, [1, 1.1]),
      separate: flag(false),
      center: choice(['middle', 'random'], 'middle'),
    },
    ({ factor: ends, separate, center }, { random, size }) => {
      const x = between(random, ends);
      const y = separate ? between(random, ends) : x;
      return center === 'middle' ? zoom(size, x, y) : zoom(size, x, y, random.uniform(), random.uniform());
    },
  ),
  shift: define({ x: range(-1, 1, 0, 0.1), y: range(-1, 1, 0, 0.1) }, ({ x, y }, { random, size }) =>
    shift(size, between(random, x), between(random, y)),
  ),
  shear: define({ x: range(-80, 80, 0, 10), y: range(-80, 80, 0, 0) }, ({ x, y }, { random, size }) =>
    shear(size, between(random, x), between(random, y)),
  ),
  perspective: define({ tilt: range(-0.9, 0.9, 0, 0.2) }, ({ tilt: ends }, { random, size }) =>
    tilt(size, between(random, ends), between(random, ends)),
  ),
  randomResizedCrop: define(
    {
      scale: range(0.01, 1, 1, [0.35, 1]),
      ratio: range(0.1, 10, 1, [3 / 4, 4 / 3]),
      size: sizeOption(),
    },
    ({ scale, ratio, size: wanted }, { random, size }) => {
      const [height, width] = wanted ?? [size.height, size.width];
      return crop(size, randomPart(random, size, scale, ratio), { height, width });
    },
  ),
  brightness: define(factor, (options, { random }) => brighten(between(random, options.factor))),
  contrast: define(factor, (options, { random }) => contrast(between(random, options.factor))),
  saturation: define(factor, (options, { random }) => saturate(between(random, options.factor))),
  hue: define({ degrees: range(-180, 180, 0, 18) }, ({ degrees }, { random }) => turnHue(between(random, degrees))),
  blur: define({ sigma: range(0, 50, 0, [0.1, 1.5]) }, ({ sigma }, { random }) => blur(between(random, sigma))),
  noise: define({ sigma: range(0, 1, 0, [0, 0.05]) }, ({ sigma }, { random, fresh }) =>
    addNoise(between(random, sigma), fresh),
  ),
  erasing: define(
    {
      area: range(0.001, 1, 0, [0.02, 0.33]),
      ratio: range(0.1, 10, 1, [0.3, 3.3]),
      value: either(choice(['noise', 'mean'], 'noise'), real(0, 1, 0)),
    },
    ({ area, ratio, value }, { random, size, fresh }) => erase(randomPart(random, size, area, ratio), value, fresh),
    0.5,
  ),
  randAugment: define({ n: whole(1, 14, 2), magnitude: whole(0, 30, 9) }, ({ n, magnitude }, { random, size }) =>
    randAugmentSteps(random, size, n, magnitude),
  ),
  trivialAugment: define({}, (_, { random, size }) => trivialAugmentSteps(random, size)),
};

function sizeOption(): { default: undefined; read: (value: unknown, where: string) => Range | undefined } {
  const side = whole(1, 16_384, 224);
  return {
    default: undefined,
    read: (value, where) => {
      if (value === undefined) return undefined;
      const both = Array.isArray(value) && value.length === 2 ? value : [value, value];
      return [side.read(both[0], where), side.read(both[1], where)];
    },
  };
}
