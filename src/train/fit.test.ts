import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import type { Batch, Dataset } from '../data/dataset.js';
import { subset } from '../data/subset.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { maxNorm } from '../layers/constraints.js';
import { dense } from '../layers/dense.js';
import { type Dropout, dropout } from '../layers/dropout.js';
import { l2 } from '../layers/regularizers.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { FoveaError } from '../tensor/errors.js';
import { Tensor, tensor } from '../tensor/tensor.js';
import type { BatchInfo, Callback } from './callbacks/callback.js';
import { evaluate } from './evaluate.js';
import { fit as train } from './fit.js';
import type { FitOptions } from './fitOptions.js';
import { adam } from './optimizers/adam.js';
import { sgd } from './optimizers/sgd.js';
import { predict } from './predict.js';
import { bits, clouds } from './testing/tinyData.js';

const engine = new ReferenceEngine();
const basics = { loss: 'categoricalCrossentropy', engine, trainSample: 0 } as const satisfies Partial<FitOptions>;

const classifier = () =>
  sequential([
    dense({ units: 8, activation: 'relu', inputShape: [4], name: 'hidden' }),
    dense({ units: 3, activation: 'softmax', name: 'scores' }),
  ]);

const weightBits = async (model: Model) => bits(await model.getWeights());

async function failure(promise: Promise<unknown>): Promise<FoveaError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FoveaError);
  return error as FoveaError;
}

