import { describe, expect, test } from 'vitest';
import { activation } from '../layers/activation.js';
import type { Activation } from '../layers/activations.js';
import { add } from '../layers/add.js';
import { averagePooling2d } from '../layers/averagePooling2d.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { channelPadding } from '../layers/channelPadding.js';
import { concatenate } from '../layers/concatenate.js';
import { conv2d } from '../layers/conv2d.js';
import { conv2dTranspose } from '../layers/conv2dTranspose.js';
import { cropping2d } from '../layers/cropping2d.js';
import { defineLayer } from '../layers/defineLayer.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { globalMaxPooling2d } from '../layers/globalMaxPooling2d.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { layerNormalization } from '../layers/layerNormalization.js';
import { localResponseNormalization } from '../layers/localResponseNormalization.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { multiply } from '../layers/multiply.js';
import { normalization } from '../layers/normalization.js';
import { relu } from '../layers/relu.js';
import { rescaling } from '../layers/rescaling.js';
import { reshape } from '../layers/reshape.js';
import { separableConv2d } from '../layers/separableConv2d.js';
import { softmax } from '../layers/softmax.js';
import { spatialDropout2d } from '../layers/spatialDropout2d.js';
import { upSampling2d } from '../layers/upSampling2d.js';
import { zeroPadding2d } from '../layers/zeroPadding2d.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { randomBatch, run } from '../testing/runModel.js';
import { readOnnx, readOnnxWeights, writeOnnx } from './onnx.js';
import { chain, distance, stir } from './testing/networks.js';
import { noOrt, ort, runOrt } from './testing/onnxRuntime.js';

const picture: Shape = [6, 7, 4];
const activations: readonly Activation[] = [
  ...([
    'relu',
    'relu6',
    'leakyRelu',
    'elu',
    'gelu',
    'silu',
    'sigmoid',
    'tanh',
    'softplus',
    'softmax',
    'logSoftmax',
  ] as const),
  { type: 'relu', maxValue: 1.5 },
  { type: 'relu', negativeSlope: 0.1 },
  { type: 'gelu', approximate: true },
];
const named = (spec: Activation): string => (typeof spec === 'string' ? spec : JSON.stringify(spec));

