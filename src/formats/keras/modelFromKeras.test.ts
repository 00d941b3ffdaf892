import { describe, expect, test } from 'vitest';
import { gelu } from '../../layers/gelu.js';
import type { Model } from '../../model/model.js';
import { Tensor } from '../../tensor/tensor.js';
import { randomBatch, run } from '../../testing/runModel.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';
import { type Arrays, counted, libraryHdf5 } from './testing/kerasFiles.js';

/** A layer's entry in a description. */
const entry = (className: string, config: object, more: object = {}) => ({ class_name: className, config, ...more });

/** A full-model file: names of layers, names of weights, arrays in this order. */
async function modelFile(
  architecture: object,
  layers: Readonly<Record<string, Arrays>>,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const texts: Record<string, string | string[]> = {
    '@model_config': JSON.stringify(architecture),
    'model_weights@layer_names': Object.keys(layers),
  };
  const arrays: Record<string, Arrays[string]> = {};
  for (const [name, value] of Object.entries(attributes)) texts[`@${name}`] = value;
  for (const [layer, own] of Object.entries(layers)) {
    texts[`model_weights/${layer}@weight_names`] = Object.keys(own);
    for (const [weight, array] of Object.entries(own)) arrays[`model_weights/${layer}/${weight}`] = array;
  }
  return libraryHdf5(texts, arrays);
}

const typesOf = (model: Model): string[] => model.layers.map(({ type }) => type);

