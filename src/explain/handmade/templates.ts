import { FoveaError } from '../../tensor/errors.js';
import { filterImage, type ImageValues } from '../imageFilters/filterImage.js';
import { lectureKernels } from '../imageFilters/presets.js';

/** Windows of this many pixels, each way, become one value. */
const POOL = 7;

/** A filtered picture pooled: the greatest value of each window of `size` × `size` pixels. [h, w, c] → [⌊h / size⌋, ⌊w / size⌋, c]. */
export function maxPoolImage({ values, height, width, channels }: ImageValues, size: number): ImageValues {
  const [oh, ow] = [Math.floor(height / size), Math.floor(width / size)];
  const pooled = new Float32Array(oh * ow * channels).fill(Number.NEGATIVE_INFINITY);
  for (let y = 0; y < oh * size; y++) {
    for (let x = 0; x < ow * size; x++) {
      const to = (Math.floor(y / size) * ow + Math.floor(x / size)) * channels;
      for (let c = 0; c < channels; c++) {
        pooled[to + c] = Math.max(pooled[to + c] as number, values[(y * width + x) * channels + c] as number);
      }
    }
  }
  return { values: pooled, height: oh, width: ow, channels };
}

/**
 * What the lecture's eight hand-made filters find in a picture, coarsely: filtered with the border mirrored, then the greatest
 * answer of each 7 × 7 window. A digit [28, 28, 1] → [8, 4, 4], 128 numbers.
 */
export function handmadeFeatures(image: ImageValues): Float32Array {
  const maps = lectureKernels.map(
    ({ kernel }) => maxPoolImage(filterImage(image, kernel, { border: 'reflect' }), POOL).values,
  );
  const size = maps[0]?.length ?? 0;
  const features = new Float32Array(maps.length * size);
  for (const [i, map] of maps.entries()) features.set(map, i * size);
  return features;
}

/** How far apart two lists of features are: the sum of squared differences, or of their sizes. */
export type TemplateDistance = 'squares' | 'sizes';

/** Tells classes apart without learning: each has a template, the mean of its examples' features, and the nearest one wins. */
export class Templates {
  /** One for each class: mean 0, standard deviation 1. */
  readonly templates: readonly Float32Array[];

  /** From the features of examples of each class. @throws FoveaError `data` where a class has none. */
  constructor(examples: readonly (readonly Float32Array[])[]) {
    this.templates = examples.map((features, i) => {
      const [first] = features;
      if (first !== undefined) return normalized(meanOf(features, first.length));
      throw new FoveaError('data', {
        where: 'Templates',
        rule: 'every class needs examples',
        received: `class ${i}: none`,
      });
    });
  }

  /** How far features are from each class's template. */
  distances(features: Float32Array, distance: TemplateDistance = 'squares'): number[] {
    return this.templates.map((template) => {
      let sum = 0;
      for (const [i, value] of features.entries()) {
        const difference = value - (template[i] as number);
        sum += distance === 'squares' ? difference * difference : Math.abs(difference);
      }
      return sum;
    });
  }

  /** The class whose template is nearest; of equally near ones the last. */
  classify(features: Float32Array, distance: TemplateDistance = 'squares'): number {
    const distances = this.distances(features, distance);
    return distances.lastIndexOf(Math.min(...distances));
  }
}

function meanOf(features: readonly Float32Array[], size: number): Float64Array {
  const mean = new Float64Array(size);
  for (const one of features) {
    for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) + (one[i] as number) / features.length;
  }
  return mean;
}

function normalized(values: Float64Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const deviation = Math.sqrt(variance) || 1;
  return Float32Array.from(values, (value) => (value - mean) / deviation);
}
