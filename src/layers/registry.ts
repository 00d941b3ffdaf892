import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { ActivationLayer } from './activation.js';
import { add } from './add.js';
import { averagePooling2d } from './averagePooling2d.js';
import { batchNormalization } from './batchNormalization.js';
import { channelPadding } from './channelPadding.js';
import { concatenate } from './concatenate.js';
import { conv2d } from './conv2d.js';
import { conv2dTranspose } from './conv2dTranspose.js';
import { cropping2d } from './cropping2d.js';
import { dense } from './dense.js';
import { depthwiseConv2d } from './depthwiseConv2d.js';
import { dropout } from './dropout.js';
import { elu } from './elu.js';
import { flatten } from './flatten.js';
import { gelu } from './gelu.js';
import { globalAveragePooling2d } from './globalAveragePooling2d.js';
import { globalMaxPooling2d } from './globalMaxPooling2d.js';
import { InputLayer, type InputOptions } from './input.js';
import type { Layer } from './layer.js';
import { layerNormalization } from './layerNormalization.js';
import { leakyRelu } from './leakyRelu.js';
import { localResponseNormalization } from './localResponseNormalization.js';
import { maxPooling2d } from './maxPooling2d.js';
import { multiply } from './multiply.js';
import { normalization } from './normalization.js';
import { show } from './options.js';
import { relu6, sigmoid, silu, softplus, tanh } from './plainActivations.js';
import { relu } from './relu.js';
import { rescaling } from './rescaling.js';
import { reshape } from './reshape.js';
import { separableConv2d } from './separableConv2d.js';
import { softmax } from './softmax.js';
import { spatialDropout2d } from './spatialDropout2d.js';
import { upSampling2d } from './upSampling2d.js';
import { zeroPadding2d } from './zeroPadding2d.js';

/** Every kind of layer, by the type that its configuration names. */
export const layerTypes = {
  activation: (options: ConstructorParameters<typeof ActivationLayer>[0]) => new ActivationLayer(options),
  add,
  averagePooling2d,
  batchNormalization,
  channelPadding,
  concatenate,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  flatten,
  gelu,
  globalAveragePooling2d,
  globalMaxPooling2d,
  input: (options: InputOptions) => new InputLayer(options),
  layerNormalization,
  leakyRelu,
  localResponseNormalization,
  maxPooling2d,
  multiply,
  normalization,
  relu,
  relu6,
  rescaling,
  reshape,
  separableConv2d,
  sigmoid,
  silu,
  softmax,
  softplus,
  spatialDropout2d,
  tanh,
  upSampling2d,
  zeroPadding2d,
} as const satisfies Record<string, (options: never) => Layer>;

export type LayerType = keyof typeof layerTypes;

/** A factory of layers that a user defined, as {@link defineLayer} makes it. */
export interface CustomLayerFactory {
  readonly type: string;
  (options?: never): Layer;
}

/** A layer as files describe it. */
export interface LayerConfig {
  readonly type: string;
  readonly config: unknown;
}

/**
 * Builds a layer from its description, without weights. The description may come from anywhere: everything is checked.
 *
 * @param custom factories of the user's own layers that may occur.
 * @throws FoveaError `name` for an unknown type, `option` for options that the layer does not take.
 */
export function layerFromConfig(
  { type, config }: LayerConfig,
  { custom = [] }: { readonly custom?: readonly CustomLayerFactory[] } = {},
): Layer {
  for (const factory of custom) {
    if (!Object.hasOwn(layerTypes, factory.type)) continue;
    throw new FoveaError('name', {
      where: `custom layer "${factory.type}"`,
      rule: 'a layer of this type exists already',
      remedy: 'Define it under another type',
    });
  }
  const own = custom.find((factory) => factory.type === type);
  const make: ((options: never) => Layer) | undefined =
    own ?? (Object.hasOwn(layerTypes, type) ? layerTypes[type as LayerType] : undefined);
  if (make !== undefined) return make((config ?? {}) as never);
  throw new FoveaError('name', {
    where: `layer type ${show(type)}`,
    rule: 'there is no such layer',
    remedy: `${suggestName(type, [...Object.keys(layerTypes), ...custom.map((one) => one.type)])} A layer of your own must be passed as custom`,
  });
}
