import type { JsonObject } from '../../layers/json.js';
import type { LayerConfig } from '../../layers/registry.js';
import type { StoredTensor } from '../safetensors.js';
import type { JsonValue } from './jsonValue.js';
import {
  activationFromKeras,
  constraintFromKeras,
  initializerFromKeras,
  type Note,
  regularizerFromKeras,
  slope,
} from './specsFromKeras.js';

/** What a translation may use. */
export interface Translation {
  /** The layer's configuration in Keras's words. */
  readonly config: JsonValue;
  readonly note: Note;
  /** Images are [c, h, w] in the file. */
  readonly channelsFirst: boolean;
  /** Axes of the first input, without the batch. */
  readonly rank: number;
  /** The layer's weights in the file, where they can be told before the network is built. */
  weights(): readonly StoredTensor[];
}

type Options = { readonly [name: string]: JsonObject[string] };
type Translate = (translation: Translation) => Options | LayerConfig;

/** The options that are there, by their names here. */
function given(config: JsonValue, names: Readonly<Record<string, readonly string[]>>): Options {
  const found: Record<string, JsonObject[string]> = {};
  for (const [name, theirs] of Object.entries(names)) {
    const value = config.get(...theirs);
    if (value.present) found[name] = value.value as JsonObject[string];
  }
  return found;
}

const without = (options: Record<string, JsonObject[string] | undefined>): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** Initialiser, regulariser and constraint of a weight: `kernel_initializer`, which Keras 1 calls init. */
function weightOptions({ config, note }: Translation, ours: string, theirs: string, old?: string): Options {
  const aliases = (kind: string): string[] =>
    old === undefined ? [`${theirs}_${kind}`] : [`${theirs}_${kind}`, `${old}_${kind}`];
  const init = ours === 'kernel' || ours === 'depthwise' ? ['init'] : [];
  return without({
    [`${ours}Initializer`]: initializerFromKeras(config.get(...aliases('initializer'), ...init), note),
    [`${ours}Regularizer`]: regularizerFromKeras(config.get(...aliases('regularizer')), note),
    [`${ours}Constraint`]: constraintFromKeras(config.get(...aliases('constraint')), note),
  });
}

function biasOptions(translation: Translation): Options {
  const { config } = translation;
  return {
    ...given(config, { useBias: ['use_bias', 'bias'] }),
    ...without({ activation: activationFromKeras(config.get('activation')) }),
    ...weightOptions(translation, 'bias', 'bias', 'b'),
  };
}

function windowOptions({ config }: Translation): Options {
  const kernelSize = config.get('kernel_size').present
    ? config.get('kernel_size').value
    : [config.get('nb_row').number(), config.get('nb_col').number()];
  return {
    kernelSize: kernelSize as number[],
    ...given(config, {
      strides: ['strides', 'subsample'],
      padding: ['padding', 'border_mode'],
      dilationRate: ['dilation_rate', 'atrous_rate'],
    }),
  };
}

const filters = ({ config }: Translation): Options => ({ filters: config.get('filters', 'nb_filter').number() });

const pooling: Translate = ({ config }) =>
  given(config, { poolSize: ['pool_size'], strides: ['strides'], padding: ['padding', 'border_mode'] });

const globalPooling: Translate = ({ config }) => given(config, { keepDims: ['keepdims'] });

/** An axis of the file (the batch is 0) as an axis of the same data with channels last. Keras sometimes lists one axis. */
function axisOf({ config, channelsFirst, rank }: Translation, name = 'axis'): Options {
  const value = config.get(name);
  if (!value.present) return {};
  const axes = value.isList ? value.list() : [value];
  if (axes.length !== 1) value.fail('must be one axis');
  const axis = (axes[0] as JsonValue).number();
  if (!channelsFirst || rank !== 3) return { axis };
  return { axis: [0, 3, 1, 2][axis < 0 ? axis + 4 : axis] ?? axis };
}

function affine(translation: Translation): Options {
  return {
    ...given(translation.config, { center: ['center'], scale: ['scale'], epsilon: ['epsilon'] }),
    ...weightOptions(translation, 'gamma', 'gamma'),
    ...weightOptions(translation, 'beta', 'beta'),
  };
}

const batchNormalization: Translate = (translation) => {
  const { config, note } = translation;
  if (config.get('mode').present && config.get('mode').value === 1) config.get('mode').fail('must be 0 or 2');
  return {
    ...affine(translation),
    ...axisOf(translation),
    ...given(config, { momentum: ['momentum'] }),
    ...without({
      movingMeanInitializer: initializerFromKeras(config.get('moving_mean_initializer'), note),
      movingVarianceInitializer: initializerFromKeras(config.get('moving_variance_initializer'), note),
    }),
  };
};

const layerNormalization: Translate = (translation) => {
  const { config, channelsFirst, rank } = translation;
  if (config.get('rms_scaling').value === true) config.get('rms_scaling').fail('must be false');
  const axis = config.get('axis');
  if (channelsFirst && rank === 3) axis.fail('is not translated from channels-first images: it');
  return { ...affine(translation), ...given(config, { axis: ['axis'] }) };
};