describe('Keras 1', () => {
  // Numbers that tell flipped from straight, [out, in] from [in, out] and channels-first rows from channels-last ones.
  const kernel = { shape: [2, 3, 2, 2], data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)) };
  const rows = { shape: [8, 2], data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(3 * i)) };
  const scale = (at: number) => ({ shape: [8], data: Float32Array.from({ length: 8 }, (_, i) => 1 + (at + i) / 10) });
  const weights = {
    c: { c_W: kernel, c_b: counted([2], 0.5) },
    flat: {},
    bn: { bn_gamma: scale(1), bn_beta: scale(2), bn_running_mean: scale(3), bn_running_std: scale(4) },
    d: { d_W: rows, d_b: counted([2], -1) },
  };
  const layers = (ordering: 'th' | 'tf') => [
    entry('Convolution2D', {
      name: 'c',
      nb_filter: 2,
      nb_row: 2,
      nb_col: 2,
      border_mode: 'valid',
      subsample: [1, 1],
      dim_ordering: ordering,
      bias: true,
      init: 'glorot_uniform',
      activation: 'linear',
      W_regularizer: null,
      batch_input_shape: ordering === 'th' ? [null, 3, 3, 3] : [null, 3, 3, 3],
    }),
    entry('Flatten', { name: 'flat' }),
    entry('BatchNormalization', { name: 'bn', mode: 0, axis: -1, epsilon: 1e-5, momentum: 0.99 }),
    entry('Dropout', { name: 'drop', p: 0.25 }),
    entry('Dense', { name: 'd', output_dim: 2, activation: 'linear', init: 'glorot_uniform', bias: true }),
  ];

  /** What Theano computes: true convolution of [c, h, w], flattened in this order. */
  function theano(x: Float32Array): number[] {
    const at = (y: number, column: number, c: number) => x[(y * 3 + column) * 3 + c] as number;
    const flat: number[] = [];
    for (let o = 0; o < 2; o++)
      for (let y = 0; y < 2; y++)
        for (let column = 0; column < 2; column++) {
          let sum = o * 0.5;
          for (let c = 0; c < 3; c++)
            for (let r = 0; r < 2; r++)
              for (let s = 0; s < 2; s++)
                sum += at(y + 1 - r, column + 1 - s, c) * (kernel.data[((o * 3 + c) * 2 + r) * 2 + s] as number);
          flat.push(sum);
        }
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((k) => scale(k).data) as [Float32Array, ...Float32Array[]];
    const normal = flat.map(
      (v, i) =>
        ((v - (mean?.[i] as number)) / Math.sqrt((variance?.[i] as number) + 1e-5)) * (gamma[i] as number) +
        (beta?.[i] as number),
    );
    return [0, 1].map((unit) => normal.reduce((sum, v, i) => sum + v * (rows.data[i * 2 + unit] as number), -unit));
  }

  test('of Theano: kernels are turned, dense rows and normalizations after a flatten are put in order', async () => {
    const bytes = await modelFile(entry('Sequential', layers('th') as never), weights, { keras_version: '1.2.2' });
    const { model } = await modelFromKeras(bytes);
    expect(typesOf(model)).toEqual(['conv2d', 'flatten', 'batchNormalization', 'dropout', 'dense']);
    expect(model.layer('bn').config().epsilon).toBe(1e-5);
    const x = randomBatch([3, 3, 3], 1);
    const [y] = await run(model, [x]);
    for (const [i, value] of theano(x.data).entries()) expect(y?.data[i]).toBeCloseTo(value, 4);
  });

  test('weights alone, by the option or a hint in the name where shapes do not tell', async () => {
    const square = { c_W: counted([3, 3, 3, 3]), c_b: counted([3]) };
    const texts = { '@layer_names': ['c'], 'c@weight_names': ['c_W', 'c_b'] };
    const bytes = await libraryHdf5(texts, { 'c/c_W': square.c_W, 'c/c_b': square.c_b });
    await expect(readKeras(bytes)).rejects.toThrow(/Give the option ordering: "th" for the first/);
    const kernelOf = async (options: object) => (await readKeras(bytes, options)).tensors.get('c/kernel')?.data;
    const turned = Float32Array.from({ length: 81 }, (_, to) => {
      const [y, x, i, o] = [27, 9, 3, 1].map((stride) => Math.floor(to / stride) % 3) as [
        number,
        number,
        number,
        number,
      ];
      return ((o * 3 + i) * 3 + (2 - y)) * 3 + (2 - x);
    });
    expect(await kernelOf({ ordering: 'tf' })).toEqual(square.c_W.data);
    expect(await kernelOf({ where: 'x_tf_dim_ordering_tf_kernels.h5' })).toEqual(square.c_W.data);
    expect(await kernelOf({ ordering: 'th' })).toEqual(turned);
    expect(await kernelOf({ where: 'x_th_dim_ordering_th_kernels.h5' })).toEqual(turned);
    const { layout, generation } = await readKeras(bytes, { ordering: 'th' });
    expect([layout.flattened, generation]).toEqual(['channelsFirst', 1]);
  });

  test('layers without names, of the versions before', async () => {
    const arrays = {
      'layer_0/param_0': counted([2, 3, 3, 3]),
      'layer_0/param_1': counted([2]),
      'layer_2/param_0': counted([4, 2]),
    };
    const file = await readKeras(await libraryHdf5({ 'layer_1@kind': 'Flatten' }, arrays));
    expect(file.generation).toBe(0);
    expect([...file.tensors].map(([name, { shape }]) => [name, shape])).toEqual([
      ['layer_0/kernel', [3, 3, 3, 2]],
      ['layer_0/bias', [2]],
      ['layer_2/kernel', [4, 2]],
    ]);
  });
});