const chains: readonly (readonly [string, Shape, readonly (() => Layer)[]])[] = [
  ['conv2d, same, strides 2', picture, [() => conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same' })]],
  ['conv2d, padded by numbers', picture, [() => conv2d({ filters: 3, kernelSize: [2, 3], padding: [1, 0, 2, 1] })]],
  ['conv2d, dilated, no bias', picture, [() => conv2d({ filters: 3, kernelSize: 2, dilationRate: 2, useBias: false })]],
  ['conv2d, groups', picture, [() => conv2d({ filters: 6, kernelSize: 3, groups: 2 })]],
  ['depthwiseConv2d', picture, [() => depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })]],
  ['separableConv2d', picture, [() => separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2 })]],
  ['conv2dTranspose, valid', picture, [() => conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 })]],
  [
    'conv2dTranspose, same',
    picture,
    [() => conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  ['conv2dTranspose, kernel below stride', picture, [() => conv2dTranspose({ filters: 3, kernelSize: 2, strides: 3 })]],
  [
    'conv2dTranspose, output padding',
    picture,
    [() => conv2dTranspose({ filters: 2, kernelSize: 4, strides: 3, outputPadding: [1, 2], padding: 'same' })],
  ],
  ['maxPooling2d', picture, [() => maxPooling2d()]],
  ['maxPooling2d, padded', picture, [() => maxPooling2d({ poolSize: 3, strides: 2, padding: [0, 1, 1, 1] })]],
  ['averagePooling2d, same', picture, [() => averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })]],
  ['globalAveragePooling2d', picture, [() => globalAveragePooling2d()]],
  ['globalMaxPooling2d, keepDims', picture, [() => globalMaxPooling2d({ keepDims: true })]],
  ['batchNormalization', picture, [() => batchNormalization({ epsilon: 1e-3 })]],
  ['batchNormalization after flatten', picture, [flatten, batchNormalization, () => dense({ units: 3 })]],
  ['layerNormalization', picture, [() => layerNormalization()]],
  ['localResponseNormalization', picture, [() => localResponseNormalization({ size: 3, alpha: 0.5 })]],
  ['normalization, one number', picture, [() => normalization({ mean: 0.4, standardDeviation: 0.3 })]],
  [
    'normalization, BGR',
    [4, 4, 3],
    [() => normalization({ mean: [1, 2, 3], standardDeviation: [0.5, 2, 4], channelOrder: 'bgr' })],
  ],
  ['rescaling', picture, [() => rescaling({ scale: 1 / 127.5, offset: -1 })]],
  ['flatten and dense', picture, [flatten, () => dense({ units: 5, activation: 'softmax' })]],
  ['dense on a picture', picture, [() => dense({ units: 5, activation: 'softmax' })]],
  ['dense on rows of rows', [5, 4], [() => dense({ units: 3, activation: 'softmax' })]],
  ['reshape', picture, [() => reshape({ targetShape: [7, 3, 8] }), () => conv2d({ filters: 2, kernelSize: 2 })]],
  ['reshape of a row', [8], [() => reshape({ targetShape: [1, 1, 8] }), () => conv2d({ filters: 2, kernelSize: 1 })]],
  [
    'zeroPadding2d',
    picture,
    [
      () =>
        zeroPadding2d({
          padding: [
            [1, 0],
            [2, 3],
          ],
        }),
    ],
  ],
  ['channelPadding', picture, [() => channelPadding({ before: 1, after: 2 })]],
  [
    'cropping2d',
    picture,
    [
      () =>
        cropping2d({
          cropping: [
            [1, 2],
            [0, 3],
          ],
        }),
    ],
  ],
  ['upSampling2d, nearest', picture, [() => upSampling2d({ size: [3, 2] })]],
  ['upSampling2d, bilinear', picture, [() => upSampling2d({ size: 2, interpolation: 'bilinear' })]],
  ['softmax over rows', picture, [() => softmax({ axis: 1 })]],
  ['dropout', picture, [() => dropout({ rate: 0.3 }), () => spatialDropout2d({ rate: 0.2 }), relu]],
  ...activations.map((spec) => [`activation ${named(spec)}`, picture, [() => activation(spec)]] as const),
];

/** Graphs that are no chains. */
function branches(): Model {
  const x = input(picture, { name: 'x' });
  const a = conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(x);
  const gate = dense({ units: 4, activation: 'sigmoid' }).apply(globalAveragePooling2d().apply(a));
  const scaled = multiply().apply([a, reshape({ targetShape: [1, 1, 4] }).apply(gate)]);
  const joined = concatenate().apply([add().apply([scaled, x, a]), x]);
  const rows = concatenate({ axis: 1 }).apply([joined, joined]);
  return model({ inputs: x, outputs: dense({ units: 3 }).apply(flatten().apply(rows)), name: 'branches', seed: 2 });
}

function twoPorts(): Model {
  const [x, y] = [input([4, 4, 2], { name: 'x' }), input([3], { name: 'y' })];
  const shared = conv2d({ filters: 2, kernelSize: 3, padding: 'same', name: 'shared' });
  const top = shared.apply(shared.apply(x));
  const row = concatenate().apply([flatten().apply(top), y]);
  return model({ inputs: [x, y], outputs: [dense({ units: 2 }).apply(row), top], name: 'ports', seed: 2 });
}

async function expectSame(net: Model, limit: number, options: Parameters<typeof writeOnnx>[1] = {}): Promise<Model> {
  const inputs = net.inputShapes.map((shape, i) => randomBatch(shape, 2, `x${i}`));
  const expected = await run(net, inputs);
  const bytes = await writeOnnx(net, options);
  const { model: back } = await readOnnx(bytes);
  const found = await run(back, inputs);
  const compare = (results: readonly Tensor<'float32'>[], who: string): void => {
    expect(
      results.map(({ shape }) => shape),
      who,
    ).toEqual(expected.map(({ shape }) => shape));
    for (const [i, { data }] of expected.entries()) {
      expect(distance(data, (results[i] as Tensor<'float32'>).data), who).toBeLessThan(limit);
    }
  };
  compare(found, 'read back');
  if (ort !== undefined && options.layout !== 'nhwc') compare(await runOrt(bytes, inputs), 'onnxruntime-node');
  return back;
}