/** The mean and variance of Keras's Normalization are options, or weights that `adapt` measured. */
const normalization: Translate = ({ config, weights }) => {
  if (config.get('invert').value === true) config.get('invert').fail('must be false');
  const [measuredMean, measuredVariance] = weights();
  const numbers = (value: JsonValue, measured: StoredTensor | undefined): number[] => {
    if (value.present)
      return [value.value].flat(8).map((n) => (typeof n === 'number' ? n : value.fail('must hold numbers')));
    if (measured === undefined) value.fail('must be given where the file has no measured numbers: it');
    return Array.from(measured.data);
  };
  const one = (list: number[]): number | number[] => (list.length === 1 ? (list[0] as number) : list);
  const variance = numbers(config.get('variance'), measuredVariance);
  const deviation = variance.map((v) => Math.max(Math.sqrt(v), 1e-7));
  return { mean: one(numbers(config.get('mean'), measuredMean)), standardDeviation: one(deviation) };
};

/** Four numbers of Keras 1 are [top, bottom, left, right]. */
function border(value: JsonValue): JsonObject[string] {
  if (!value.isList || value.list().length !== 4) return value.value as JsonObject[string];
  const [top, bottom, left, right] = value.wholeNumbers() as [number, number, number, number];
  return [
    [top, bottom],
    [left, right],
  ];
}

const dropout: Translate = ({ config }) => given(config, { rate: ['rate', 'p'] });

/** Keras 1's layer of many merges. */
const merge: Translate = (translation) => {
  const mode = translation.config.get('mode');
  if (mode.value === 'sum') return { type: 'add', config: {} };
  if (mode.value === 'mul') return { type: 'multiply', config: {} };
  if (mode.value === 'concat') return { type: 'concatenate', config: axisOf(translation, 'concat_axis') };
  return mode.fail('must be "sum", "mul" or "concat"');
};

const conv2d: Translate = (t) => ({
  ...filters(t),
  ...windowOptions(t),
  ...given(t.config, { groups: ['groups'] }),
  ...biasOptions(t),
  ...weightOptions(t, 'kernel', 'kernel', 'W'),
});

const separable: Translate = (t) => ({
  ...filters(t),
  ...windowOptions(t),
  ...given(t.config, { depthMultiplier: ['depth_multiplier'] }),
  ...biasOptions(t),
  ...weightOptions(t, 'depthwise', 'depthwise'),
  ...weightOptions(t, 'pointwise', 'pointwise'),
});

const transposed: Translate = (t) => ({
  ...filters(t),
  ...windowOptions(t),
  ...given(t.config, { outputPadding: ['output_padding'] }),
  ...biasOptions(t),
  ...weightOptions(t, 'kernel', 'kernel', 'W'),
});

/** Keras's classes: the type of layer that each becomes, and how its options are called. */
export const kerasLayers: Readonly<Record<string, readonly [type: string, translate: Translate]>> = {
  Activation: ['activation', ({ config }) => without({ activation: activationFromKeras(config.get('activation')) })],
  Add: ['add', () => ({})],
  AveragePooling2D: ['averagePooling2d', pooling],
  BatchNormalization: ['batchNormalization', batchNormalization],
  Concatenate: ['concatenate', (t) => axisOf(t)],
  Conv2D: ['conv2d', conv2d],
  Conv2DTranspose: ['conv2dTranspose', transposed],
  Convolution2D: ['conv2d', conv2d],
  Cropping2D: ['cropping2d', ({ config }) => ({ cropping: border(config.get('cropping')) })],
  Deconvolution2D: ['conv2dTranspose', transposed],
  Dense: [
    'dense',
    (t) => ({
      units: t.config.get('units', 'output_dim').number(),
      ...biasOptions(t),
      ...weightOptions(t, 'kernel', 'kernel', 'W'),
    }),
  ],
  DepthwiseConv2D: [
    'depthwiseConv2d',
    (t) => ({
      ...windowOptions(t),
      ...given(t.config, { depthMultiplier: ['depth_multiplier'] }),
      ...biasOptions(t),
      ...weightOptions(t, 'depthwise', 'depthwise'),
    }),
  ],
  Dropout: ['dropout', dropout],
  ELU: ['elu', ({ config }) => given(config, { alpha: ['alpha'] })],
  Flatten: ['flatten', () => ({})],
  GlobalAveragePooling2D: ['globalAveragePooling2d', globalPooling],
  GlobalMaxPooling2D: ['globalMaxPooling2d', globalPooling],
  LayerNormalization: ['layerNormalization', layerNormalization],
  LeakyReLU: ['leakyRelu', ({ config }) => ({ negativeSlope: slope(config, 0.3) })],
  MaxPooling2D: ['maxPooling2d', pooling],
  Merge: ['add', merge],
  Multiply: ['multiply', () => ({})],
  Normalization: ['normalization', normalization],
  ReLU: [
    'relu',
    ({ config }) => {
      const threshold = config.get('threshold');
      if (threshold.present && threshold.value !== 0) threshold.fail('must be 0');
      return given(config, { maxValue: ['max_value'], negativeSlope: ['negative_slope'] });
    },
  ],
  Rescaling: ['rescaling', ({ config }) => given(config, { scale: ['scale'], offset: ['offset'] })],
  Reshape: [
    'reshape',
    ({ config, channelsFirst, rank }) => {
      const target = config.get('target_shape');
      if (channelsFirst && (rank === 3 || target.list().length === 3))
        target.fail('is not translated from channels-first images: it');
      return { targetShape: target.value as number[] };
    },
  ],
  SeparableConv2D: ['separableConv2d', separable],
  SeparableConvolution2D: ['separableConv2d', separable],
  Softmax: ['softmax', (t) => axisOf(t)],
  SpatialDropout2D: ['spatialDropout2d', dropout],
  UpSampling2D: ['upSampling2d', ({ config }) => given(config, { size: ['size'], interpolation: ['interpolation'] })],
  ZeroPadding2D: ['zeroPadding2d', ({ config }) => ({ padding: border(config.get('padding')) })],
};
