import { expect, test } from 'vitest';
import { sum } from '../ops/reductions.js';
import { FoveaError } from '../tensor/errors.js';
import { tensor } from '../tensor/tensor.js';
import { modelOf, run } from '../testing/runModel.js';
import { testLayer } from '../testing/testLayer.js';
import { defineLayer } from './defineLayer.js';
import { layerFromConfig } from './registry.js';

/** A learned weighting of the channels: Σ gain · w · x. */
const weighing = defineLayer({
  type: 'weighing',
  config: { gain: 2 },
  outputShape: ([shape]) => (shape ?? []).slice(0, -1),
  weights: ([shape]) => [{ name: 'w', shape: [shape?.at(-1) ?? 1], initializer: 'heNormal' }],
  call: ([x], context, { gain }) => {
    if (x === undefined) throw new FoveaError('shape', { where: 'weighing', rule: 'needs an input' });
    const [weighed] = x.graph.emit('multiply', [x, context.weight('w')], {});
    const [scaled] = x.graph.emit('scale', [weighed], { factor: gain, offset: 0 });
    return sum(scaled, { axes: [-1] });
  },
});

testLayer('a layer of the user’s own, whose gradient comes from its ops', {
  make: (extra) => weighing({ gain: 3, ...extra }),
  inputs: [[4, 3]],
  output: [4],
  weights: { w: [3] },
  custom: [weighing],
});

test('a shape that is not what comes out is an error that names the layer', async () => {
  const wrong = defineLayer({ type: 'wrong', outputShape: () => [7], call: ([x]) => x as NonNullable<typeof x> });
  await expect(run(modelOf(wrong(), [[2]]), [tensor([[1, 2]])])).rejects.toThrow(
    'wrong "wrong": its outputShape promises [1, 7]. Received [1, 2] from its call.',
  );
});

test.each(['', '2d', 'a/b', '__proto__'])('the type %j is refused', (type) => {
  expect(() => defineLayer({ type, call: ([x]) => x as NonNullable<typeof x> })).toThrow(/must begin with a letter/);
});

test('the type of a layer that exists is refused where files are read', () => {
  const mine = defineLayer({ type: 'dense', call: ([x]) => x as NonNullable<typeof x> });
  expect(() => layerFromConfig({ type: 'dense', config: {} }, { custom: [mine] })).toThrow(/exists already/);
});
