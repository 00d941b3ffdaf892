import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { Tensor, tensor } from '../tensor/tensor.js';
import { arrayDataset } from './arrayDataset.js';
import { pixelDataset } from './pixelDataset.js';
import { subset } from './subset.js';

const int32 = (...values: number[]) => new Tensor<'int32'>(Int32Array.from(values), [values.length]);
const x = tensor([
  [1, 2],
  [3, 4],
  [5, 6],
]);

test('a batch has the rows asked for, in that order, twice if asked twice', async () => {
  const dataset = arrayDataset(x, int32(0, 1, 2), { sampleWeights: Float32Array.of(10, 20, 30) });
  const batch = await dataset.batch(Uint32Array.of(2, 0, 2));
  expect(batch.x).toEqual(
    tensor([
      [5, 6],
      [1, 2],
      [5, 6],
    ]),
  );
  expect(batch.y).toEqual(int32(2, 0, 2));
  expect(batch.sampleWeights).toEqual(Float32Array.of(30, 10, 30));
  expect(dataset).toMatchObject({ size: 3, inputShape: [2], labels: Int32Array.of(0, 1, 2) });
});

test('float32 targets of any shape, without labels', async () => {
  const dataset = arrayDataset(x, tensor([[[1]], [[2]], [[3]]]));
  expect((await dataset.batch(Uint32Array.of(1))).y).toEqual(tensor([[[2]]]));
  expect(dataset.labels).toBeUndefined();
});

describe('what cannot be learnt from', () => {
  const y = int32(0, 1, 2);
  test.each<[string, () => unknown, string, RegExp]>([
    [
      'no examples',
      () => arrayDataset(new Tensor(new Float32Array(0), [0, 2]), int32()),
      'data',
      /\[0, 2\], targets \[0\]/,
    ],
    ['a scalar', () => arrayDataset(tensor(1), y), 'shape', /first axis that counts/],
    ['too few targets', () => arrayDataset(x, int32(0, 1)), 'data', /3 inputs, 2 targets/],
    ['too few weights', () => arrayDataset(x, y, { sampleWeights: new Float32Array(2) }), 'data', /2 sample weights/],
    [
      'NaN',
      () =>
        arrayDataset(
          tensor([
            [1, 2],
            [3, Number.NaN],
            [5, 6],
          ]),
          y,
        ),
      'data',
      /NaN in example 1 \(element 1 of it\)/,
    ],
    [
      'infinity',
      () =>
        arrayDataset(
          tensor([
            [1, 2],
            [3, 4],
            [-1 / 0, 6],
          ]),
          y,
        ),
      'data',
      /-Infinity in example 2 \(element 0/,
    ],
    ['NaN in the targets', () => arrayDataset(x, tensor([0, 1, Number.NaN])), 'data', /the targets .*NaN in example 2/],
    [
      'a negative label',
      () => arrayDataset(x, int32(0, -1, 2)),
      'data',
      /count from 0\. Received label -1 for example 1/,
    ],
    [
      'a label beyond',
      () => arrayDataset(x, y, { numClasses: 2 }),
      'data',
      /between 0 and 1\. Received label 2 for example 2/,
    ],
    ['a label without name', () => arrayDataset(x, y, { classNames: ['a', 'b'] }), 'data', /between 0 and 1/],
    [
      'too many names',
      () => arrayDataset(x, y, { classNames: ['a', 'b', 'c', 'd'], numClasses: 3 }),
      'option',
      /4 names/,
    ],
    ['no classes', () => arrayDataset(x, y, { numClasses: 0 }), 'option', /at least 1\. Received 0/],
    ['int32 inputs', () => arrayDataset(y, y), 'dtype', /float32\. Received int32 \[3\]/],
    ['int32 targets', () => arrayDataset(x, new Tensor(new Int32Array(3), [3, 1])), 'shape', /Received int32 \[3, 1\]/],
    [
      'a negative weight',
      () => arrayDataset(x, y, { sampleWeights: Float32Array.of(1, -1, 1) }),
      'data',
      /-1 for example 1/,
    ],
    [
      'a NaN weight',
      () => arrayDataset(x, y, { sampleWeights: Float32Array.of(1, 1, NaN) }),
      'data',
      /NaN for example 2/,
    ],
    ['an index beyond', () => arrayDataset(x, y).batch(Uint32Array.of(0, 3)), 'data', /3 examples.*index 3 at place 1/],
  ])('%s', (_, make, code, message) => {
    expect(make).toThrow(FoveaError);
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

describe('subset', () => {
  const dataset = arrayDataset(x, int32(0, 1, 2), { classNames: ['a', 'b', 'c'] });

  test('counts its own indices', async () => {
    const part = subset(dataset, [2, 1]);
    expect(part).toMatchObject({ size: 2, inputShape: [2], classNames: ['a', 'b', 'c'], labels: Int32Array.of(2, 1) });
    expect((await part.batch(Uint32Array.of(1, 0))).y).toEqual(int32(1, 2));
    expect((await subset(part, [1]).batch(Uint32Array.of(0))).y).toEqual(int32(1));
  });

  test.each<[number[], RegExp]>([
    [[], /at least one example/],
    [[0, 3], /index 3 at place 1/],
    [[-1], /index -1 at place 0/],
    [[0, 0.5], /index 0\.5 at place 1/],
  ])('indices %j are refused', (indices, message) => {
    expect(() => subset(dataset, indices)).toThrow(message);
    expect(() => subset(dataset, indices)).toThrow(FoveaError);
  });

  test('an index beyond the part is refused, though the whole has it', () => {
    expect(() => subset(dataset, [2, 1]).batch(Uint32Array.of(2))).toThrow(/2 examples.*index 2/);
  });
});

describe('pixelDataset', () => {
  const pixels = Uint8Array.of(0, 255, 51, 102);

  test('bytes become 0..1', async () => {
    const dataset = pixelDataset({ pixels, shape: [2, 1, 2, 1], labels: Uint8Array.of(1, 0) });
    const { x, y } = await dataset.batch(Uint32Array.of(1, 0));
    expect(x).toEqual(new Tensor(Float32Array.of(51 / 255, 102 / 255, 0, 1), [2, 1, 2, 1]));
    expect(y).toEqual(int32(0, 1));
  });

  test.each([
    ['a byte too few', [2, 1, 3, 1], [0, 1]],
    ['no channel axis', [2, 1, 2], [0, 1]],
    ['a label too few', [2, 1, 2, 1], [0]],
  ])('%s', (_, shape, labels) => {
    const make = () => pixelDataset({ pixels, shape, labels: Uint8Array.from(labels) });
    expect(make).toThrow(expect.objectContaining({ code: 'shape' }));
  });
});
