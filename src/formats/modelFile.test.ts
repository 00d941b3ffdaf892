import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { defineLayer } from '../layers/defineLayer.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { modelFromConfig } from '../model/modelFromConfig.js';
import { sequential } from '../model/sequential.js';
import { FoveaError } from '../tensor/errors.js';
import { randomBatch, run } from '../testing/runModel.js';
import { loadModel, saveModel } from './modelFile.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

const chain = (): Model =>
  sequential(
    [
      input([4, 4, 1]),
      conv2d({ filters: 2, kernelSize: 3, padding: [1, 1, 0, 0], kernelInitializer: { type: 'orthogonal', gain: 2 } }),
      batchNormalization({ trainable: false }),
      flatten(),
      dropout({ rate: 0.25, name: 'drop' }),
      dense({ units: 2, activation: 'softmax', kernelRegularizer: { type: 'l2', l2: 0.1 } }),
    ],
    { name: 'chain', seed: 3 },
  );

function branching(): Model {
  const [a, b] = [input([3]), input([3], { name: 'second' })];
  const shared = dense({ units: 3 });
  const sum = add().apply([shared.apply(a), shared.apply(b)]);
  return model({ inputs: [a, b], outputs: [dense({ units: 1 }).apply(sum), sum] });
}

describe('a model that went through JSON and back', () => {
  test.each([
    { name: 'chain', make: chain, shapes: [[4, 4, 1]] },
    { name: 'branches', make: branching, shapes: [[3], [3]] },
  ])('is the same: $name', async ({ make, shapes }) => {
    const net = make();
    const again = modelFromConfig(JSON.parse(JSON.stringify(net.toConfig())));
    expect(again.toConfig()).toEqual(net.toConfig());
    expect(again.weights.map(({ path }) => path)).toEqual(net.weights.map(({ path }) => path));
    const batch = shapes.map((shape, i) => randomBatch(shape, 2, `x${i}`));
    expect(await run(again, batch)).toEqual(await run(net, batch));
  });

  test('keeps layers of the user’s own', async () => {
    const shift = defineLayer({
      type: 'shift',
      config: { by: 1 },
      weights: ([shape]) => [{ name: 'amount', shape: shape ?? [], initializer: 'ones' }],
      call: ([x], context, { by }) => {
        if (x === undefined) throw new Error('no input');
        const [moved] = x.graph.emit('add', [x, context.weight('amount')], {});
        return x.graph.emit('scale', [moved], { factor: by, offset: 0 })[0];
      },
    });
    const net = sequential([input([2]), shift({ by: 3 })]);
    const [y] = await run(net, [randomBatch([2], 1)]);
    const { model: again } = await loadModel(await saveModel(net), { custom: [shift] });
    expect((await run(again, [randomBatch([2], 1)]))[0]).toEqual(y);
    expect(() => modelFromConfig(net.toConfig())).toThrow(/there is no such layer.*must be passed as custom/);
    expect(() => shift({ bye: 3 } as never)).toThrow(/there is no option "bye". Did you mean "by"/);
    expect(() => shift({ by: '3' } as never)).toThrow(/by must be a number/);
  });
});

