import { describe, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import type { Dataset } from '../../data/dataset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { memoryZarrStore, type ZarrStore } from '../../formats/zarr/zarrStore.js';
import { add } from '../../layers/add.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { input } from '../../layers/input.js';
import { relu } from '../../layers/relu.js';
import { model as functional } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { sha256 } from '../../tensor/sha256.js';
import { Tensor } from '../../tensor/tensor.js';
import { zoo } from '../../zoo/zoo.js';
import { evaluate } from '../evaluate.js';
import { finetune } from '../finetune/finetune.js';
import { unfreezeFrom } from '../finetune/freeze.js';
import { fit as fitModel } from '../fit.js';
import type { FitOptions } from '../fitOptions.js';
import { adam } from '../optimizers/adam.js';
import { predict } from '../predict.js';
import { clouds } from '../testing/tinyData.js';
import { cacheFeatures } from './cacheFeatures.js';
import { contentsHash, featureKey } from './featureKey.js';
import type { FeatureChunks, FeatureStore } from './featureStore.js';
import { fitOnFeatures } from './fitOnFeatures.js';
import { splitModel } from './splitModel.js';
import { zarrFeatures } from './zarrFeatures.js';

const engine = new ReferenceEngine();
const basics = { loss: 'categoricalCrossentropy', engine, batchSize: 4 } as const satisfies Partial<FitOptions>;

const chain = (rate = 0.5) =>
  sequential([
    dense({ units: 6, activation: 'relu', inputShape: [4], name: 'low' }),
    batchNormalization({ name: 'norm' }),
    dense({ units: 6, activation: 'relu', name: 'middle' }),
    dropout({ rate, name: 'drop' }),
    dense({ units: 3, activation: 'softmax', name: 'top' }),
  ]);

const learnFrom = (model: Model, layer: string): Model => {
  unfreezeFrom(model, layer);
  return model;
};

const largestDifference = (a: Tensor<'float32'>, b: Tensor<'float32'>): number =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] as number))), 0);

/** Keeps everything by key, as a folder does; counts and may break. */
function testStore(breakAfter = Number.POSITIVE_INFINITY) {
  const kept = new Map<string, Map<number, Float32Array>>();
  const log: string[] = [];
  let left = breakAfter;
  const store: FeatureStore = {
    where: 'in a test',
    open: async ({ key }) => {
      const name = await key();
      const chunks = kept.get(name) ?? new Map<number, Float32Array>();
      kept.set(name, chunks);
      return {
        has: (chunk) => chunks.has(chunk),
        write: async (chunk, features) => {
          if (left-- <= 0) throw new Error('killed');
          log.push(`write ${chunk}`);
          chunks.set(chunk, features);
        },
        read: async (chunk) => {
          log.push(`read ${chunk}`);
          return chunks.get(chunk) as Float32Array;
        },
      } satisfies FeatureChunks;
    },
  };
  return {
    ...{ store, kept, log },
    mend: () => {
      left = Number.POSITIVE_INFINITY;
    },
  };
}

describe('splitModel: below the lowest layer that learns', () => {
  test.each([
    ['top', 'middle'], // the dropout before it is drawn anew in every step
    ['middle', 'norm'],
    ['norm', 'low'],
  ])('%s learns: the features are what %s makes', (lowest, layer) => {
    const split = splitModel(learnFrom(chain(), lowest));
    expect(split?.layer.name).toBe(layer);
    expect(split?.frozen.countParameters().trainable).toBe(0);
  });

  test('everything learns: there is nothing to split', () => {
    expect(splitModel(chain())).toBeUndefined();
  });

  test('nothing learns', () => {
    const model = chain();
    model.trainable = false;
    // The dropout is still drawn while training.
    expect(splitModel(model)?.layer.name).toBe('middle');
  });

  test('a graph: no way may lead past the features', () => {
    const x = input([4]);
    const a = dense({ units: 4, name: 'a' }).apply(x);
    const b = dense({ units: 4, name: 'b' }).apply(a);
    const sum = add({ name: 'sum' }).apply([a, b]);
    const net = functional({ inputs: x, outputs: dense({ units: 3, name: 'c' }).apply(relu().apply(sum)) });
    expect(splitModel(learnFrom(net, 'c'))?.layer.type).toBe('relu');
    expect(splitModel(learnFrom(net, 'sum'))?.layer.type).toBe('relu'); // it has no weights
    expect(splitModel(learnFrom(net, 'b'))?.layer.name).toBe('a');
    expect(splitModel(learnFrom(net, 'a'))).toBeUndefined();
  });

  test.each(['vgg16_course', 'resnet18', 'squeezenet1_1', 'mobilenet'] as const)('%s', (name) => {
    const entry = zoo[name];
    const split = splitModel(finetune(entry.build(), 2, { features: entry.features }));
    const expected = {
      ...{ vgg16_course: ['fc1', [4096]], resnet18: ['avgpool', [512]] },
      ...{ squeezenet1_1: ['fire9_concat', [13, 13, 512]], mobilenet: ['global_average_pooling2d', [1024]] },
    }[name];
    expect([split?.layer.name, split?.frozen.outputShapes[0]]).toEqual(expected);
  });

  test('both parts are the whole, and what one learns the other has', async () => {
    const model = learnFrom(chain(), 'middle');
    const { frozen, head } = splitModel(model) as NonNullable<ReturnType<typeof splitModel>>;
    const { x } = await clouds(7).batch(Uint32Array.of(0, 1, 2, 3, 4, 5, 6));
    const features = await predict(frozen, x, { engine });
    expect((await predict(head, features, { engine })).data).toEqual((await predict(model, x, { engine })).data);
    expect(head.weights.map(({ weight }) => weight.variable)).toEqual(
      model.weights.slice(6).map(({ weight }) => weight.variable),
    );
  });
});

