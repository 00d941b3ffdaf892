import { expect, test } from 'vitest';
import { Tensor } from '../tensor/tensor.js';
import { modelOf, run } from '../testing/runModel.js';
import { dropout } from './dropout.js';
import { spatialDropout2d } from './spatialDropout2d.js';

const ones = (shape: number[]): Tensor<'float32'> =>
  new Tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape);

test('keeps the share 1 − rate and multiplies it by 1 / (1 − rate)', async () => {
  const net = modelOf(dropout({ rate: 0.25 }), [[10000]]);
  const [y] = await run(net, [ones([1, 10000])], { training: true });
  const kept = (y as Tensor<'float32'>).data.filter((value) => value !== 0);
  expect(new Set(kept)).toEqual(new Set([Math.fround(4 / 3)]));
  expect(Math.abs(kept.length / 10000 - 0.75)).toBeLessThan(0.02);
});

test('a new rate counts from the next run on', async () => {
  const layer = dropout({ rate: 0 });
  const net = modelOf(layer, [[100]]);
  const [before] = await run(net, [ones([1, 100])], { training: true });
  expect(before).toEqual(ones([1, 100]));
  layer.rate = 0.5;
  const [after] = await run(net, [ones([1, 100])], { training: true });
  expect(after?.data.includes(0)).toBe(true);
  expect(layer.config().rate).toBe(0.5);
  expect(() => {
    layer.rate = 1;
  }).toThrow(/at least 0 and less than 1/);
});

test('draws anew at each step', async () => {
  const net = modelOf(dropout({ rate: 0.5 }), [[100]]);
  const [a] = await run(net, [ones([1, 100])], { training: true, step: 1 });
  const [b] = await run(net, [ones([1, 100])], { training: true, step: 2 });
  expect(a).not.toEqual(b);
});

test('spatial dropout drops whole channels', async () => {
  const net = modelOf(spatialDropout2d({ rate: 0.5 }), [[3, 3, 16]]);
  const [y] = await run(net, [ones([2, 3, 3, 16])], { training: true });
  const data = (y as Tensor<'float32'>).data;
  const sums = new Float32Array(32);
  data.forEach((value, i) => {
    const at = Math.floor(i / 144) * 16 + (i % 16);
    sums[at] = (sums[at] as number) + value;
  });
  expect(new Set(sums)).toEqual(new Set([0, 18]));
});