describe('hostile descriptions', () => {
  const config = JSON.parse(JSON.stringify(branching().toConfig()));
  test.each([
    ['null', null],
    ['a list', []],
    ['another kind', { ...config, kind: 'recurrent' }],
    ['no layers', { kind: 'functional', name: 'a', seed: 0 }],
    ['layers that are no list', { ...config, layers: { length: 1e9 } }],
    ['too many layers', { ...config, layers: new Array(30_000).fill(config.layers[0]) }],
    ['an unknown layer', { ...config, layers: [{ type: 'lambda', config: { code: 'x' } }] }],
    ['a layer of the prototype', { ...config, layers: [{ type: 'constructor', config: {} }] }],
    ['an unknown option', { ...config, layers: [{ type: 'dense', config: { units: 1, unit: 2 } }] }],
    ['a key of the prototype', JSON.parse('{"kind":"sequential","name":"a","seed":0,"layers":[],"__proto__":{"x":1}}')],
    [
      'a key of the prototype in a layer',
      { ...config, layers: [{ type: 'dense', config: JSON.parse('{"units":1,"__proto__":{"x":1}}') }] },
    ],
    [
      'sizes beyond memory',
      {
        kind: 'sequential',
        name: 'a',
        seed: 0,
        inputShape: [2 ** 40],
        layers: [{ type: 'dense', config: { units: 2 ** 40 } }],
      },
    ],
    [
      'an endless image',
      {
        kind: 'sequential',
        name: 'a',
        seed: 0,
        inputShape: [1e9, 1e9, 3],
        layers: [
          { type: 'flatten', config: {} },
          { type: 'dense', config: { units: 1 } },
        ],
      },
    ],
    ['a node that comes later', { ...config, nodes: [{ layer: 1, inputs: [1] }] }],
    ['a node of a layer that is not there', { ...config, nodes: [{ layer: 99, inputs: [] }] }],
    ['a negative number', { ...config, outputs: [-1] }],
    ['an output that is not there', { ...config, outputs: [99] }],
    ['a name with a slash', { ...config, layers: [{ type: 'flatten', config: { name: '../../etc' } }] }],
    ['a seed that is no number', { ...config, seed: 'x' }],
  ])('%s', (_, bad) => {
    expect(() => modelFromConfig(bad)).toThrow(FoveaError);
  });
});

describe('a model file', () => {
  test('holds weights, configuration and metadata', async () => {
    const net = chain();
    const bytes = await saveModel(net, { classNames: '["cat","dog"]' });
    const { model: again, metadata } = await loadModel(bytes);
    expect(metadata).toEqual({ classNames: '["cat","dog"]' });
    expect(again.toConfig()).toEqual(net.toConfig());
    expect(await again.getWeights()).toEqual(await net.getWeights());
    expect([...readSafetensors(bytes, 'file').tensors.keys()].sort()).toEqual(
      net.weights.map(({ path }) => path).sort(),
    );
    expect(await saveModel(again, metadata)).toEqual(bytes);
    await expect(saveModel(net, { config: '' })).rejects.toThrow(/"config" is the file's own/);
  });

  test('that is none says what it is', async () => {
    const other = writeSafetensors(new Map([['a', { shape: [1], data: Float32Array.of(1) }]]), { format: 'pt' });
    await expect(loadModel(other, { where: 'net.safetensors' })).rejects.toThrow(
      'net.safetensors: the file holds tensors, but no model of Fovea. Received metadata format.',
    );
  });

  test('whose weights do not fit is refused', async () => {
    const net = chain();
    const { tensors, metadata } = readSafetensors(await saveModel(net), 'file');
    const changed = (
      change: (map: Map<string, { shape: readonly number[]; data: Float32Array | Int32Array }>) => void,
    ) => {
      const copy = new Map<string, { shape: readonly number[]; data: Float32Array | Int32Array }>(tensors);
      change(copy);
      return loadModel(writeSafetensors(copy, metadata));
    };
    await expect(changed((map) => map.delete('dense/bias'))).rejects.toThrow(/the weight "dense\/bias" is missing/);
    await expect(changed((map) => map.set('dense/bias', { shape: [3], data: new Float32Array(3) }))).rejects.toThrow(
      'the weight "dense/bias" is float32 [2], the file has F32 [3]',
    );
    await expect(changed((map) => map.set('dense/bias', { shape: [2], data: new Int32Array(2) }))).rejects.toThrow(
      'the file has I32 [2]',
    );
    await expect(changed((map) => map.set('extra', { shape: [1], data: new Float32Array(1) }))).rejects.toThrow(
      /no weight for the tensor "extra"/,
    );
    const later = writeSafetensors(tensors, { ...metadata, version: '2' });
    await expect(loadModel(later)).rejects.toThrow(/version 1 are read. Received version 2/);
    await expect(loadModel(writeSafetensors(tensors, { ...metadata, config: '{' }))).rejects.toThrow(/is not JSON/);
  });

  test('with damaged bytes either loads or is a FoveaError', async () => {
    const bytes = await saveModel(chain());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
        const damaged = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) damaged[at] = value;
        await loadModel(damaged).catch((error: unknown) => expect(error).toBeInstanceOf(FoveaError));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