describe('Keras 2', () => {
  const input = entry(
    'InputLayer',
    { name: 'in', batch_input_shape: [null, 4, 4, 2] },
    { name: 'in', inbound_nodes: [] },
  );
  const graph = (layers: object[], output: string, name = 'graph') =>
    entry('Functional', { name, layers, input_layers: [['in', 0, 0]], output_layers: [[output, 0, 0]] });
  const conv = (name: string, config: object = {}) =>
    entry('Conv2D', { name, filters: 2, kernel_size: [1, 1], strides: [1, 1], padding: 'valid', ...config }, { name });

  test('a graph, with regularizers and an axis in a list; what is unknown is noted', async () => {
    const layers = [
      input,
      {
        ...conv('a', { kernel_regularizer: entry('L2', { l2: 0.25 }), bias_regularizer: entry('Mine', {}) }),
        inbound_nodes: [[['in', 0, 0, {}]]],
      },
      entry(
        'BatchNormalization',
        { name: 'bn', axis: [3], epsilon: 0.02, center: false },
        { name: 'bn', inbound_nodes: [[['a', 0, 0, {}]]] },
      ),
      entry(
        'Add',
        { name: 'sum' },
        {
          name: 'sum',
          inbound_nodes: [
            [
              ['bn', 0, 0, {}],
              ['in', 0, 0, {}],
            ],
          ],
        },
      ),
    ];
    const ones = { shape: [2], data: Float32Array.of(1, 1) };
    const bytes = await modelFile(
      graph(layers, 'sum'),
      {
        in: {},
        a: { 'a/kernel:0': counted([1, 1, 2, 2]), 'a/bias:0': counted([2]) },
        bn: { 'bn/gamma:0': ones, 'bn/moving_mean:0': counted([2]), 'bn/moving_variance:0': ones },
      },
      { keras_version: '2.4.0', backend: 'tensorflow' },
    );
    const { model, notes } = await modelFromKeras(bytes);
    expect(notes).toEqual(['Conv2D "a": the regularizer "Mine" is not known here and was left out']);
    expect(model.layer('a').config().kernelRegularizer).toEqual({ type: 'l2', l2: 0.25 });
    expect(model.layer('bn').config()).toMatchObject({ axis: 3, epsilon: 0.02, center: false, scale: true });
    // x = (1, 2): kernel [[0, 1], [2, 3]] and bias (0, 1) give (4, 8); minus the means (0, 1), over √1.02; plus x.
    const x = new Tensor<'float32'>(
      Float32Array.from({ length: 32 }, (_, i) => 1 + (i % 2)),
      [1, 4, 4, 2],
    );
    const [y] = await run(model, [x]);
    expect(y?.data[0]).toBeCloseTo(4 / Math.sqrt(1.02) + 1, 5);
    expect(y?.data[1]).toBeCloseTo(7 / Math.sqrt(1.02) + 2, 5);
  });

  test('a model within a model: one list of weights, what learns first', async () => {
    const inner = graph(
      [
        input,
        { ...conv('a', { trainable: false }), inbound_nodes: [[['in', 0, 0, {}]]] },
        { ...conv('b'), inbound_nodes: [[['a', 0, 0, {}]]] },
      ],
      'b',
      'base',
    );
    const outer = entry('Sequential', {
      name: 'outer',
      layers: [inner, entry('Flatten', { name: 'f' }), entry('Dense', { name: 'b', units: 1 })],
    });
    const of = (value: number, shape: number[]) => ({
      shape,
      data: new Float32Array(shape.reduce((p, n) => p * n, 1)).fill(value),
    });
    const bytes = await modelFile(
      outer,
      {
        base: {
          'b/kernel:0': of(3, [1, 1, 2, 2]),
          'b/bias:0': of(4, [2]),
          'a/kernel:0': of(1, [1, 1, 2, 2]),
          'a/bias:0': of(2, [2]),
        },
        f: {},
        b: { 'b/kernel:0': of(5, [32, 1]), 'b/bias:0': of(6, [1]) },
      },
      { keras_version: '2.4.0', backend: 'tensorflow' },
    );
    const { model } = await modelFromKeras(bytes);
    expect(model.weights.map(({ path }) => path)).toEqual([
      'a/kernel',
      'a/bias',
      'b/kernel',
      'b/bias',
      'b_b/kernel',
      'b_b/bias',
    ]);
    expect((await model.getWeights()).map(({ data }) => data[0])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(model.layer('a').trainable).toBe(false);
  });

  test('channels-first images become channels-last ones', async () => {
    const first = { data_format: 'channels_first' };
    const layers = [
      entry('Conv2D', { name: 'c', filters: 3, kernel_size: [1, 1], batch_input_shape: [null, 2, 4, 5], ...first }),
      entry('BatchNormalization', { name: 'bn', axis: 1 }),
      entry('Flatten', { name: 'f', data_format: 'channels_last' }),
      entry('Dense', { name: 'd', units: 1 }),
    ];
    const bytes = await modelFile(
      entry('Sequential', { name: 's', layers }),
      {
        c: { kernel: counted([1, 1, 2, 3]), bias: counted([3]) },
        bn: { gamma: counted([3]), beta: counted([3]), mean: counted([3]), variance: counted([3]) },
        f: {},
        d: { kernel: counted([60, 1]), bias: counted([1]) },
      },
      { keras_version: '2.4.0', backend: 'tensorflow' },
    );
    const { model } = await modelFromKeras(bytes);
    expect(model.inputShapes).toEqual([[4, 5, 2]]);
    expect(model.layer('bn').config().axis).toBe(3);
    // Row y, column x, channel c was number c · 20 + y · 5 + x.
    const [kernel] = await model.layer('d').getWeights();
    expect([...(kernel?.data.subarray(0, 6) ?? [])]).toEqual([0, 20, 40, 1, 21, 41]);
  });

  const layerFile = (layer: object) =>
    modelFile(entry('Sequential', { name: 's', layers: [layer] }), {}, { keras_version: '2.4.0' });

  test('a layer that is not known is named, with what can be done; the user may bring it along', async () => {
    const bytes = await layerFile(entry('Conv2DD', { name: 'odd', alpha: 2, batch_input_shape: [null, 4] }));
    await expect(modelFromKeras(bytes)).rejects.toThrow(
      /the layer "odd" is of a class that is not known here. Received "Conv2DD". Did you mean "Conv2D"\? A layer of your own goes into the option layers/,
    );
    const { model } = await modelFromKeras(bytes, { layers: { Conv2DD: () => gelu() } });
    expect(model.layers.map(({ type, name }) => [type, name])).toEqual([['gelu', 'odd']]);
  });

  test.each<[string, object, RegExp]>([
    [
      'an open size',
      entry('Flatten', { name: 'f', batch_input_shape: [null, null, null, 3] }),
      /leaves the size of the examples open.*inputShape/,
    ],
    [
      'an activation',
      entry('Dense', { name: 'd', units: 1, activation: 'selu', batch_input_shape: [null, 3] }),
      /\.activation must be an activation that is known here. Did you mean/,
    ],
    [
      'a size',
      entry('Dense', { name: 'd', units: -5, batch_input_shape: [null, 3] }),
      /units must be a whole number.*Received -5/,
    ],
    ['a missing option', entry('Dense', { name: 'd', batch_input_shape: [null, 3] }), /units must be a number/],
    [
      'weights that are missing',
      entry('Dense', { name: 'd', units: 1, batch_input_shape: [null, 3] }),
      /the layer "d" has 2 weights: kernel, bias. Received 0 in the file/,
    ],
  ])('%s is an error', async (_, layer, message) => {
    await expect(modelFromKeras(await layerFile(layer))).rejects.toThrow(message);
  });

  test('weights alone are no model', async () => {
    const bytes = await libraryHdf5(
      { '@layer_names': ['d'], 'd@weight_names': ['k'], '@backend': 'tensorflow' },
      { 'd/k': counted([2, 2]) },
    );
    await expect(modelFromKeras(bytes)).rejects.toThrow(
      /weights, but no description.*loadWeights\(model, file.tensors/,
    );
  });
});

test('Keras 3: .weights.h5, with models within models', async () => {
  const texts = { 'layers/conv2d/vars@name': 'first', 'vars@name': 'whole' };
  const file = await readKeras(
    await libraryHdf5(texts, {
      'layers/conv2d/vars/0': counted([1, 1, 2, 2]),
      'layers/conv2d/vars/1': counted([2]),
      'layers/functional/layers/dense_1/vars/0': counted([2, 2]),
      'layers/dropout/seed_generator/vars/0': counted([2]),
      'optimizer/vars/0': counted([1]),
    }),
  );
  expect(file).toMatchObject({ generation: 3, container: 'weights.h5', architecture: undefined });
  expect(file.layers.map(({ name, path }) => [name, path])).toEqual([
    ['first', 'layers/conv2d'],
    ['dense_1', 'layers/functional/layers/dense_1'],
  ]);
  expect([...file.tensors.keys()]).toEqual(['first/kernel', 'first/bias', 'dense_1/kernel']);
});

test('files of other kinds are refused', async () => {
  await expect(readKeras(Uint8Array.of(1, 2, 3))).rejects.toThrow(/HDF5 or a zip archive. Received the bytes 1 2 3/);
  await expect(readKeras(await libraryHdf5({}, { x: counted([2]) }))).rejects.toThrow(
    /names its layers.*Received the members x/,
  );
});