describe(`what is written is read and runs the same${ort === undefined ? ` (in onnxruntime-node: ${noOrt})` : ', in onnxruntime-node too'}`, () => {
  test.each(chains)('%s', async (_, shape, layers) => {
    await expectSame(await stir(chain(shape, ...layers.map((make) => make()))), 1e-5);
  });

  test('a graph with branches', async () => {
    await expectSame(await stir(branches()), 1e-5);
  });

  test('two inputs, two outputs, a layer that is applied twice', async () => {
    const net = await stir(twoPorts());
    await expectSame(net, 1e-5);
    const { tensors } = await readOnnxWeights(await writeOnnx(net));
    expect([...tensors.keys()].filter((name) => name.startsWith('shared'))).toEqual(['shared.weight', 'shared.bias']);
  });

  test('pictures with channels last', async () => {
    const net = await stir(chain(picture, conv2d({ filters: 3, kernelSize: 2 }), flatten(), dense({ units: 2 })));
    const back = await expectSame(net, 1e-5, { layout: 'nhwc' });
    expect(back.inputShapes).toEqual([picture]);
    const image = await stir(chain(picture, conv2d({ filters: 3, kernelSize: 2 })));
    await expectSame(image, 1e-5, { layout: 'nhwc' });
  });

  test.skipIf(ort === undefined)(
    `batchNormalization over rows, which is not read back${ort === undefined ? `: ${noOrt}` : ''}`,
    async () => {
      const net = await stir(chain(picture, batchNormalization({ axis: 1, scale: false })));
      const [x, bytes] = [randomBatch(picture, 2), await writeOnnx(net)];
      const [expected, found] = [await run(net, [x]), await runOrt(bytes, [x])];
      expect(distance((expected[0] as Tensor<'float32'>).data, (found[0] as Tensor<'float32'>).data)).toBeLessThan(
        1e-5,
      );
      await expect(readOnnx(bytes)).rejects.toThrow(/node "batchNormalization\/moved", op "Transpose"/);
    },
  );

  test('float16 weights', async () => {
    const net = await stir(branches());
    await expectSame(net, 1e-2, { half: true });
    const [whole, half] = [await writeOnnx(net), await writeOnnx(net, { half: true })];
    expect(half.length).toBeLessThan(whole.length);
    const { tensors } = await readOnnxWeights(half);
    expect(tensors.get('conv2d.weight')?.dtype).toBe('F16');
  });
});

test('layers keep their names and kinds, weights their bits', async () => {
  const net = await stir(
    sequential([
      input([8, 8, 3]),
      conv2d({ filters: 4, kernelSize: 3, activation: 'relu', name: 'block1_conv1' }),
      batchNormalization({ name: 'bn' }),
      maxPooling2d({ name: 'pool' }),
      flatten({ name: 'flat' }),
      dropout({ rate: 0.25, name: 'drop' }),
      dense({ units: 2, activation: 'softmax', name: 'predictions' }),
    ]),
  );
  const { model: back } = await readOnnx(await writeOnnx(net));
  expect(back.layers.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'input input',
    'block1_conv1 conv2d',
    'block1_conv1.relu relu',
    'bn batchNormalization',
    'pool maxPooling2d',
    'flat flatten',
    'drop dropout',
    'predictions dense',
    'predictions.softmax softmax',
  ]);
  expect(await back.getWeights()).toEqual(await net.getWeights());
  expect(back.layer('bn').config()).toMatchObject({ epsilon: Math.fround(1e-3), momentum: Math.fround(0.99) });
});

test('metadata travels along', async () => {
  const bytes = await writeOnnx(chain([2], dense({ units: 1 })), { metadata: { classes: 'cat, dog' } });
  expect((await readOnnx(bytes)).metadata).toEqual({ classes: 'cat, dog' });
});

test('a layer of one’s own cannot be written: the error names it', async () => {
  const double = defineLayer({ type: 'double', call: ([x]) => x as NonNullable<typeof x> });
  const net = chain([3], double());
  await expect(writeOnnx(net)).rejects.toThrow(/double "double": there are no ONNX operators/);
});