describe('training on features', () => {
  test('gives what training through the whole network gives, dropout and all', async () => {
    const [through, cached] = [learnFrom(chain(), 'middle'), learnFrom(chain(), 'middle')];
    const options = { ...basics, epochs: 3, metrics: ['accuracy'], validation: clouds(9, 2) } as const;
    const a = await fitModel(through, clouds(30), { ...options, optimizer: adam() });
    const messages: string[] = [];
    const b = await fitOnFeatures(cached, clouds(30), {
      ...{ ...options, optimizer: adam(), onMessage: (message) => void messages.push(message) },
    });
    for (const name of ['loss', 'trainLoss', 'valLoss', 'valAccuracy']) {
      const [x, y] = [a.history.values(name), b.history.values(name)];
      for (const [i, value] of x.entries()) expect(y[i]).toBeCloseTo(value, 5);
    }
    expect(messages).toEqual([
      expect.stringMatching(
        /batchNormalization "norm" is frozen.*39 examples instead of in each of 3 epochs.*in memory/,
      ),
    ]);
    const { x } = await clouds(20, 3).batch(Uint32Array.from({ length: 20 }, (_, i) => i));
    const outputs = await predict(cached, x, { engine });
    expect(largestDifference(outputs, await predict(through, x, { engine }))).toBeLessThan(1e-4);
  });

  test('afterwards the whole network makes what the head made of features', async () => {
    const model = learnFrom(chain(), 'top');
    const { frozen, head } = splitModel(model) as NonNullable<ReturnType<typeof splitModel>>;
    const before = await model.getWeights();
    await fitOnFeatures(model, clouds(30), { ...basics, epochs: 2 });
    const after = await model.getWeights();
    expect(after.map((weight, i) => largestDifference(weight, before[i] as Tensor<'float32'>) > 0)).toEqual([
      ...[false, false, false, false, false, false, false, false, true, true],
    ]);
    const { x } = await clouds(20, 3).batch(Uint32Array.from({ length: 20 }, (_, i) => i));
    const outputs = await predict(head, await predict(frozen, x, { engine }), { engine });
    expect(largestDifference(await predict(model, x, { engine }), outputs)).toBeLessThan(1e-4);
  });

  test('a share set aside, and learning rates of layers that are below', async () => {
    const model = learnFrom(chain(), 'middle');
    const optimizer = adam({ learningRateMultipliers: { low: 0.1, middle: 0.5 } });
    const { history } = await fitOnFeatures(model, clouds(30), { ...basics, validation: 0.2, optimizer });
    expect(history.values('valLoss')[0]).toBeGreaterThan(0);
    expect(optimizer.learningRateMultipliers).toEqual({ low: 0.1, middle: 0.5 });
  });

  test.each([
    ['nothing is frozen', chain(), {}],
    ['it is not wanted', learnFrom(chain(), 'top'), { features: false }],
  ] as const)('goes through the whole network where %s', async (_, model, options) => {
    const messages: string[] = [];
    await fitOnFeatures(model, clouds(8), {
      ...basics,
      ...options,
      onMessage: (message) => void messages.push(message),
    });
    expect(messages).toEqual([]);
  });

  test('a stream of batches goes through the whole network', async () => {
    const data = clouds(8);
    const stream = () => [data.batch(Uint32Array.of(0, 1, 2, 3))] as Awaited<ReturnType<Dataset['batch']>>[];
    const { steps } = await fitOnFeatures(learnFrom(chain(), 'top'), stream, { ...basics, epochs: 2 });
    expect(steps).toBe(2);
  });
});

