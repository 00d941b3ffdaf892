import type { Json, JsonObject } from '../../layers/json.js';
import type { Layer } from '../../layers/layer.js';
import { FoveaError } from '../../tensor/errors.js';
import { activationToKeras, constraintToKeras, initializerToKeras, regularizerToKeras } from './specsToKeras.js';

/** A layer in Keras 3's words. */
export interface KerasLayer {
  readonly className: string;
  readonly config: JsonObject;
  /** Whether the weights are those of the layer that was translated. */
  readonly main: boolean;
}

type Config = { readonly [name: string]: Json | undefined };
/** The class, its options, and what must stand before or behind it. */
type Translation = readonly [className: string, config: Config, around?: Around];
type Around = { readonly before?: Unnamed; readonly after?: Unnamed };
type Unnamed = { readonly className: string; readonly config: Config };

const FORMAT = { data_format: 'channels_last' };

/**
 * A layer as Keras has it: one of its layers, or a few in a chain where Keras has no option for something (padding by other
 * numbers than 'same' or 'valid', an activation with options).
 *
 * @param nonNegative whether all inputs of the layer are at least 0, so that zeros around them do not win a maximum.
 * @throws FoveaError `option` for a layer that Keras does not have.
 */
export function layerToKeras(layer: Layer, nonNegative: boolean): KerasLayer[] {
  const [className, own, { before, after } = {}] = translate(layer, nonNegative);
  const common = { name: layer.name, dtype: 'float32' };
  // The only layer of Keras's that takes no `trainable`.
  const config = { ...common, ...(className === 'SpatialDropout2D' ? {} : { trainable: layer.trainable }), ...own };
  const chain: KerasLayer[] = [{ className, config, main: true }];
  const extra = ({ className, config }: Unnamed, suffix: string): KerasLayer => ({
    className,
    config: { ...common, name: `${layer.name}_${suffix}`, trainable: layer.trainable, ...config },
    main: false,
  });
  if (before !== undefined) chain.unshift(extra(before, 'pad'));
  if (after !== undefined) chain.push(extra(after, 'activation'));
  return chain;
}

function translate(layer: Layer, nonNegative: boolean): Translation {
  const config = layer.config();
  switch (layer.type) {
    case 'activation':
      return activationLayer(layer, config.activation);
    case 'relu':
      return ['ReLU', { max_value: config.maxValue ?? null, negative_slope: config.negativeSlope, threshold: 0 }];
    case 'leakyRelu':
      return ['LeakyReLU', { negative_slope: config.negativeSlope }];
    case 'elu':
      return ['ELU', { alpha: config.alpha }];
    case 'gelu':
      return activationLayer(layer, { type: 'gelu', approximate: config.approximate as boolean });
    case 'relu6':
    case 'sigmoid':
    case 'silu':
    case 'softplus':
    case 'tanh':
      return activationLayer(layer, layer.type);
    case 'softmax':
      return ['Softmax', { axis: config.axis }];
    case 'add':
      return ['Add', {}];
    case 'multiply':
      return ['Multiply', {}];
    case 'concatenate':
      return ['Concatenate', { axis: config.axis }];
    case 'averagePooling2d':
      return pooling(layer, 'AveragePooling2D', config, false);
    case 'maxPooling2d':
      return pooling(layer, 'MaxPooling2D', config, nonNegative);
    case 'globalAveragePooling2d':
      return ['GlobalAveragePooling2D', { ...FORMAT, keepdims: config.keepDims }];
    case 'globalMaxPooling2d':
      return ['GlobalMaxPooling2D', { ...FORMAT, keepdims: config.keepDims }];
    case 'batchNormalization':
      return ['BatchNormalization', batchNormalization(config)];
    case 'layerNormalization':
      return ['LayerNormalization', { axis: config.axis, ...affine(config) }];
    case 'conv2d':
      return withWindow(layer, 'Conv2D', config, {
        filters: config.filters,
        groups: config.groups,
        ...weight(config, 'kernel'),
      });
    case 'conv2dTranspose':
      return withWindow(layer, 'Conv2DTranspose', config, {
        filters: config.filters,
        output_padding: config.outputPadding === undefined ? null : pair(config.outputPadding),
        ...weight(config, 'kernel'),
      });
    case 'depthwiseConv2d':
      return withWindow(layer, 'DepthwiseConv2D', config, {
        depth_multiplier: config.depthMultiplier,
        ...weight(config, 'depthwise'),
      });
    case 'separableConv2d':
      return withWindow(layer, 'SeparableConv2D', config, {
        filters: config.filters,
        depth_multiplier: config.depthMultiplier,
        ...weight(config, 'depthwise'),
        ...weight(config, 'pointwise'),
      });
    case 'dense': {
      const { own, around } = biased(layer, config);
      return ['Dense', { units: config.units, ...weight(config, 'kernel'), ...own }, around];
    }
    case 'dropout':
    case 'spatialDropout2d':
      if (config.kind === 'classical') {
        return none(layer, 'Keras has inverted dropout alone', 'Rescale the weights to rate 0 with rescaleForDropout');
      }
      if (layer.type === 'spatialDropout2d') {
        return ['SpatialDropout2D', { rate: config.rate, seed: null, ...FORMAT }];
      }
      return ['Dropout', { rate: config.rate, seed: null, noise_shape: null }];
    case 'flatten':
      return ['Flatten', FORMAT];
    case 'reshape':
      return ['Reshape', { target_shape: config.targetShape }];
    case 'rescaling':
      return ['Rescaling', { scale: config.scale, offset: config.offset }];
    case 'normalization':
      return ['Normalization', normalization(layer, config)];
    case 'cropping2d':
      return ['Cropping2D', { cropping: border(config.cropping), ...FORMAT }];
    case 'zeroPadding2d':
      return ['ZeroPadding2D', { padding: border(config.padding), ...FORMAT }];
    case 'upSampling2d':
      return ['UpSampling2D', { size: pair(config.size), interpolation: config.interpolation, ...FORMAT }];
    default:
      return none(layer, 'Keras has no such layer', 'Save safetensors or the model file of Fovea instead');
  }
}

