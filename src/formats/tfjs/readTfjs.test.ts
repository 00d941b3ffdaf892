import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toHalves } from '../halfFloat.js';
import { modelFromTfjsFile } from '../node/tfjsFolder.js';
import { modelFromTfjs, readTfjs } from './readTfjs.js';

const encode = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const bytesOf = (data: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(data.buffer);

const layers = [
  { class_name: 'Conv2D', config: { name: 'c', filters: 2, kernel_size: [1, 1], batch_input_shape: [null, 2, 2, 1] } },
  { class_name: 'Flatten', config: { name: 'f' } },
  { class_name: 'Dense', config: { name: 'd', units: 1, use_bias: false } },
];
const config = { class_name: 'Sequential', config: { name: 's', layers } };
const topology = { keras_version: '2.11.0', backend: 'tensorflow', model_config: config };

/** Three weights, the last in another group of two files. */
const manifest = (c: object = {}) => [
  {
    paths: ['group1-shard1of1.bin'],
    weights: [
      { name: 'c/kernel', shape: [1, 1, 1, 2], dtype: 'float32', ...c },
      { name: 'c/bias', shape: [2], dtype: 'float32' },
    ],
  },
  {
    paths: ['group2-shard1of2.bin', 'group2-shard2of2.bin'],
    weights: [{ name: 'd/kernel', shape: [8, 1], dtype: 'float32' }],
  },
];
const kernel = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const files: Record<string, Uint8Array> = {
  'group1-shard1of1.bin': bytesOf(Float32Array.of(-1, 2, 0.5, 0.25)),
  'group2-shard1of2.bin': bytesOf(kernel).slice(0, 13),
  'group2-shard2of2.bin': bytesOf(kernel).slice(13),
};
const read = (path: string): Uint8Array => files[path] ?? new Uint8Array(0);

describe('a layers model', () => {
  test.each([
    ['as the converter writes it', { format: 'layers-model', modelTopology: topology, weightsManifest: manifest() }],
    ['as TensorFlow.js saves it', { modelTopology: config, weightsManifest: manifest() }],
  ])('%s', async (_, json) => {
    const { model } = await modelFromTfjs(encode(json), read);
    expect(model.layers.map(({ name }) => name)).toEqual(['c', 'f', 'd']);
    expect((await model.getWeights()).map(({ data }) => [...data])).toEqual([[-1, 2], [0.5, 0.25], [...kernel]]);
  });

  test('its names may have the model in front', async () => {
    const text = JSON.stringify({ modelTopology: config, weightsManifest: manifest() });
    const { model } = await modelFromTfjs(
      new TextEncoder().encode(text.replace('c/kernel', 's/c/kernel').replace('c/bias', 's/c/bias')),
      read,
    );
    expect((await model.layer('c').getWeights()).map(({ data }) => [...data])).toEqual([
      [-1, 2],
      [0.5, 0.25],
    ]);
  });

  test.each<[string, object, Uint8Array, number[]]>([
    ['uint8', { min: -1, scale: 0.5 }, Uint8Array.of(0, 255), [-1, 126.5]],
    ['uint16', { min: 10, scale: 2 }, bytesOf(Uint16Array.of(1, 65535)), [12, 131080]],
    ['float16', {}, bytesOf(toHalves(Float32Array.of(1.5, -2))), [1.5, -2]],
  ])('its numbers may be stored as %s', async (dtype, quantization, stored, expected) => {
    const weightsManifest = manifest({ quantization: { dtype, original_dtype: 'float32', ...quantization } });
    const first = Uint8Array.from([...stored, ...(files['group1-shard1of1.bin'] as Uint8Array).slice(8)]);
    const { tensors } = await readTfjs(encode({ modelTopology: config, weightsManifest }), (path) =>
      path.startsWith('group1') ? first : read(path),
    );
    expect([...(tensors.get('c/kernel')?.data ?? [])]).toEqual(expected);
    expect([...(tensors.get('c/bias')?.data ?? [])]).toEqual([0.5, 0.25]);
  });

  test('in a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
    try {
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
      await writeFile(join(folder, 'model.json'), encode({ modelTopology: topology, weightsManifest: manifest() }));
      const { model } = await modelFromTfjsFile(join(folder, 'model.json'));
      expect(model.countParameters().total).toBe(12);
      await rm(join(folder, 'group2-shard2of2.bin'));
      await expect(modelFromTfjsFile(join(folder, 'model.json'))).rejects.toMatchObject({ code: 'file' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('refused', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'a graph model',
      { format: 'graph-model', modelTopology: { node: [] } },
      /layers models are read.*tfjs_layers_model/,
    ],
    ['no manifest', { modelTopology: config }, /weightsManifest must be a list/],
    ['a shape beyond the file', { weightsManifest: manifest({ shape: [1, 1, 1, 2 ** 40] }) }, /its files must hold/],
    [
      'a shape below it',
      { weightsManifest: manifest({ shape: [1] }) },
      /the weights of a group take 12 bytes. Received 16/,
    ],
    ['a negative size', { weightsManifest: manifest({ shape: [-1] }) }, /shape\[0\] must be a whole number/],
    ['another kind', { weightsManifest: manifest({ dtype: 'complex64' }) }, /must be one of float32/],
  ])('%s', async (_, json, message) => {
    await expect(modelFromTfjs(encode(json), read)).rejects.toThrow(message);
  });

  test.each(['../secret', '/etc/passwd', 'a/../../b', 'http://x/y', 'C:\\x', 'a\\..\\b', '%2e%2e/x', ''])(
    'the path "%s"',
    async (path) => {
      const asked: string[] = [];
      const json = encode({ modelTopology: config, weightsManifest: [{ paths: [path], weights: [] }] });
      await expect(
        modelFromTfjs(json, (one) => {
          asked.push(one);
          return new Uint8Array(0);
        }),
      ).rejects.toThrow(/must be the path of a file in the same folder/);
      expect(asked).toEqual([]);
    },
  );
});
