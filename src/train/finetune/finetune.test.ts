import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { BatchNormalization, batchNormalization } from '../../layers/batchNormalization.js';
import { dense } from '../../layers/dense.js';
import { type Dropout, dropout } from '../../layers/dropout.js';
import { sequential } from '../../model/sequential.js';
import { type ZooName, zoo } from '../../zoo/zoo.js';
import { fit as fitModel } from '../fit.js';
import type { FitOptions } from '../fitOptions.js';
import { sgd } from '../optimizers/sgd.js';
import { predict } from '../predict.js';
import { bits, clouds } from '../testing/tinyData.js';
import { finetune } from './finetune.js';
import { freeze, unfreezeDense, unfreezeFrom } from './freeze.js';

const engine = new ReferenceEngine();
const basics = { loss: 'categoricalCrossentropy', engine, trainSample: 0 } as const satisfies Partial<FitOptions>;

/** A network that tells five classes apart, to be used for three. */
const base = () =>
  sequential([
    dense({ units: 6, activation: 'relu', inputShape: [4], name: 'low' }),
    batchNormalization({ name: 'norm' }),
    dropout({ rate: 0.5, name: 'drop' }),
    dense({ units: 5, activation: 'softmax', name: 'old' }),
  ]);

const weightsOf = async (layer: { getWeights(): ReturnType<ReturnType<typeof base>['getWeights']> }) =>
  bits(await layer.getWeights());

describe('VGG16 for two classes', () => {
  const before = process.memoryUsage().arrayBuffers;
  const model = finetune(zoo.vgg16.build(), 2);

  test('has 134,268,738 parameters, of which the new layer learns 8,194', () => {
    expect(model.countParameters()).toEqual({ total: 134_268_738, trainable: 8_194, nonTrainable: 134_260_544 });
    expect(model.layers.at(-1)?.config()).toMatchObject({ units: 2, activation: 'softmax' });
    expect(model.layers.map(({ name }) => name).slice(-3)).toEqual(['fc1', 'fc2', 'predictions']);
  });

  test('with all dense layers: 119,554,050 learn', () => {
    unfreezeDense(model);
    expect(model.countParameters().trainable).toBe(119_554_050);
  });

  test('from a layer on, by name or by index', () => {
    unfreezeFrom(model, 'block5_conv1');
    expect(model.countParameters().trainable).toBe(119_554_050 + 3 * 2_359_808);
    unfreezeFrom(model, -1);
    expect(model.countParameters().trainable).toBe(8_194);
    expect(() => unfreezeFrom(model, 'blok5_conv1')).toThrow(/Did you mean "block5_conv1"/);
  });

  test('no array of that size was made', () => {
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  });
});

describe('every network of the zoo', () => {
  test.each(Object.keys(zoo) as ZooName[])('%s', (name) => {
    const entry = zoo[name];
    const whole = entry.build();
    const model = finetune(whole, 7, { features: entry.features });
    expect(model.kind).toBe(whole.kind);
    expect(model.outputShapes).toEqual([[7]]);
    const head = model.layer(-1);
    expect(head.config()).toMatchObject({ units: 7, activation: 'softmax' });
    const width = whole.layerOutput(entry.features).shape.at(-1) as number;
    expect(model.countParameters().trainable).toBe(7 * (width + 1));
    // Found without being told, the classifier is the same.
    const found = finetune(entry.build(), 7);
    expect(found.countParameters()).toEqual(model.countParameters());
    // The last feature maps alone will do as well.
    const top = finetune(entry.build({ includeTop: false }), 7);
    expect(top.outputShapes).toEqual([[7]]);
  });
});

describe('finetune', () => {
  test('keeps the lower layers themselves, and freezes them', () => {
    const whole = base();
    const model = finetune(whole, 3, { dropout: 0.25, name: 'clouds' });
    expect(model.name).toBe('clouds');
    expect(model.layers.map(({ name }) => name)).toEqual(['low', 'norm', 'drop', 'head_dropout', 'predictions']);
    expect(model.layer('low')).toBe(whole.layer('low'));
    expect(model.layers.map(({ trainable }) => trainable)).toEqual([false, false, false, true, true]);
  });

  test('a second time: the name of the new layer is free again', () => {
    const once = finetune(base(), 3);
    expect(finetune(once, 4).layers.map(({ name }) => name)).toEqual(['low', 'norm', 'drop', 'predictions']);
    const stacked = finetune(once, 4, { features: 'predictions' });
    expect(stacked.layers.at(-1)?.name).toBe('predictions_1');
  });

  test.each([1, 0, 2.5])('refuses %s classes', (classes) => {
    expect(() => finetune(base(), classes)).toThrow(/at least two classes/);
  });

  test('says what it does not find', () => {
    const odd = sequential([dense({ units: 4, inputShape: [4] }), batchNormalization()]);
    expect(() => finetune(odd, 3)).toThrow(/must end with a dense layer.*batchNormalization.*features/);
  });
});