describe('cacheFeatures', () => {
  const frozen = () => splitModel(learnFrom(chain(), 'top'))?.frozen as Model;

  test('computes each example once, in chunks; the last may be short', async () => {
    const { store, log } = testStore();
    let asked = 0;
    const data = clouds(10);
    const counting: Dataset = {
      ...data,
      batch: (indices) => {
        asked += indices.length;
        return data.batch(indices);
      },
    };
    const progress: number[] = [];
    const features = await cacheFeatures(frozen(), counting, {
      ...{ store, engine, batchSize: 4, source: 'clouds', onProgress: ({ done }) => void progress.push(done) },
    });
    expect(log).toEqual(['write 0', 'write 1', 'write 2']);
    expect(asked).toBe(11); // the first once more, to see whether it has a weight
    expect(progress).toEqual([0, 4, 8, 10]);
    expect([features.size, features.inputShape, features.labels]).toEqual([10, [6], data.labels]);
    const indices = Uint32Array.of(9, 0, 5, 9);
    const batch = await features.batch(indices);
    const expected = await predict(frozen(), (await data.batch(indices)).x, { engine });
    expect(batch.x).toEqual(expected);
    expect(batch.y).toEqual((await data.batch(indices)).y);
  });

  test('a run that was killed goes on; a later one finds everything', async () => {
    const { store, log, mend } = testStore(2);
    const options = { store, engine, batchSize: 4, source: 'clouds' };
    await expect(cacheFeatures(frozen(), clouds(20), options)).rejects.toThrow('killed');
    mend();
    const found: number[] = [];
    const onProgress = (progress: { found: number }) => void found.push(progress.found);
    const features = await cacheFeatures(frozen(), clouds(20), { ...options, onProgress });
    expect(log).toEqual(['write 0', 'write 1', 'write 2', 'write 3', 'write 4']);
    expect(found[0]).toBe(8);
    const [inMemory, all] = [
      await cacheFeatures(frozen(), clouds(20), { engine }),
      Uint32Array.from({ length: 20 }, (_, i) => i),
    ];
    expect(await features.batch(all)).toEqual(await inMemory.batch(all));
    await cacheFeatures(frozen(), clouds(20), { ...options, onProgress });
    expect(found.at(-1)).toBe(20);
    expect(log.filter((line) => line.startsWith('write'))).toHaveLength(5);
  });

  test('Zarr: the same numbers, and a later run finds them', async () => {
    const arrays = new Map<string, ZarrStore>();
    const open = (name: string): ZarrStore => {
      const store = arrays.get(name) ?? memoryZarrStore(name);
      arrays.set(name, store);
      return store;
    };
    const store = zarrFeatures(open, 'in arrays');
    const found: number[] = [];
    const all = Uint32Array.from({ length: 10 }, (_, i) => i);
    const expected = await (await cacheFeatures(frozen(), clouds(10), { engine })).batch(all);
    for (let run = 0; run < 2; run++) {
      const features = await cacheFeatures(frozen(), clouds(10), {
        ...{ store, engine, batchSize: 4, onProgress: (progress) => void found.push(progress.found) },
      });
      expect(await features.batch(all)).toEqual(expected);
    }
    expect([found[0], found.at(-1)]).toEqual([0, 10]);
    // Other examples are other features.
    await cacheFeatures(frozen(), clouds(10, 2), { store, engine, batchSize: 4 });
    expect(arrays.size).toBe(2);
  });

  test('stopped by a signal: what is finished is kept', async () => {
    const { store, log } = testStore();
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => done >= 8 && controller.abort();
    const options = { store, engine, batchSize: 4, source: 'clouds', signal: controller.signal, onProgress };
    await expect(cacheFeatures(frozen(), clouds(20), options)).rejects.toMatchObject({ code: 'aborted' });
    expect(log).toEqual(['write 0', 'write 1']);
  });

  test('more than fits into memory is read again', async () => {
    const { store, log } = testStore();
    // Room for one chunk of 4 · 6 numbers.
    const features = await cacheFeatures(frozen(), clouds(8), { store, engine, batchSize: 4, memoryBytes: 100 });
    for (const index of [0, 3, 4, 0]) await features.batch(Uint32Array.of(index));
    expect(log.filter((line) => line.startsWith('read'))).toEqual(['read 0', 'read 1', 'read 0']);
  });

  test('targets that are no labels, and weights of examples, also of chunks that were there', async () => {
    const y = new Tensor(
      Float32Array.from({ length: 20 }, (_, i) => i),
      [10, 2],
    );
    const x = (await clouds(10).batch(Uint32Array.from({ length: 10 }, (_, i) => i))).x;
    const data = arrayDataset(x, y, { sampleWeights: Float32Array.from({ length: 10 }, (_, i) => 10 + i) });
    const { store } = testStore();
    for (let run = 0; run < 2; run++) {
      const features = await cacheFeatures(frozen(), data, { store, engine, batchSize: 4 });
      const batch = await features.batch(Uint32Array.of(9, 1));
      expect([batch.y.shape, [...batch.y.data], batch.sampleWeights]).toEqual([
        ...[[2, 2], [18, 19, 2, 3], Float32Array.of(19, 11)],
      ]);
    }
  });

  test('a photo that could not be read counts for nothing, in a later run too', async () => {
    const data = clouds(10);
    const broken: Dataset = {
      ...data,
      batch: async (indices) => ({
        ...(await data.batch(indices)),
        ...(indices.includes(5) ? { sampleWeights: Float32Array.from(indices, (i) => (i === 5 ? 0 : 1)) } : {}),
      }),
    };
    const { store, log } = testStore();
    for (let run = 0; run < 2; run++) {
      const features = await cacheFeatures(frozen(), broken, { store, engine, batchSize: 4, source: 'broken' });
      expect((await features.batch(Uint32Array.of(5, 6, 1))).sampleWeights).toEqual(Float32Array.of(0, 1, 1));
    }
    expect(log.filter((line) => line.startsWith('write'))).toEqual(['write 0', 'write 2']);
  });

  test('measures the same as the whole network', async () => {
    const model = learnFrom(chain(), 'top');
    const split = splitModel(model) as NonNullable<ReturnType<typeof splitModel>>;
    const options = { ...basics, metrics: ['accuracy'] } as const;
    const features = await cacheFeatures(split.frozen, clouds(30), { engine });
    expect(await evaluate(split.head, features, options)).toEqual(await evaluate(model, clouds(30), options));
  });
});

