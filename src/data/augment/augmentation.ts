import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { type Box, movedBoxes } from './boxes.js';
import type { MixConfig } from './mix.js';
import { readMix } from './mix.js';
import type { Picture, PictureSize } from './picture.js';
import type { Fill } from './resample.js';
import { applySteps, composedGeometry, type Step, type StepFacts } from './steps.js';
import type { TransformConfig } from './transformConfig.js';
import { choice, parseOptions, type Specs } from './transformOptions.js';
import { type DrawContext, transformTable } from './transforms.js';

/** What a draw depends on, and all that it depends on. */
export interface DrawKey {
  /** Whole number of at least 0. */
  readonly seed: number;
  /** Which pass over the photos, from 0. */
  readonly epoch: number;
  /** Which photo, from 0. */
  readonly index: number;
}

/** What is done to one photo in one epoch. */
export interface Drawn {
  /** Each thing that is done, with the numbers that were drawn; what would change nothing is left out. */
  readonly steps: readonly StepFacts[];
  /** The picture changed; with nothing drawn a copy that is equal bit for bit. May be called again, to the same end. */
  apply(picture: Picture): Picture;
  /** The boxes as they lie in the changed picture: the smallest upright ones that hold what theirs held, cut off at the edge. */
  boxes(boxes: readonly Box[]): Box[];
}

/** A way to change photos at random. Configuration is JSON; see `augmentationFromConfig`. */
export interface Augmentation {
  /** What is done to a photo [height, width, channels]; a function of the key. Throws `option` or `shape` for impossible sizes. */
  draw(size: PictureSize, key: DrawKey): Drawn;
  /** What is done to every photo, also where nothing is random: subtracting a mean and the like. */
  readonly standardize?: (picture: Picture) => Picture;
  /** How photos of a batch are mixed, where they are. */
  readonly mix?: MixConfig;
  /** JSON, from which the same augmentation can be made again; throws `option` where there is code in it. */
  config(): Readonly<Record<string, unknown>>;
}

/** What a list of transforms becomes with the rest of its settings. */
export interface AugmentationConfig extends MixConfig {
  readonly transforms: readonly TransformConfig[];
  /** How pixels between the picture's own are made. @default 'bilinear' */
  readonly interpolation?: 'nearest' | 'bilinear';
  /** What lies beyond the edge. @default 'reflect' */
  readonly fill?: Fill;
  /** For 'constant': a share of white, 0 to 1. @default 0 */
  readonly fillValue?: number;
}

const sampling = {
  interpolation: choice(['nearest', 'bilinear'], 'bilinear'),
  fill: choice(['nearest', 'reflect', 'wrap', 'constant'], 'reflect'),
} satisfies Specs;

/**
 * Changes photos by a list of transforms: `augmentation({ transforms: [{ type: 'rotation', degrees: 10 }, { type: 'flipHorizontal' }] })`.
 * All that moves pixels is composed to one map and interpolated once, before all that changes colors; within either the list's order counts.
 *
 * @throws FoveaError `option` or `name` for what makes no sense.
 */
export function augmentation(config: AugmentationConfig): Augmentation {
  const where = 'augmentation';
  const { transforms, fillValue = 0, mixup, cutMix, ...rest } = config;
  const { interpolation, fill } = parseOptions(where, sampling, rest);
  if (!Array.isArray(transforms)) {
    throw new FoveaError('option', { where, rule: 'transforms must be a list', received: JSON.stringify(transforms) });
  }
  if (!(fillValue >= 0 && fillValue <= 1)) {
    throw new FoveaError('option', { where, rule: 'fillValue is a share of white, 0 to 1', received: `${fillValue}` });
  }
  const parts = transforms.map((one: TransformConfig, i) => readTransform(`augmentation, transform ${i + 1}`, one));
  const mix = readMix({ ...(mixup === undefined ? {} : { mixup }), ...(cutMix === undefined ? {} : { cutMix }) });
  return {
    ...(mix === undefined ? {} : { mix }),
    config: () => structuredClone({ type: 'transforms', ...config }),
    draw: ({ height, width }, { seed, epoch, index }) => {
      const steps: Step[] = [];
      let size = { height, width };
      for (const [i, { name, chance, draw }] of parts.entries()) {
        const purpose = `augment ${i} ${name}`;
        const random = new RandomStream(seed, purpose, epoch, index);
        if (chance < 1 && random.uniform() >= chance) continue;
        const fresh = (): RandomStream => new RandomStream(seed, `${purpose} canvas`, epoch, index);
        for (const step of draw({ random, size, fresh })) {
          steps.push(step);
          if (step.kind === 'geometry') size = step.size ?? size;
        }
      }
      return drawnFrom(
        steps,
        (picture) => {
          const scale = picture.data instanceof Uint8Array ? 255 : 1;
          return applySteps(picture, steps, { interpolation, fill, fillValue: fillValue * scale });
        },
        { height, width },
      );
    },
  };
}

/** What was drawn, as it is given out. */
export function drawnFrom(
  steps: readonly Step[],
  apply: Drawn['apply'],
  size: Pick<PictureSize, 'height' | 'width'>,
): Drawn {
  return {
    steps: steps.map(({ name, values, text }) => ({ name, values, text })),
    apply,
    boxes: (boxes) => movedBoxes(boxes, composedGeometry(steps, size)),
  };
}

interface Part {
  readonly name: string;
  readonly chance: number;
  readonly draw: (context: DrawContext) => Step[];
}

function readTransform(where: string, config: TransformConfig): Part {
  const type = (config as { readonly type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(transformTable, type)) {
    throw new FoveaError('name', {
      where,
      rule: 'there is no such transform',
      received: JSON.stringify(type) ?? 'nothing',
      remedy: `There are ${Object.keys(transformTable).join(', ')}`,
    });
  }
  const { type: name, p, ...given } = config;
  const { specs, chance, draw } = transformTable[name];
  const options = parseOptions(`${where} "${name}"`, specs, given);
  if (p !== undefined && !(p >= 0 && p <= 1)) {
    throw new FoveaError('option', { where: `${where} "${name}"`, rule: 'p lies between 0 and 1', received: `${p}` });
  }
  return { name, chance: p ?? chance, draw: (context) => draw(options, context) };
}
