import * as v from 'valibot';
import { batchNormalization } from '../layers/batchNormalization.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { real } from '../layers/options.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { type BatchNormalizedOptions, IMAGENET, type NetworkOptions, networkOptions } from './networkOptions.js';
import { vggConvolutions } from './vgg.js';

/**
 * The VGG16 of the fast.ai course: dropout of one half after each of the two dense layers, otherwise Keras's VGG16.
 * 138,357,544 parameters.
 */
export function vgg16Course(options: NetworkOptions = {}): Model {
  const parsed = networkOptions('vgg16_course', options, IMAGENET, {});
  return course('vgg16_course', parsed, () => []);
}

/**
 * The VGG16 of the fast.ai course with batch normalization between each of the two dense layers' ReLU and its dropout.
 * 138,390,312 parameters, of which 16,384 are measured. ε is Keras's 10⁻³; the course's own files were made with 10⁻⁵.
 */
export function vgg16CourseBatchNorm(options: BatchNormalizedOptions = {}): Model {
  const name = 'vgg16_course_bn';
  const parsed = networkOptions(name, options, IMAGENET, { epsilon: v.optional(real(0), 1e-3) });
  return course(name, parsed, (layer) => [batchNormalization({ name: `${layer}_bn`, epsilon: parsed.epsilon })]);
}

function course(
  name: string,
  { inputShape, classes, includeTop, seed }: Required<NetworkOptions>,
  normalize: (layer: string) => Layer[],
): Model {
  const block = (layer: string): Layer[] => [
    dense({ name: layer, units: 4096, activation: 'relu' }),
    ...normalize(layer),
    dropout({ name: `${layer}_dropout`, rate: 0.5 }),
  ];
  const top = [
    flatten({ name: 'flatten' }), // [25088]
    ...block('fc1'),
    ...block('fc2'),
    dense({ name: 'predictions', units: classes, activation: 'softmax' }),
  ];
  const layers = [...vggConvolutions('vgg16'), ...(includeTop ? top : [])];
  return sequential([input(inputShape, { name: 'input_1' }), ...layers], { name, seed });
}
