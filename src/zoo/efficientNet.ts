import * as v from 'valibot';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { dropout } from '../layers/dropout.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { multiply } from '../layers/multiply.js';
import { real } from '../layers/options.js';
import { silu } from '../layers/plainActivations.js';
import { reshape } from '../layers/reshape.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { type BatchNormalizedOptions, IMAGENET, networkOptions } from './networkOptions.js';

/** Table 1 of the paper. */
interface Stage {
  readonly kernelSize: 3 | 5;
  readonly repetitions: number;
  readonly filters: number;
  readonly expansion: 1 | 6;
  readonly strides: 1 | 2;
}

const STAGES: readonly Stage[] = [
  { kernelSize: 3, repetitions: 1, filters: 16, expansion: 1, strides: 1 },
  { kernelSize: 3, repetitions: 2, filters: 24, expansion: 6, strides: 2 },
  { kernelSize: 5, repetitions: 2, filters: 40, expansion: 6, strides: 2 },
  { kernelSize: 3, repetitions: 3, filters: 80, expansion: 6, strides: 2 },
  { kernelSize: 5, repetitions: 3, filters: 112, expansion: 6, strides: 1 },
  { kernelSize: 5, repetitions: 4, filters: 192, expansion: 6, strides: 2 },
  { kernelSize: 3, repetitions: 1, filters: 320, expansion: 6, strides: 1 },
];

/**
 * EfficientNet-B0, Tan & Le 2019, with the names and the padding of Keras's applications. 5,330,564 parameters, of which
 * 5,288,548 learn; Keras counts 7 more in a layer that normalizes pixels, which here is part of the preprocessing.
 * Stochastic depth, which Keras adds while training, is left out.
 */
export function efficientNetB0(options: BatchNormalizedOptions = {}): Model {
  const name = 'efficientnet_b0';
  const { inputShape, classes, includeTop, seed, epsilon } = networkOptions(name, options, IMAGENET, {
    epsilon: v.optional(real(0), 1e-3),
  });
  const parts = new Parts(epsilon);
  const inputs = input(inputShape, { name: 'input_1' });
  const first = { name: 'stem_conv', filters: 32, kernelSize: 3, strides: 2, padding: 'same', useBias: false } as const;
  let x = parts.activate('stem', parts.normalize('stem_bn', conv2d(first).apply(inputs))); // [112, 112, 32]
  for (const [s, stage] of STAGES.entries()) {
    for (let i = 0; i < stage.repetitions; i++) {
      x = parts.block(`block${s + 1}${'abcd'[i]}`, i === 0 ? stage : { ...stage, strides: 1 }, x);
    }
  }
  x = parts.activate('top', parts.normalize('top_bn', parts.pointwise('top_conv', 1280, x)));
  if (!includeTop) return model({ inputs, outputs: x, name, seed }); // [7, 7, 1280]
  x = globalAveragePooling2d({ name: 'avg_pool' }).apply(x);
  x = dropout({ name: 'top_dropout', rate: 0.2 }).apply(x);
  x = dense({ name: 'predictions', units: classes, activation: 'softmax' }).apply(x);
  return model({ inputs, outputs: x, name, seed });
}

class Parts {
  readonly #epsilon: number;

  constructor(epsilon: number) {
    this.#epsilon = epsilon;
  }

  normalize(name: string, x: LayerOutput): LayerOutput {
    return batchNormalization({ name, epsilon: this.#epsilon }).apply(x);
  }

  activate(prefix: string, x: LayerOutput): LayerOutput {
    return silu({ name: `${prefix}_activation` }).apply(x);
  }

  pointwise(name: string, filters: number, x: LayerOutput): LayerOutput {
    return conv2d({ name, filters, kernelSize: 1, useBias: false }).apply(x);
  }

  /** Expand by 1×1, filter each channel, weigh the channels, project by 1×1; added to x where the sizes allow. */
  block(prefix: string, { kernelSize, filters, expansion, strides }: Stage, x: LayerOutput): LayerOutput {
    const channels = x.shape.at(-1) as number;
    let y = x;
    if (expansion > 1) {
      y = this.normalize(`${prefix}_expand_bn`, this.pointwise(`${prefix}_expand_conv`, channels * expansion, y));
      y = this.activate(`${prefix}_expand`, y);
    }
    const depthwise = { name: `${prefix}_dwconv`, kernelSize, strides, padding: 'same', useBias: false } as const;
    y = this.activate(prefix, this.normalize(`${prefix}_bn`, depthwiseConv2d(depthwise).apply(y)));
    y = this.#squeezeAndExcite(`${prefix}_se`, channels / 4, y);
    y = this.normalize(`${prefix}_project_bn`, this.pointwise(`${prefix}_project_conv`, filters, y));
    return strides === 1 && filters === channels ? add({ name: `${prefix}_add` }).apply([y, x]) : y;
  }

  /** Each channel times a number between 0 and 1 that follows from the means of all channels. Hu et al. 2017. */
  #squeezeAndExcite(prefix: string, squeezed: number, x: LayerOutput): LayerOutput {
    const channels = x.shape.at(-1) as number;
    let y = globalAveragePooling2d({ name: `${prefix}_squeeze` }).apply(x);
    y = reshape({ name: `${prefix}_reshape`, targetShape: [1, 1, channels] }).apply(y);
    y = conv2d({ name: `${prefix}_reduce`, filters: squeezed, kernelSize: 1, activation: 'silu' }).apply(y);
    y = conv2d({ name: `${prefix}_expand`, filters: channels, kernelSize: 1, activation: 'sigmoid' }).apply(y);
    return multiply({ name: `${prefix}_excite` }).apply([x, y]);
  }
}