describe('the key changes with everything that features depend on', () => {
  const keyOf = async (change: (model: Model) => void | Promise<void> = () => undefined, source = 's', more = {}) => {
    const model = chain();
    await change(model);
    return featureKey(splitModel(learnFrom(model, 'top'))?.frozen as Model, source, more);
  };

  test('SHA-256 of "abc", as published', async () => {
    expect(await sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('the same again', async () => {
    expect(await keyOf()).toBe(await keyOf());
    expect(await keyOf()).toMatch(/^[0-9a-f]{64}$/);
  });

  test('one bit of one weight', async () => {
    const changed = await keyOf(async (model) => {
      const [kernel, ...rest] = await model.layer('low').getWeights();
      const bits = new Int32Array((kernel as Tensor<'float32'>).data.buffer);
      bits[3] = (bits[3] as number) ^ 1;
      await model.layer('low').setWeights([kernel as Tensor<'float32'>, ...rest]);
    });
    expect(changed).not.toBe(await keyOf());
  });

  test('preprocessing, photos', async () => {
    const plain = await keyOf();
    expect(await keyOf(undefined, 's', { mean: 1 })).not.toBe(plain);
    expect(await keyOf(undefined, 't')).not.toBe(plain);
  });

  test('but not with the layers above, or what may learn', async () => {
    const changed = await keyOf(async (model) => {
      const weights = await model.layer('top').getWeights();
      await model.layer('top').setWeights(
        weights.map(
          ({ data, shape }) =>
            new Tensor(
              data.map((v) => v + 1),
              shape,
            ),
        ),
      );
    });
    expect(changed).toBe(await keyOf());
  });

  test('contents, where nothing else says which examples they are', async () => {
    expect(await contentsHash(clouds(70))).toBe(await contentsHash(clouds(70)));
    expect(await contentsHash(clouds(70, 2))).not.toBe(await contentsHash(clouds(70)));
  });
});
