import { expect, test } from 'vitest';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import { model } from './functional.js';
import { sequential } from './sequential.js';

const net = sequential([
  input([6, 6, 1]),
  conv2d({ filters: 2, kernelSize: 3, name: 'conv', trainable: false }),
  batchNormalization(),
  flatten(),
  dense({ units: 3 }),
]);

test('as text', () => {
  expect(`\n${net.summary({ lineLength: 80 })}`).toBe(`
________________________________________________________________________________
Layer (type)                      Output Shape           Param #      Trainable
================================================================================
conv (conv2d)                     [?, 4, 4, 2]           20           no
________________________________________________________________________________
batchNormalization (batchNormaliz [?, 4, 4, 2]           8            yes
________________________________________________________________________________
flatten (flatten)                 [?, 32]                0
________________________________________________________________________________
dense (dense)                     [?, 3]                 99           yes
================================================================================
Total params: 127 (0.5 KiB)
Trainable params: 103
Non-trainable params: 24
________________________________________________________________________________`);
});

test('costs follow from the ops: 4·4 positions · 9 weights · 2 filters · 8 examples', () => {
  const { rows, cost } = net.summaryData({ cost: true, batchSize: 8 });
  expect(rows.map((row) => row.cost?.macs)).toEqual([8 * 16 * 9 * 2, 0, 0, 8 * 32 * 3]);
  expect(cost?.macs).toBe(8 * (16 * 9 * 2 + 32 * 3));
  // input 8·6·6, filters 18, output 8·4·4·2, then the same output in and out for the bias, each number 4 bytes
  expect(rows[0]?.cost?.bytes).toBe(4 * (8 * 36 + 18 + 8 * 32) + 4 * (8 * 32 + 2 + 8 * 32));
  expect(net.summary({ cost: true })).toContain('A forward pass of 1 example: 384 multiply-adds');
  expect(() => net.summary({ cost: true, batchSize: 0 })).toThrow(/batchSize must be/);
});

test('a graph of layers shows what each is connected to', () => {
  const x = input([4], { name: 'x' });
  const y = dense({ units: 4, name: 'y' }).apply(x);
  const graph = model({ inputs: x, outputs: add({ name: 'sum' }).apply([x, y]) });
  expect(graph.summaryData().rows.map(({ name, inputs }) => [name, inputs])).toEqual([
    ['x', []],
    ['y', ['x']],
    ['sum', ['x', 'y']],
  ]);
  expect(graph.summary()).toMatch(/sum \(add\) +\[\?, 4\] +0 +x, y/);
});