function activationLayer(layer: Layer, value: Json | undefined): Translation {
  const activation = activationToKeras(value);
  if (activation === undefined) return noApproximateGelu(layer);
  return 'name' in activation
    ? ['Activation', { activation: activation.name }]
    : [activation.className, activation.config];
}

/** Bias and activation; an activation with options becomes a layer of its own. */
function biased(layer: Layer, config: JsonObject): { own: Config; around: Around } {
  const activation = activationToKeras(config.activation);
  if (activation === undefined) return noApproximateGelu(layer);
  const named = 'name' in activation;
  const own = { activation: named ? activation.name : 'linear', use_bias: config.useBias, ...weight(config, 'bias') };
  return { own, around: named ? {} : { after: activation } };
}

function withWindow(layer: Layer, className: string, config: JsonObject, more: Config): Translation {
  const { own, around } = biased(layer, config);
  const given = config.padding;
  const explicit = Array.isArray(given);
  const all: Config = {
    kernel_size: pair(config.kernelSize),
    strides: pair(config.strides),
    padding: explicit ? 'valid' : given,
    ...FORMAT,
    dilation_rate: pair(config.dilationRate),
    ...more,
    ...own,
  };
  if (!explicit) return [className, all, around];
  return [className, all, { ...around, before: zeroPadding(given as number[]) }];
}

function pooling(layer: Layer, className: string, config: JsonObject, mayPad: boolean): Translation {
  const { padding } = config;
  const poolSize = pair(config.poolSize);
  const all: Config = {
    pool_size: poolSize,
    strides: config.strides === undefined ? poolSize : pair(config.strides),
    padding: Array.isArray(padding) ? 'valid' : padding,
    ...FORMAT,
  };
  if (!Array.isArray(padding) || padding.every((n) => n === 0)) return [className, all];
  if (mayPad) return [className, all, { before: zeroPadding(padding) }];
  const rule = `Keras pads pooling by "same" or "valid", not by ${JSON.stringify(padding)}`;
  return none(layer, rule, 'Put a zeroPadding2d before it where values are not negative');
}

function zeroPadding(padding: readonly number[]): Unnamed {
  const [top, bottom, left, right] = padding as readonly [number, number, number, number];
  const pairs = [
    [top, bottom],
    [left, right],
  ];
  return { className: 'ZeroPadding2D', config: { padding: pairs, ...FORMAT } };
}

function batchNormalization(config: JsonObject): Config {
  return {
    axis: config.axis,
    momentum: config.momentum,
    ...affine(config),
    moving_mean_initializer: initializerToKeras(config.movingMeanInitializer),
    moving_variance_initializer: initializerToKeras(config.movingVarianceInitializer),
  };
}

function affine(config: JsonObject): Config {
  const { epsilon, center, scale } = config;
  return { epsilon, center, scale, ...weight(config, 'gamma'), ...weight(config, 'beta') };
}

function normalization(layer: Layer, { mean, standardDeviation, channelOrder }: JsonObject): Config {
  if (channelOrder === 'bgr')
    return none(layer, 'Keras has no layer that turns the channels round', 'Save safetensors');
  const variance = [standardDeviation].flat().map((deviation) => (deviation as number) ** 2);
  return {
    axis: -1,
    invert: false,
    mean: mean as Json,
    variance: variance.length === 1 ? (variance[0] as number) : variance,
  };
}

/** How a weight begins, is penalised and is held: Keras's names have the weight's in front. */
function weight(config: JsonObject, name: string): Config {
  return {
    [`${name}_initializer`]: initializerToKeras(config[`${name}Initializer`]),
    [`${name}_regularizer`]: regularizerToKeras(config[`${name}Regularizer`]),
    [`${name}_constraint`]: constraintToKeras(config[`${name}Constraint`]),
  };
}

function pair(size: Json | undefined): Json {
  return typeof size === 'number' ? [size, size] : (size as Json);
}

function border(value: Json | undefined): Json {
  const [vertical, horizontal] = typeof value === 'number' ? [value, value] : (value as readonly Json[]);
  return [pair(vertical), pair(horizontal)];
}

function noApproximateGelu(layer: Layer): never {
  return none(layer, 'Keras names no gelu by tanh', 'Use gelu with approximate: false');
}

function none(layer: Layer, rule: string, remedy: string): never {
  throw new FoveaError('option', { where: `writeKeras, ${layer.where}`, rule, remedy, data: { layer: layer.name } });
}
