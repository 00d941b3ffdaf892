import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { type Augmentation, type AugmentationConfig, augmentation } from './augmentation.js';
import { augmentationFromConfig } from './augmentationFromConfig.js';
import { augTransforms } from './augTransforms.js';
import { imageDataGenerator } from './imageDataGenerator.js';
import type { TransformConfig, TransformName } from './transformConfig.js';
import { transformTable } from './transforms.js';

/** A set of changes that has a name. */
export interface AugmentationPreset {
  readonly name: string;
  /** What it is for, in a sentence. */
  readonly says: string;
  readonly build: () => Augmentation;
}

/** Sets for what people usually have. */
export const augmentationPresets: readonly AugmentationPreset[] = [
  {
    name: 'photos',
    says: 'mirrored, turned, enlarged, tilted, in other light (fastai)',
    build: () => augmentation(augTransforms()),
  },
  {
    name: 'sided',
    says: 'the same without mirroring, where left and right differ',
    build: () => augmentation(augTransforms({ flip: false })),
  },
  {
    name: 'above',
    says: 'mirrored and turned in any way: from above, microscopes',
    build: () =>
      augmentation({
        transforms: [
          { type: 'rotation', degrees: 180 },
          ...augTransforms({ flipVertical: true, maxRotate: 0, maxWarp: 0 }).transforms,
        ],
      }),
  },
  {
    name: 'digits',
    says: 'small turns, shifts, slants and sizes, on black',
    build: () =>
      augmentation({
        transforms: [
          { type: 'rotation', degrees: 10 },
          { type: 'zoom', factor: [0.9, 1.1], separate: true },
          { type: 'shear', x: 10 },
          { type: 'shift', x: 0.08, y: 0.08 },
        ],
        fill: 'constant',
      }),
  },
  {
    name: 'crop',
    says: 'random parts, mirrored, in other colors',
    build: () =>
      augmentation({
        transforms: [
          { type: 'randomResizedCrop' },
          { type: 'flipHorizontal' },
          { type: 'brightness' },
          { type: 'contrast' },
          { type: 'saturation' },
        ],
      }),
  },
  {
    name: 'trivial',
    says: 'mirrored, and one of 14 changes (TrivialAugment)',
    build: () => augmentation({ transforms: [{ type: 'flipHorizontal' }, { type: 'trivialAugment' }] }),
  },
  {
    name: 'rand',
    says: 'mirrored, and two of 14 changes (RandAugment)',
    build: () => augmentation({ transforms: [{ type: 'flipHorizontal' }, { type: 'randAugment' }] }),
  },
  {
    name: 'course',
    says: "the lecture's, for cats and dogs, as Keras 1 did it",
    build: () =>
      imageDataGenerator({
        ...{ semantics: 'keras1', rotationRange: 15, widthShiftRange: 0.1, heightShiftRange: 0.1 },
        ...{ zoomRange: 0.1, horizontalFlip: true },
      }),
  },
];

/** What the number after a transform's name sets. */
const strengths: { readonly [K in TransformName]?: (value: number) => Readonly<Record<string, unknown>> } = {
  flipHorizontal: (p) => ({ p }),
  flipVertical: (p) => ({ p }),
  rotation: (degrees) => ({ degrees }),
  zoom: (factor) => ({ factor }),
  shift: (share) => ({ x: share, y: share }),
  shear: (x) => ({ x }),
  perspective: (tilt) => ({ tilt }),
  randomResizedCrop: (least) => ({ scale: [least, 1] }),
  brightness: (factor) => ({ factor }),
  contrast: (factor) => ({ factor }),
  saturation: (factor) => ({ factor }),
  hue: (degrees) => ({ degrees }),
  blur: (sigma) => ({ sigma: [0, sigma] }),
  noise: (sigma) => ({ sigma: [0, sigma] }),
  erasing: (p) => ({ p }),
  randAugment: (magnitude) => ({ magnitude }),
};

/**
 * The augmentation that a text asks for: the name of a preset; names of transforms with commas between, each with its strength where it
 * is not the usual, `rotation=15,flipHorizontal,mixup=0.2`; or a configuration in JSON.
 *
 * @throws FoveaError `option`, `name` or `format` for what cannot be understood.
 */
export function augmentationFromText(text: string): Augmentation {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return augmentationFromConfig(parsedJson(trimmed));
  const preset = augmentationPresets.find(({ name }) => name === trimmed);
  if (preset !== undefined) return preset.build();
  const transforms: TransformConfig[] = [];
  const mix: { mixup?: { alpha?: number }; cutMix?: { alpha?: number } } = {};
  for (const word of trimmed.split(',').map((part) => part.trim())) {
    const [, name = '', value] = /^([^=]*?)\s*(?:=\s*(.*))?$/.exec(word) ?? [];
    const strength = value === undefined ? undefined : numberOf(word, value);
    if (name === 'mixup' || name === 'cutMix') mix[name] = strength === undefined ? {} : { alpha: strength };
    else transforms.push(transformOf(name, strength));
  }
  return augmentation({ transforms, ...mix } satisfies AugmentationConfig);
}

function transformOf(name: string, strength: number | undefined): TransformConfig {
  if (!Object.hasOwn(transformTable, name)) {
    const presets = augmentationPresets.map((one) => one.name);
    throw new FoveaError('name', {
      where: 'augmentation',
      rule: 'there is no such preset or transform',
      received: JSON.stringify(name),
      remedy: suggestName(name, [...presets, ...Object.keys(transformTable), 'mixup', 'cutMix']),
    });
  }
  if (strength === undefined) return { type: name } as TransformConfig;
  const options = strengths[name as TransformName]?.(strength);
  if (options !== undefined) return { type: name, ...options } as TransformConfig;
  throw new FoveaError('option', {
    where: `augmentation, "${name}"`,
    rule: 'it has no strength',
    received: `${strength}`,
  });
}

function numberOf(word: string, value: string): number {
  const number = value === '' ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw new FoveaError('option', {
    where: 'augmentation',
    rule: 'a transform is a name, or a name and a number: rotation=15',
    received: JSON.stringify(word),
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FoveaError('format', {
      where: 'augmentation',
      rule: 'this is no JSON',
      received: text.slice(0, 100),
      cause,
    });
  }
}
