import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { normalization } from '../layers/normalization.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import type { Shape } from '../tensor/shape.js';

/** What the lecture's networks for MNIST can be adapted to. */
export interface LectureOptions {
  /** Shape of one picture, `[h, w, c]`. @default [28, 28, 1] */
  readonly inputShape?: Shape;
  /** @default 10 */
  readonly classes?: number;
  /** Mean of the training pixels, which is subtracted from every pixel. @default 0.1307, MNIST's for pixels of 0 to 1 */
  readonly mean?: number;
  /** Their standard deviation, by which every pixel is divided. @default 0.3081, MNIST's */
  readonly standardDeviation?: number;
  /** Keys the first weights. @default 0 */
  readonly seed?: number;
}

/** One layer: `[28, 28, 1]` → 784 → 10 with softmax. 7,850 parameters. */
export function linear(options: LectureOptions = {}): Model {
  return sequential([...beginning(options), flatten(), output(options)], named('linear', options));
}

/** One hidden layer: 784 → 512 ReLU → 10 with softmax. 407,050 parameters. */
export function mlp(options: LectureOptions = {}): Model {
  return sequential(
    [...beginning(options), flatten(), dense({ units: 512, activation: 'relu' }), output(options)],
    named('mlp', options),
  );
}

/**
 * Two pairs of 3×3 convolutions, each followed by 2×2 max-pooling, and a hidden layer of 512: 28 → 26 → 24 → 12 → 10 → 8
 * → 4 pixels wide. 594,922 parameters.
 */
export function cnn(options: LectureOptions = {}): Model {
  return sequential(
    [
      ...beginning(options),
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), // [26, 26, 32]
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), // [24, 24, 32]
      maxPooling2d(), // [12, 12, 32]
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), // [10, 10, 64]
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), // [8, 8, 64]
      maxPooling2d(), // [4, 4, 64]
      flatten(), // [1024]
      dense({ units: 512, activation: 'relu' }),
      output(options),
    ],
    named('cnn', options),
  );
}

/** The {@link cnn} with batch normalization after its activations and dropout of one half. 601,578 parameters. */
export function cnnBatchNorm(options: LectureOptions = {}): Model {
  return sequential(
    [
      ...beginning(options),
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), // [26, 26, 32]
      batchNormalization(),
      conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }), // [24, 24, 32]
      maxPooling2d(), // [12, 12, 32]
      batchNormalization(),
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), // [10, 10, 64]
      batchNormalization(),
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), // [8, 8, 64]
      maxPooling2d(), // [4, 4, 64]
      flatten(), // [1024]
      batchNormalization(),
      dense({ units: 512, activation: 'relu' }),
      batchNormalization(),
      dropout({ rate: 0.5 }),
      output(options),
    ],
    named('cnnBatchNorm', options),
  );
}

function beginning({ inputShape = [28, 28, 1], mean = 0.1307, standardDeviation = 0.3081 }: LectureOptions) {
  return [input(inputShape), normalization({ mean, standardDeviation })];
}

function output({ classes = 10 }: LectureOptions) {
  return dense({ units: classes, activation: 'softmax' });
}

function named(name: string, { seed = 0 }: LectureOptions) {
  return { name, seed };
}
