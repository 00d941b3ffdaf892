import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { normalization } from '../../layers/normalization.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { Tensor } from '../../tensor/tensor.js';
import { sharedData } from '../../testing/sharedData.js';
import { predict } from '../../train/predict.js';
import { readIdx } from '../idx.js';
import { loadWeights } from '../loadWeights.js';
import { readSafetensors } from '../safetensors.js';
import { readZip } from '../zip.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';
import { libraryRead } from './testing/kerasFiles.js';
import { writeKeras } from './writeKeras.js';

const shared = sharedData();
const weights = join(shared, 'weights');
const squeezeNet = join(weights, 'squeezenet_v1.1-keras-h5');
const fixtures = join(weights, 'format-fixtures');
const mnist = join(shared, 'mnist');

describe.skipIf(!existsSync(squeezeNet))('SqueezeNet 1.1 of Keras 1 (skipped without the shared weights)', () => {
  const reference = () => {
    const path = join(weights, 'squeezenet1_1-imagenet.safetensors');
    return readSafetensors(readFileSync(path), 'squeezenet').tensors;
  };

  test.each([
    ['squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5', undefined],
    ['squeezenet_weights_th_dim_ordering_th_kernels_notop.h5', undefined],
    ['unnamed.h5', 'squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5'],
    ['unnamed.h5', 'squeezenet_weights_th_dim_ordering_th_kernels_notop.h5'],
  ])('%s %s: all weights have the same bits as in safetensors', async (where, path) => {
    const file = await readKeras(readFileSync(join(squeezeNet, path ?? where)), { where });
    expect(file).toMatchObject({ generation: 1, container: 'h5', architecture: undefined });
    const expected = reference();
    expect(file.layers.length).toBe(25); // all but the last convolution, which the file goes without
    for (const { name, weights: own } of file.layers) {
      expect(own.map(({ role }) => role)).toEqual(['kernel', 'bias']);
      expect(bits(own[0]?.tensor.data)).toEqual(bits(toHwio(expected.get(`${name}.weight`))));
      expect(bits(own[1]?.tensor.data)).toEqual(bits(expected.get(`${name}.bias`)?.data));
    }
  });

  /** The bits as one text: comparing it is much faster than comparing arrays. */
  const bits = (data: Float32Array | Int32Array | undefined) =>
    Buffer.from(new Uint8Array((data as Float32Array).slice().buffer)).toString('base64');
  const toHwio = (tensor: { shape: readonly number[]; data: Float32Array | Int32Array } | undefined) => {
    const { shape, data } = tensor as NonNullable<typeof tensor>;
    const [o, i, h, w] = shape as [number, number, number, number];
    const result = new Float32Array(o * i * h * w);
    let from = 0;
    for (let a = 0; a < o; a++)
      for (let b = 0; b < i; b++)
        for (let y = 0; y < h; y++)
          for (let x = 0; x < w; x++) result[((y * w + x) * i + b) * o + a] = data[from++] as number;
    return result;
  };
});

describe.skipIf(!existsSync(fixtures) || !existsSync(mnist))('MNIST networks (skipped without the shared data)', () => {
  test.each([
    ['mnist_cnn.keras', 'keras'],
    ['mnist_cnn.h5', 'h5'],
  ])('%s knows its digits', async (name, container) => {
    const bytes = readFileSync(join(fixtures, name));
    expect((await readKeras(bytes)).container).toBe(container);
    const { model, notes } = await modelFromKeras(bytes, { where: name });
    expect(notes).toEqual([]);
    expect(model.kind).toBe('sequential');
    expect(await accuracy(model, 1000)).toBeGreaterThan(0.97);
  });

  test('mnist_cnn.safetensors, named by PyTorch, knows its digits', async () => {
    const { tensors } = readSafetensors(readFileSync(join(fixtures, 'mnist_cnn.safetensors')), 'mnist_cnn');
    const net = sequential([
      // What its author put pictures through: MNIST's mean and standard deviation.
      normalization({ mean: 0.1307, standardDeviation: 0.3081, inputShape: [28, 28, 1] }),
      conv2d({ filters: 10, kernelSize: 3, padding: 'same', activation: 'relu', name: 'conv1' }),
      maxPooling2d({ poolSize: 4 }),
      flatten(),
      dense({ units: 10, name: 'fc1' }),
    ]);
    const report = await loadWeights(net, tensors, { layout: 'torch' });
    expect(report).toMatchObject({ missing: [], unused: [], misfits: [] });
    // How its layers hang together the file does not say: this is what fits its shapes and does best, 94.3 %.
    expect(await accuracy(net, 1000)).toBeGreaterThan(0.94);
  });

  test('what is written of mnist_cnn.keras says of each layer what Keras 3.14 itself says, in the same places', async () => {
    const theirs = readFileSync(join(fixtures, 'mnist_cnn.keras'));
    const { model } = await modelFromKeras(theirs);
    const ours = await writeKeras(model);
    const [[theirConfig, theirTree], [ourConfig, ourTree]] = [await parts(theirs), await parts(ours)];
    // Groups, arrays and their attributes: the state of the optimizer alone is not there.
    expect(ourTree).toEqual(theirTree.filter((path) => !path.startsWith('/optimizer')));
    expect(ourConfig.config.layers.map(({ class_name, module }) => [class_name, module])).toEqual(
      theirConfig.config.layers.map(({ class_name, module }) => [class_name, module]),
    );
    for (const [i, { class_name, config }] of ourConfig.config.layers.entries()) {
      const real = theirConfig.config.layers[i]?.config as Record<string, unknown>;
      for (const [key, value] of Object.entries(config)) {
        expect(Object.keys(real), class_name).toContain(key); // no option that Keras does not know
        if (key !== 'dtype' && !key.endsWith('_initializer')) expect([key, value]).toEqual([key, real[key]]);
      }
    }
  });

  interface KerasConfig {
    readonly config: {
      readonly layers: readonly { class_name: string; module: string; config: Record<string, unknown> }[];
    };
  }

  /** The description, and the paths of all that the weights' file holds. */
  async function parts(bytes: Uint8Array): Promise<[KerasConfig, string[]]> {
    const entries = readZip(bytes, 'keras');
    const read = async (name: string) => (await entries.get(name)?.read()) as Uint8Array;
    const { arrays, texts } = await libraryRead(await read('model.weights.h5'));
    const config = JSON.parse(new TextDecoder().decode(await read('config.json'))) as KerasConfig;
    const named = [...texts].map(([path, text]) => `${path}=${text}`).filter((text) => !text.includes('=sequential'));
    return [config, [...arrays.keys(), ...named].sort()];
  }

  async function accuracy(model: Model, n: number): Promise<number> {
    const images = await readIdx(readFileSync(join(mnist, 't10k-images-idx3-ubyte.gz')), 'images');
    const labels = await readIdx(readFileSync(join(mnist, 't10k-labels-idx1-ubyte.gz')), 'labels');
    const x = new Tensor(
      Float32Array.from(images.data.subarray(0, n * 784), (v) => v / 255),
      [n, 28, 28, 1],
    );
    const engine = await createWasmEngine({ threads: 1 });
    const y = await predict(model, x, { engine });
    let right = 0;
    for (let i = 0; i < n; i++) {
      const row = y.data.subarray(10 * i, 10 * i + 10);
      if (row.indexOf(Math.max(...row)) === labels.data[i]) right++;
    }
    return right / n;
  }
});