describe('takes effect at the next step', () => {
  test('trainable', async () => {
    const model = finetune(base(), 3);
    const low = model.layer('low');
    const seen: string[] = [];
    let last = JSON.stringify(await weightsOf(low));
    await fitModel(model, clouds(12), {
      ...{ ...basics, batchSize: 2, optimizer: sgd({ learningRate: 0.1 }) },
      callbacks: [
        {
          onBatchEnd: async (_run, { step }) => {
            const now = JSON.stringify(await weightsOf(low));
            seen.push(now === last ? 'same' : 'moved');
            last = now;
            if (step === 1) unfreezeFrom(model, 'low');
            if (step === 3) freeze(model);
            if (step === 3) model.layer('predictions').trainable = true;
          },
        },
      ],
    });
    expect(seen).toEqual(['same', 'same', 'moved', 'moved', 'same', 'same']);
  });

  test('the learning rate, and that of a layer', async () => {
    const model = finetune(base(), 3);
    unfreezeFrom(model, 0);
    const optimizer = sgd({ learningRate: 0.1, learningRateMultipliers: { low: 0 } });
    const seen: string[] = [];
    let last: Record<string, string> = {};
    const look = async () => {
      const now: Record<string, string> = {};
      for (const name of ['low', 'predictions']) now[name] = JSON.stringify(await weightsOf(model.layer(name)));
      const moved = Object.keys(now).filter((name) => last[name] !== undefined && last[name] !== now[name]);
      last = now;
      return moved.join('+');
    };
    await look();
    await fitModel(model, clouds(12), {
      ...{ ...basics, batchSize: 2, optimizer },
      callbacks: [
        {
          onBatchEnd: async (_run, { step }) => {
            seen.push(await look());
            if (step === 0) optimizer.learningRateMultipliers = { low: 1, predictions: 0 };
            if (step === 1) optimizer.learningRateMultipliers = undefined;
            if (step === 2) optimizer.learningRate = 0;
          },
        },
      ],
    });
    expect(seen).toEqual(['predictions', 'low', 'low+predictions', '', '', '']);
  });

  test('dropout', async () => {
    const model = finetune(base(), 3);
    const layer = model.layer('drop') as Dropout;
    layer.rate = 0;
    const steps = async (change: boolean) => {
      layer.rate = 0;
      const copy = await model.clone();
      const losses: number[] = [];
      await fitModel(copy, clouds(8), {
        ...{ ...basics, batchSize: 2, optimizer: sgd({ learningRate: 0 }), shuffle: false },
        callbacks: [
          {
            onBatchEnd: (_run, { step, loss }) => {
              losses.push(loss);
              if (change && step === 1) (copy.layer('drop') as Dropout).rate = 0.9;
            },
          },
        ],
      });
      return losses;
    };
    const [plain, changed] = [await steps(false), await steps(true)];
    expect(changed.slice(0, 2)).toEqual(plain.slice(0, 2));
    expect(changed[2]).not.toBe(plain[2]);
  });
});

test('a frozen batch normalization is in inference mode while others train', async () => {
  const model = finetune(base(), 3);
  const norm = model.layer('norm') as BatchNormalization;
  const features = async () => (await predict(sequential(model.layers.slice(0, 2)), x, { engine })).data;
  const { x } = await clouds(6).batch(Uint32Array.of(0, 1, 2, 3, 4, 5));
  const [before, statistics] = [await features(), await weightsOf(norm)];
  await fitModel(model, clouds(30), { ...basics, batchSize: 5, epochs: 2, optimizer: sgd({ learningRate: 0.1 }) });
  expect(await weightsOf(norm)).toEqual(statistics);
  expect(await features()).toEqual(before);
  norm.trainable = true;
  await fitModel(model, clouds(30), { ...basics, batchSize: 5, optimizer: sgd({ learningRate: 0.1 }) });
  expect(await weightsOf(norm)).not.toEqual(statistics);
});

test('batch normalizations stay frozen where that is asked for', () => {
  const model = finetune(base(), 3);
  unfreezeFrom(model, 'low', { batchNormalization: 'frozen' });
  const learning = model.layers.filter((layer) => layer.trainable);
  expect(learning.map(({ name }) => name)).toEqual(['low', 'drop', 'predictions']);
  expect(model.layers.filter((layer) => layer instanceof BatchNormalization)).toHaveLength(1);
});
