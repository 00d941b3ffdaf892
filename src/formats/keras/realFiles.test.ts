import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createWasmEngine } from '../../engines/wasm/index.js';
import type { Model } from '../../model/model.js';
import { Tensor } from '../../tensor/tensor.js';
import { predict } from '../../train/predict.js';
import { readIdx } from '../idx.js';
import { readSafetensors } from '../safetensors.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';

const shared = process.env.FOVEA_SHARED ?? join(import.meta.dirname, '../../../../shared/data');
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
