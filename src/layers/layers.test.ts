import { expect, test } from 'vitest';
import { type LayerCase, testLayer } from '../testing/testLayer.js';
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
import { InputLayer } from './input.js';
import { layerNormalization } from './layerNormalization.js';
import { leakyRelu } from './leakyRelu.js';
import { localResponseNormalization } from './localResponseNormalization.js';
import { maxPooling2d } from './maxPooling2d.js';
import { multiply } from './multiply.js';
import { normalization } from './normalization.js';
import { relu6, sigmoid, silu, softplus, tanh } from './plainActivations.js';
import { type LayerType, layerFromConfig, layerTypes } from './registry.js';
import { l1l2, l2 } from './regularizers.js';
import { relu } from './relu.js';
import { rescaling } from './rescaling.js';
import { reshape } from './reshape.js';
import { separableConv2d } from './separableConv2d.js';
import { softmax } from './softmax.js';
import { spatialDropout2d } from './spatialDropout2d.js';
import { upSampling2d } from './upSampling2d.js';
import { zeroPadding2d } from './zeroPadding2d.js';

const image = [[5, 6, 3]];
const same = { inputs: image, output: [5, 6, 3] };

/** At least one case for each type that the registry holds. */
const cases: { readonly [T in Exclude<LayerType, 'input'>]: Readonly<Record<string, LayerCase>> } = {
  activation: {
    relu: { ...same, make: (extra) => new ActivationLayer({ activation: 'relu', ...extra }) },
    'softmax by options': {
      inputs: [[4]],
      output: [4],
      make: (extra) => new ActivationLayer({ activation: { type: 'softmax' }, ...extra }),
    },
    'leakyRelu with a slope': {
      ...same,
      make: (extra) => new ActivationLayer({ activation: { type: 'leakyRelu', negativeSlope: 0.1 }, ...extra }),
    },
  },
  add: {
    'three inputs': {
      inputs: [
        [2, 3],
        [2, 3],
        [2, 1],
      ],
      output: [2, 3],
      make: add,
    },
  },
  averagePooling2d: {
    defaults: { inputs: image, output: [2, 3, 3], make: averagePooling2d },
    'same, 3 by 2': {
      inputs: image,
      output: [3, 3, 3],
      make: (extra) => averagePooling2d({ poolSize: [3, 2], strides: 2, padding: 'same', ...extra }),
    },
  },
  batchNormalization: {
    defaults: {
      ...same,
      make: batchNormalization,
      weights: { gamma: [3], beta: [3], movingMean: [3], movingVariance: [3] },
      measured: ['movingMean', 'movingVariance'],
      differs: true,
    },
    'rows, without beta': {
      ...same,
      make: (extra) => batchNormalization({ axis: 1, center: false, ...extra }),
      weights: { gamma: [5], movingMean: [5], movingVariance: [5] },
      measured: ['movingMean', 'movingVariance'],
      differs: true,
    },
  },
  channelPadding: {
    defaults: { ...same, make: channelPadding },
    'one before, two after': {
      inputs: image,
      output: [5, 6, 6],
      make: (extra) => channelPadding({ before: 1, after: 2, ...extra }),
    },
  },
  concatenate: {
    channels: {
      inputs: [
        [2, 3, 1],
        [2, 3, 4],
      ],
      output: [2, 3, 5],
      make: concatenate,
    },
    'axis 1': {
      inputs: [
        [2, 3],
        [4, 3],
      ],
      output: [6, 3],
      make: (extra) => concatenate({ axis: 1, ...extra }),
    },
  },
  conv2d: {
    'valid, relu': {
      inputs: image,
      output: [3, 4, 4],
      make: (extra) => conv2d({ filters: 4, kernelSize: 3, activation: 'relu', ...extra }),
      weights: { kernel: [3, 3, 3, 4], bias: [4] },
    },
    'same, strides 2, 2 by 3, no bias, penalty': {
      inputs: image,
      output: [3, 3, 2],
      make: (extra) =>
        conv2d({
          filters: 2,
          kernelSize: [2, 3],
          strides: 2,
          padding: 'same',
          useBias: false,
          kernelInitializer: 'heNormal',
          kernelRegularizer: l2(0.01),
          ...extra,
        }),
      weights: { kernel: [2, 3, 3, 2] },
    },
    'groups, dilation, explicit padding': {
      inputs: [[6, 6, 4]],
      output: [6, 6, 6],
      make: (extra) =>
        conv2d({ filters: 6, kernelSize: 3, groups: 2, dilationRate: 2, padding: [2, 2, 2, 2], ...extra }),
      weights: { kernel: [3, 3, 2, 6], bias: [6] },
    },
  },
  conv2dTranspose: {
    'valid, strides 2': {
      inputs: image,
      output: [11, 13, 2],
      make: (extra) => conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, ...extra }),
      weights: { kernel: [3, 3, 2, 3], bias: [2] },
    },
    'valid, strides wider than the kernel': {
      inputs: image,
      output: [15, 18, 2],
      make: (extra) => conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, ...extra }),
      weights: { kernel: [2, 2, 2, 3], bias: [2] },
    },
    'same, strides 2, kernel 4': {
      inputs: image,
      output: [10, 12, 2],
      make: (extra) => conv2dTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: 'same', ...extra }),
      weights: { kernel: [4, 4, 2, 3], bias: [2] },
    },
    'same, strides 2, output padding 0': {
      inputs: image,
      output: [9, 11, 2],
      make: (extra) =>
        conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', outputPadding: 0, ...extra }),
      weights: { kernel: [3, 3, 2, 3], bias: [2] },
    },
  },
  cropping2d: {
    sides: {
      inputs: image,
      output: [2, 5, 3],
      make: (extra) =>
        cropping2d({
          cropping: [
            [1, 2],
            [0, 1],
          ],
          ...extra,
        }),
    },
  },
  dense: {
    'one axis': {
      inputs: [[6]],
      output: [4],
      make: (extra) => dense({ units: 4, activation: 'tanh', kernelRegularizer: l1l2(), ...extra }),
      weights: { kernel: [6, 4], bias: [4] },
    },
    'along the last of three axes': {
      inputs: image,
      output: [5, 6, 2],
      make: (extra) => dense({ units: 2, kernelConstraint: { type: 'maxNorm' }, ...extra }),
      weights: { kernel: [3, 2], bias: [2] },
    },
  },
  depthwiseConv2d: {
    'two filters a channel': {
      inputs: image,
      output: [3, 4, 6],
      make: (extra) => depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, ...extra }),
      weights: { kernel: [3, 3, 3, 2], bias: [6] },
    },
  },
  dropout: { half: { ...same, make: (extra) => dropout({ rate: 0.5, ...extra }), differs: true } },
  elu: { alpha: { ...same, make: (extra) => elu({ alpha: 0.5, ...extra }) } },
  flatten: { image: { inputs: image, output: [90], make: flatten } },
  gelu: {
    exact: { ...same, make: gelu },
    approximate: { ...same, make: (extra) => gelu({ approximate: true, ...extra }) },
  },
  globalAveragePooling2d: { defaults: { inputs: image, output: [3], make: globalAveragePooling2d } },
  globalMaxPooling2d: {
    keepDims: { inputs: image, output: [1, 1, 3], make: (extra) => globalMaxPooling2d({ keepDims: true, ...extra }) },
  },
  layerNormalization: {
    channels: { ...same, make: layerNormalization, weights: { gamma: [3], beta: [3] } },
    'whole image': {
      ...same,
      make: (extra) => layerNormalization({ axis: [1, 2, 3], ...extra }),
      weights: { gamma: [5, 6, 3], beta: [5, 6, 3] },
    },
    'without gamma and beta': {
      ...same,
      make: (extra) => layerNormalization({ center: false, scale: false, ...extra }),
    },
  },
  leakyRelu: { defaults: { ...same, make: leakyRelu } },
  localResponseNormalization: { defaults: { ...same, make: localResponseNormalization } },
  maxPooling2d: {
    defaults: { inputs: image, output: [2, 3, 3], make: maxPooling2d },
    'same, strides 1': {
      ...same,
      make: (extra) => maxPooling2d({ poolSize: 3, strides: 1, padding: 'same', ...extra }),
    },
  },
  multiply: {
    'channels by a gate': {
      inputs: [
        [2, 2, 3],
        [1, 1, 3],
      ],
      output: [2, 2, 3],
      make: multiply,
    },
  },
  normalization: {
    'one mean': { ...same, make: (extra) => normalization({ mean: 0.5, standardDeviation: 0.25, ...extra }) },
    'by channel, bgr': {
      ...same,
      make: (extra) => normalization({ mean: [1, 2, 3], standardDeviation: [1, 2, 4], channelOrder: 'bgr', ...extra }),
    },
  },
  relu: {
    defaults: { ...same, make: relu },
    limits: { ...same, make: (extra) => relu({ maxValue: 1, negativeSlope: 0.1, ...extra }) },
  },
  relu6: { defaults: { ...same, make: relu6 } },
  rescaling: { bytes: { ...same, make: (extra) => rescaling({ scale: 1 / 255, ...extra }) } },
  reshape: {
    'what is left': { inputs: image, output: [3, 30], make: (extra) => reshape({ targetShape: [3, -1], ...extra }) },
  },
  separableConv2d: {
    same: {
      inputs: image,
      output: [5, 6, 4],
      make: (extra) => separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2, padding: 'same', ...extra }),
      weights: { depthwiseKernel: [3, 3, 3, 2], pointwiseKernel: [1, 1, 6, 4], bias: [4] },
    },
  },
  sigmoid: { defaults: { ...same, make: sigmoid } },
  silu: { defaults: { ...same, make: silu } },
  softmax: {
    'last axis': { ...same, make: softmax },
    rows: { ...same, make: (extra) => softmax({ axis: 1, ...extra }) },
  },
  softplus: { defaults: { ...same, make: softplus } },
  spatialDropout2d: {
    half: {
      inputs: [[2, 2, 8]],
      output: [2, 2, 8],
      make: (extra) => spatialDropout2d({ rate: 0.5, ...extra }),
      differs: true,
    },
  },
  tanh: { defaults: { ...same, make: tanh } },
  upSampling2d: {
    nearest: { inputs: image, output: [10, 12, 3], make: upSampling2d },
    'bilinear, 2 by 3': {
      inputs: image,
      output: [10, 18, 3],
      make: (extra) => upSampling2d({ size: [2, 3], interpolation: 'bilinear', ...extra }),
    },
  },
  zeroPadding2d: {
    defaults: { inputs: image, output: [7, 8, 3], make: zeroPadding2d },
    sides: {
      inputs: image,
      output: [8, 10, 3],
      make: (extra) =>
        zeroPadding2d({
          padding: [
            [1, 2],
            [0, 4],
          ],
          ...extra,
        }),
    },
  },
};

for (const [type, variants] of Object.entries(cases)) {
  for (const [name, one] of Object.entries(variants)) testLayer(`${type}: ${name}`, one);
}

test('the input layer is described like any other', () => {
  const layer = layerFromConfig({ type: 'input', config: { shape: [28, 28, 1], name: 'digits' } });
  expect(layer).toBeInstanceOf(InputLayer);
  expect(layer.config()).toEqual({ name: 'digits', trainable: true, shape: [28, 28, 1] });
});

test('each layer is known under its own type', () => {
  for (const [type, variants] of Object.entries(cases)) {
    for (const { make } of Object.values(variants)) expect(make().type).toBe(type);
  }
  expect(Object.keys(layerTypes).sort()).toEqual([...Object.keys(cases), 'input'].sort());
});

test.each(['conv2D', 'constructor', '__proto__', 'toString', ''])('refuses the layer type %j', (type) => {
  expect(() => layerFromConfig({ type, config: {} })).toThrow(/there is no such layer/);
});