describe('fit', () => {
  it('lowers the loss and learns the classes', async () => {
    const model = classifier();
    const data = clouds(60);
    const { history, stopped, epochs, steps } = await train(model, data, {
      ...{ loss: 'categoricalCrossentropy', engine, metrics: ['accuracy'] },
      ...{ optimizer: adam({ learningRate: 0.03 }), epochs: 10, batchSize: 8, validation: clouds(30, 2) },
    });
    expect([stopped, epochs, steps]).toEqual(['completed', 10, 80]);
    expect(history.values('loss').at(-1)).toBeLessThan((history.values('loss')[0] as number) / 2);
    expect(history.values('valAccuracy').at(-1)).toBeGreaterThan(0.85);
    expect(Object.keys(history.last?.logs ?? {})).toEqual([
      ...['loss', 'accuracy', 'trainLoss', 'trainAccuracy', 'valLoss', 'valAccuracy'],
    ]);
    const measured = await evaluate(model, data, { loss: 'categoricalCrossentropy', metrics: ['accuracy'], engine });
    expect(measured.accuracy).toBe(history.values('trainAccuracy').at(-1));
  });

  it('the same call gives the same bits, another seed gives others', async () => {
    const [a, b, c] = [classifier(), classifier(), classifier()] as const;
    for (const [model, seed] of [
      [a, 5],
      [b, 5],
      [c, 6],
    ] as const) {
      await train(model, clouds(20), { ...basics, seed, epochs: 2, batchSize: 8 });
    }
    expect(await weightBits(a)).toEqual(await weightBits(b));
    expect(await weightBits(a)).not.toEqual(await weightBits(c));
  });

  it('the loss of a step is Σ w · l / n plus penalties', async () => {
    const build = () => {
      const regular = { kernelRegularizer: l2(0.1), useBias: false };
      return sequential([dense({ units: 1, inputShape: [1], ...regular })]);
    };
    const data = arrayDataset(tensor([[1], [2]]), tensor([[1], [0]]), { sampleWeights: Float32Array.of(3, 0.5) });
    const losses: number[] = [];
    const model = build();
    await model.setWeights([tensor([[2]])]);
    const options = { loss: 'meanSquaredError', engine } as const;
    // Errors 1 and 4: (3 · 1 + 0.5 · 16) / 2 + 0.1 · 4
    const callbacks: Callback[] = [{ onBatchEnd: (_, { loss }) => void losses.push(loss) }];
    expect((await evaluate(model, data, options)).loss).toBeCloseTo(5.9, 5);
    await train(model, data, { ...options, callbacks, batchSize: 2 });
    expect(losses[0]).toBeCloseTo(5.9, 5);
  });

  it('class weights act as examples that occur more often', async () => {
    const data = clouds(6);
    const twice = subset(data, [0, 1, 1, 2, 3, 4, 4, 5]); // class 1 doubled
    const [weighted, doubled] = [classifier(), classifier()];
    // The mean is over 6 examples in one case and over 8 in the other.
    const step = (lr: number) => ({ ...basics, optimizer: sgd({ learningRate: lr }), shuffle: false, epochs: 3 });
    await train(weighted, data, { ...step(0.3), batchSize: 6, classWeights: { 1: 2 } });
    await train(doubled, twice, { ...step(0.4), batchSize: 8 });
    const [a, b] = [await weighted.getWeights(), await doubled.getWeights()];
    for (const [i, { data: values }] of a.entries()) {
      for (const [j, value] of values.entries()) expect(value).toBeCloseTo(b[i]?.data[j] as number, 5);
    }
    const plain = classifier();
    await train(plain, data, { ...step(0.3), batchSize: 6 });
    expect(await weightBits(plain)).not.toEqual(await weightBits(weighted));
  });

  it('a short last batch is trained on too', async () => {
    const sizes: number[] = [];
    const callbacks: Callback[] = [{ onBatchEnd: (_, { size }) => void sizes.push(size) }];
    await train(classifier(), clouds(10), { ...basics, callbacks, batchSize: 4 });
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('any stream of batches, and one without an end', async () => {
    const data = clouds(12);
    const batches = (epoch: number) =>
      [0, 1, 2].map((i) => data.batch(Uint32Array.of(4 * i, 4 * i + 1, epoch)) as Batch);
    const first = await train(classifier(), batches, { ...basics, epochs: 2 });
    expect([first.steps, first.epochs]).toEqual([6, 2]);
    async function* forever() {
      for (;;) yield batches(0)[0] as Batch;
    }
    const second = await train(classifier(), () => forever(), { ...basics, epochs: 2, stepsPerEpoch: 5 });
    expect(second.steps).toBe(10);
    await expect(train(classifier(), () => [], basics)).rejects.toThrow(/at least one batch/);
  });

  it('constraints hold after each step', async () => {
    const model = sequential([
      dense({ units: 3, activation: 'softmax', inputShape: [4], kernelConstraint: maxNorm(0.5) }),
    ]);
    await train(model, clouds(12), { ...basics, optimizer: sgd({ learningRate: 1 }), epochs: 3, batchSize: 6 });
    const kernel = (await model.getWeights())[0]?.data as Float32Array;
    for (let unit = 0; unit < 3; unit++) {
      const norm = Math.hypot(...[0, 1, 2, 3].map((row) => kernel[row * 3 + unit] as number));
      expect(norm).toBeLessThan(0.5001);
    }
  });

  it('averaged weights are measured with and stay at the end', async () => {
    const momentum = 0.5;
    const trail: number[][] = [];
    const model = sequential([dense({ units: 1, useBias: false, inputShape: [1] })]);
    await model.setWeights([tensor([[0]])]);
    const data = arrayDataset(tensor([[1]]), tensor([[1]]));
    const kernel = async () => (await model.getWeights())[0]?.data[0] as number;
    const callbacks: Callback[] = [
      {
        onBatchEnd: async () => void trail.push([await kernel()]),
        onEpochEnd: async () => void trail.push([await kernel()]),
      },
    ];
    await train(model, data, {
      ...{ loss: 'meanSquaredError', engine, optimizer: sgd({ learningRate: 0.25 }), epochs: 2, callbacks },
      averageWeights: { momentum },
    });
    // w: 0 → 0.5 → 0.75 (each step halves the distance to 1); averages 0.25 and 0.5.
    expect(trail.flat()).toEqual([0.5, 0.25, 0.75, 0.5]);
    expect(await kernel()).toBe(0.5);
  });
});

describe('changes while training take effect at the next step', () => {
  const perStep = (
    body: (info: BatchInfo, run: Parameters<NonNullable<Callback['onBatchEnd']>>[0]) => void | Promise<void>,
  ): Callback => ({
    onBatchEnd: (run, info) => body(info, run),
  });

  it('trainable', async () => {
    const model = classifier();
    const hidden = model.layer('hidden');
    const seen: boolean[] = [];
    let before = await weightBits(model);
    const callback = perStep(async ({ step }) => {
      const after = await weightBits(model);
      seen.push(JSON.stringify(after.slice(0, 2)) !== JSON.stringify(before.slice(0, 2)));
      expect(after.slice(2)).not.toEqual(before.slice(2));
      before = after;
      hidden.trainable = step % 2 === 1;
    });
    await train(model, clouds(24), { ...basics, callbacks: [callback], batchSize: 6 });
    expect(seen).toEqual([true, false, true, false]);
  });

  it('learning rate: 0 stops everything', async () => {
    const model = classifier();
    const optimizer = sgd({ learningRate: 0.1 });
    const trail: number[][][] = [];
    const rates: number[] = [];
    const callback = perStep(async ({ learningRate }) => {
      rates.push(learningRate);
      trail.push(await weightBits(model));
      optimizer.learningRate = 0;
    });
    await train(model, clouds(12), { ...basics, optimizer, callbacks: [callback], batchSize: 4 });
    expect(rates).toEqual([0.1, 0, 0]);
    expect(trail[1]).toEqual(trail[0]);
    expect(trail[2]).toEqual(trail[0]);
  });

  it('dropout rate: at 0 a step is what it is without dropout', async () => {
    const build = () => sequential([dropout({ rate: 0, inputShape: [4] }), dense({ units: 3, activation: 'softmax' })]);
    const plain = build();
    const losses: number[] = [];
    const keep = perStep(({ loss }) => void losses.push(loss));
    const options = { ...basics, optimizer: sgd({ learningRate: 0 }), shuffle: false, batchSize: 4 };
    await train(plain, clouds(12), { ...options, callbacks: [keep] });
    const model = build();
    const layer = model.layers[0] as Dropout;
    const changed: number[] = [];
    const change = perStep(({ loss, step }) => {
      changed.push(loss);
      layer.rate = step === 0 ? 0.5 : 0;
    });
    await train(model, clouds(12), { ...options, callbacks: [change] });
    expect(changed[0]).toBe(losses[0]);
    expect(changed[1]).not.toBe(losses[1]);
    expect(changed[2]).toBe(losses[2]);
  });

  it('frozen batch normalization keeps its statistics, one that learns does not', async () => {
    const build = () =>
      sequential([batchNormalization({ inputShape: [4] }), dense({ units: 3, activation: 'softmax' })]);
    for (const trainable of [true, false]) {
      const model = build();
      (model.layers[0] as { trainable: boolean }).trainable = trainable;
      const before = (await weightBits(model)).slice(0, 4);
      await train(model, clouds(12), { ...basics, batchSize: 6 });
      const after = (await weightBits(model)).slice(0, 4);
      if (trainable) for (const [i, values] of after.entries()) expect(values).not.toEqual(before[i]);
      else expect(after).toEqual(before);
    }
  });
});

describe('abort', () => {
  it('ends after the present step and loses nothing', async () => {
    const control = new AbortController();
    const model = classifier();
    const seen: number[] = [];
    const stopAt: Callback = {
      onBatchEnd: (_, { step }) => {
        seen.push(step);
        if (step === 4) control.abort();
      },
    };
    const options = { ...basics, epochs: 3, batchSize: 4 };
    const aborted = await train(model, clouds(12), { ...options, callbacks: [stopAt], signal: control.signal });
    expect([aborted.stopped, aborted.epochs, aborted.steps, aborted.history.epochs.length]).toEqual([
      'aborted',
      1,
      5,
      1,
    ]);
    expect(seen).toEqual([0, 1, 2, 3, 4]);

    const whole = classifier();
    await train(whole, clouds(12), options);
    const resume = Buffer.concat((await aborted.checkpoint()).pieces);
    const again = classifier();
    expect((await train(again, clouds(12), { ...options, resume })).stopped).toBe('completed');
    expect(await weightBits(again)).toEqual(await weightBits(whole));
  });

  it('before the first step, and while a batch does not come', async () => {
    const early = AbortSignal.abort();
    expect((await train(classifier(), clouds(12), { ...basics, signal: early })).steps).toBe(0);
    const control = new AbortController();
    const never: Dataset = { ...clouds(12), batch: () => new Promise(() => setTimeout(() => control.abort(), 0)) };
    expect((await train(classifier(), never, { ...basics, signal: control.signal })).stopped).toBe('aborted');
  });

  it('evaluate and predict', async () => {
    const signal = AbortSignal.abort();
    const model = classifier();
    expect((await failure(evaluate(model, clouds(6), { ...basics, signal }))).code).toBe('aborted');
    expect((await failure(predict(model, clouds(6), { engine, signal }))).code).toBe('aborted');
  });
});

describe('a loss that is not finite', () => {
  const big = () => arrayDataset(tensor([[1e30, 1]]), new Tensor(Int32Array.of(0), [1]));
  const deep = () =>
    sequential([
      dense({ units: 2, inputShape: [2], kernelInitializer: 'ones', name: 'first' }),
      dense({ units: 2, kernelInitializer: { type: 'constant', value: 1e9 }, name: 'second' }),
      dense({ units: 2, activation: 'softmax', kernelInitializer: 'ones', name: 'third' }),
    ]);

  it('names the step and the first layer, and leaves the weights as they were', async () => {
    const model = deep();
    const before = await weightBits(model);
    const error = await failure(train(model, big(), basics));
    expect(error.code).toBe('numeric');
    expect(error.message).toMatch(/step 1 \(epoch 1, its step 1\).*the output of dense "second" \(2 of 2 numbers\)/);
    expect(error.data).toMatchObject({ epoch: 0, step: 0, stepInEpoch: 0, what: 'output', layer: 'second' });
    expect(await weightBits(model)).toEqual(before);
  });

  it('weights that are NaN', async () => {
    const model = classifier();
    const weights = await model.getWeights();
    (weights[2] as Tensor<'float32'>).data[5] = Number.NaN;
    await model.setWeights(weights);
    const error = await failure(train(model, clouds(6), basics));
    expect(error.message).toMatch(/the weight "kernel" of dense "scores" \(1 of 24 numbers\)/);
  });

  it('a gradient, where the loss is still finite', async () => {
    const model = sequential([dense({ units: 1, useBias: false, inputShape: [1], kernelInitializer: 'zeros' })]);
    const before = await weightBits(model);
    const data = arrayDataset(tensor([[1e25]]), tensor([[1e15]])); // loss 1e30, gradient −2e40
    const error = await failure(train(model, data, { loss: 'meanSquaredError', engine }));
    expect(error.data).toMatchObject({ what: 'gradient' });
    expect(await weightBits(model)).toEqual(before);
  });

  it('after good steps: they count, and the history comes along', async () => {
    const good = clouds(4);
    const bad: Dataset = {
      ...good,
      batch: (indices) => {
        const batch = good.batch(indices) as Batch;
        return indices.includes(3) && batches++ > 0
          ? {
              ...batch,
              x: new Tensor(
                batch.x.data.map(() => 3e38),
                batch.x.shape,
              ),
            }
          : batch;
      },
    };
    let batches = 0;
    const error = await failure(train(classifier(), bad, { ...basics, epochs: 3, batchSize: 4, shuffle: false }));
    expect(error.data).toMatchObject({ epoch: 1, step: 1, stepInEpoch: 0 });
    expect((error.data.history as { epochs: unknown[] }).epochs.length).toBe(1);
  });

  it('NaN in the inputs is said before anything runs', async () => {
    const data: Dataset = {
      ...clouds(4),
      batch: (indices) => ({
        x: new Tensor(new Float32Array(4 * indices.length).fill(Number.NaN), [indices.length, 4]),
        y: new Tensor(new Int32Array(indices.length), [indices.length]),
      }),
    };
    expect((await failure(train(classifier(), data, basics))).message).toMatch(
      /inputs: .*NaN in example 0 of the batch/,
    );
  });
});

describe('bad input', () => {
  const cases: readonly (readonly [string, Dataset, Partial<FitOptions>, RegExp])[] = [
    [
      'a batch larger than the data',
      clouds(6),
      { batchSize: 7 },
      /batchSize 7 for 6 examples. Use a batchSize of at most 6/,
    ],
    ['batch size 0', clouds(6), { batchSize: 0 }, /at least 1/],
    ['no data', { ...clouds(6), size: 0 }, {}, /empty data set/],
    ['epochs', clouds(6), { epochs: 0.5 }, /epochs must be a whole number/],
    ['validation share', clouds(6), { validation: 1 }, /more than 0 and less than 1/],
    ['average', clouds(6), { averageWeights: { momentum: 1 } }, /averageWeights.momentum/],
    ['class weights of no class', clouds(6), { classWeights: { 3: 1 } }, /from 0 to 2.*class 3/],
    ['a class weight below 0', clouds(6), { classWeights: [1, -1, 1] }, /-1 for class 1/],
    [
      'an unknown loss',
      clouds(6),
      { loss: 'categoricalCrossEntropy' as never },
      /Did you mean "categoricalCrossentropy"/,
    ],
    ['targets that do not suit', clouds(6), { loss: 'binaryCrossentropy' }, /output's shape \[6, 3\]/],
  ];
  it.each(cases)('%s', async (_, data, options, message) => {
    const model = classifier();
    const before = await weightBits(model);
    expect((await failure(train(model, data, { ...basics, ...options }))).message).toMatch(message);
    expect(await weightBits(model)).toEqual(before);
  });

  it('inputs of another shape, and nothing that learns', async () => {
    const model = sequential([dense({ units: 3, activation: 'softmax', inputShape: [5] })]);
    expect((await failure(train(model, clouds(6), basics))).message).toMatch(/\[\?, 5\].*\[6, 4\]/);
    model.trainable = false;
    expect((await failure(train(model, clouds(6), basics))).message).toMatch(/no layer has weights that learn/);
  });

  it('a validation share takes no example from training twice', async () => {
    const sizes: number[] = [];
    const callbacks: Callback[] = [{ onBatchEnd: (_, { size }) => void sizes.push(size) }];
    const { history } = await train(classifier(), clouds(30), { ...basics, callbacks, batchSize: 8, validation: 0.2 });
    expect(sizes.reduce((a, b) => a + b)).toBe(24);
    expect(history.last?.logs.valLoss).toBeTypeOf('number');
  });
});

describe('predict', () => {
  it('batches, a short tail, one example, a data set', async () => {
    const model = classifier();
    const data = clouds(5);
    const { x } = (await data.batch(Uint32Array.of(0, 1, 2, 3, 4))) as Batch;
    const all = await predict(model, x, { engine });
    expect(all.shape).toEqual([5, 3]);
    expect(bits([await predict(model, data, { engine, batchSize: 2 })])).toEqual(bits([all]));
    const one = await predict(model, new Tensor(x.data.slice(8, 12), [1, 4]), { engine });
    expect([...one.data]).toEqual([...all.data.slice(6, 9)]);
    await expect(predict(model, new Tensor(x.data.slice(0, 4), [4]), { engine })).rejects.toThrow(
      /use the shape \[1, 4\]/,
    );
  });

  it('has no dropout', async () => {
    const model = sequential([dropout({ rate: 0.9, inputShape: [3] })]);
    expect([...(await predict(model, tensor([[1, 2, 3]]), { engine })).data]).toEqual([1, 2, 3]);
  });
});
