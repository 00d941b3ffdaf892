import { activation } from '../../../layers/activation.js';
import { add } from '../../../layers/add.js';
import { averagePooling2d } from '../../../layers/averagePooling2d.js';
import { batchNormalization } from '../../../layers/batchNormalization.js';
import { concatenate } from '../../../layers/concatenate.js';
import { maxNorm, nonNegative } from '../../../layers/constraints.js';
import { conv2d } from '../../../layers/conv2d.js';
import { conv2dTranspose } from '../../../layers/conv2dTranspose.js';
import { cropping2d } from '../../../layers/cropping2d.js';
import { dense } from '../../../layers/dense.js';
import { depthwiseConv2d } from '../../../layers/depthwiseConv2d.js';
import { dropout } from '../../../layers/dropout.js';
import { elu } from '../../../layers/elu.js';
import { flatten } from '../../../layers/flatten.js';
import { globalAveragePooling2d } from '../../../layers/globalAveragePooling2d.js';
import { globalMaxPooling2d } from '../../../layers/globalMaxPooling2d.js';
import { input } from '../../../layers/input.js';
import { layerNormalization } from '../../../layers/layerNormalization.js';
import { leakyRelu } from '../../../layers/leakyRelu.js';
import { maxPooling2d } from '../../../layers/maxPooling2d.js';
import { multiply } from '../../../layers/multiply.js';
import { normalization } from '../../../layers/normalization.js';
import { l1l2, l2 } from '../../../layers/regularizers.js';
import { relu } from '../../../layers/relu.js';
import { rescaling } from '../../../layers/rescaling.js';
import { reshape } from '../../../layers/reshape.js';
import { separableConv2d } from '../../../layers/separableConv2d.js';
import { softmax } from '../../../layers/softmax.js';
import { spatialDropout2d } from '../../../layers/spatialDropout2d.js';
import { upSampling2d } from '../../../layers/upSampling2d.js';
import { zeroPadding2d } from '../../../layers/zeroPadding2d.js';
import { model } from '../../../model/functional.js';
import type { Model } from '../../../model/model.js';
import { sequential } from '../../../model/sequential.js';

/** Nearly every layer in a row, with options other than the usual ones. */
export function everyLayer(): Model {
  return sequential(
    [
      input([12, 12, 2]),
      rescaling({ scale: 0.5, offset: -1 }),
      normalization({ mean: [0.1, 0.2], standardDeviation: [2, 0.5] }),
      zeroPadding2d({
        padding: [
          [1, 0],
          [0, 1],
        ],
      }),
      conv2d({
        filters: 4,
        kernelSize: [3, 2],
        strides: [1, 2],
        padding: 'same',
        activation: 'relu',
        kernelRegularizer: l2(0.1),
      }),
      batchNormalization({ epsilon: 1e-5, momentum: 0.9, scale: false }),
      depthwiseConv2d({
        kernelSize: 3,
        depthMultiplier: 2,
        dilationRate: 2,
        padding: 'same',
        useBias: false,
        activation: 'silu',
      }),
      conv2d({
        filters: 4,
        kernelSize: 1,
        groups: 2,
        kernelConstraint: maxNorm(3, [0, 1, 2]),
        kernelInitializer: 'heNormal',
      }),
      relu({ maxValue: 5, negativeSlope: 0.1 }),
      separableConv2d({ filters: 5, kernelSize: 3, activation: 'tanh', trainable: false }),
      spatialDropout2d({ rate: 0.25 }),
      maxPooling2d({ poolSize: [2, 1], strides: [2, 1] }),
      leakyRelu({ negativeSlope: 0.3 }),
      conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'leakyRelu' }),
      upSampling2d({ size: [1, 2], interpolation: 'bilinear' }),
      cropping2d({ cropping: [1, 2] }),
      averagePooling2d({ poolSize: 2, padding: 'same' }),
      layerNormalization({ epsilon: 1e-4 }),
      elu({ alpha: 0.5 }),
      flatten(),
      dropout({ rate: 0.5 }),
      dense({
        units: 12,
        activation: 'gelu',
        biasConstraint: nonNegative(),
        kernelRegularizer: l1l2({ l1: 0.1, l2: 0.2 }),
      }),
      reshape({ targetShape: [2, -1] }),
      activation('softplus'),
      dense({ units: 3, kernelInitializer: { type: 'randomUniform', min: -1, max: 1 } }),
      softmax({ axis: -1 }),
    ],
    { name: 'everything', seed: 3 },
  );
}

/** Two inputs, two outputs, a layer used three times, and an activation and a padding that Keras has layers of their own for. */
export function sharedLayers(): Model {
  const [a, b] = [input([6, 6, 2], { name: 'a' }), input([6, 6, 2], { name: 'b' })];
  const shared = conv2d({
    filters: 2,
    kernelSize: 3,
    padding: [1, 1, 1, 1],
    activation: { type: 'relu', maxValue: 2 },
    name: 'shared',
  });
  const [x, y] = [shared.apply(a), shared.apply(b)];
  const sum = add({ name: 'sum' }).apply([x, y, a]);
  const both = concatenate({ name: 'both' }).apply([multiply({ name: 'product' }).apply([x, y]), sum]);
  const outputs = [
    globalMaxPooling2d({ keepDims: true }).apply(both),
    globalAveragePooling2d().apply(shared.apply(sum)),
  ];
  return model({ inputs: [b, a], outputs, name: 'graph' });
}

/** Every weight gets numbers of its own: zeros and ones would hide that two were exchanged. */
export async function withOwnNumbers(net: Model): Promise<Model> {
  const values = await net.getWeights();
  for (const [i, { data }] of values.entries()) {
    for (let k = 0; k < data.length; k++) data[k] = (data[k] as number) + 0.01 * (((k * 7 + i * 3) % 11) + 1);
  }
  await net.setWeights(values);
  return net;
}
