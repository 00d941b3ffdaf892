import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { dense } from '../../layers/dense.js';
import { sequential } from '../../model/sequential.js';
import { zoo } from '../../zoo/zoo.js';
import { fit as fitModel } from '../fit.js';
import { adam } from '../optimizers/adam.js';
import { optimizerFrom } from '../optimizers/optimizerFrom.js';
import { sgd } from '../optimizers/sgd.js';
import { bits, clouds } from '../testing/tinyData.js';
import { layerGroups, spreadRates } from './layerGroups.js';

const engine = new ReferenceEngine();
const two = () =>
  sequential([
    dense({ units: 6, activation: 'relu', inputShape: [4], name: 'low' }),
    dense({ units: 3, activation: 'softmax', name: 'top' }),
  ]);

describe('learning rates of layers', () => {
  test('with plain descent a step is so many times as long', async () => {
    const [even, uneven] = [two(), two()];
    const start = await even.getWeights();
    const options = { loss: 'categoricalCrossentropy', engine, batchSize: 4, trainSample: 0 } as const;
    await fitModel(even, clouds(4), { ...options, optimizer: sgd({ learningRate: 0.1 }) });
    const optimizer = sgd({ learningRate: 0.1, learningRateMultipliers: { low: 0.25 } });
    await fitModel(uneven, clouds(4), { ...options, optimizer });
    const [a, b] = [await even.getWeights(), await uneven.getWeights()];
    const step = (to: typeof a, i: number) => (to[i]?.data[0] as number) - (start[i]?.data[0] as number);
    expect(step(b, 0)).toBeCloseTo(0.25 * step(a, 0), 7);
    expect(bits(b.slice(2))).toEqual(bits(a.slice(2)));
  });

  test('all factors 1 is the same, bit for bit', async () => {
    const [even, ones] = [two(), two()];
    const options = { loss: 'categoricalCrossentropy', engine, batchSize: 8, epochs: 2, trainSample: 0 } as const;
    await fitModel(even, clouds(24), { ...options, optimizer: adam() });
    const optimizer = adam({ learningRateMultipliers: { low: 1, top: 1 } });
    await fitModel(ones, clouds(24), { ...options, optimizer });
    expect(bits(await ones.getWeights())).toEqual(bits(await even.getWeights()));
  });

  test('travel with the configuration, and through a checkpoint', async () => {
    const optimizer = adam({ learningRateMultipliers: { low: 0.5 } });
    expect(optimizerFrom(JSON.parse(JSON.stringify(optimizer.toConfig()))).learningRateMultipliers).toEqual({
      low: 0.5,
    });
    const model = two();
    const run = await fitModel(model, clouds(8), {
      ...{ loss: 'categoricalCrossentropy', engine, batchSize: 4, optimizer, trainSample: 0 },
      callbacks: [
        {
          onEpochEnd: ({ optimizer: own }) => {
            own.learningRateMultipliers = { low: 0.125 };
          },
        },
      ],
    });
    const { pieces } = await run.checkpoint();
    const again = adam({ learningRateMultipliers: { low: 0.5 } });
    const resume = new Uint8Array(Buffer.concat(pieces));
    await fitModel(two(), clouds(8), {
      ...{ loss: 'categoricalCrossentropy', engine, batchSize: 4, optimizer: again, epochs: 2, trainSample: 0, resume },
    });
    expect(again.learningRateMultipliers).toEqual({ low: 0.125 });
  });

  test('of a layer that is not there', async () => {
    const optimizer = adam({ learningRateMultipliers: { lwo: 0.5 } });
    const options = { loss: 'categoricalCrossentropy', engine, optimizer, batchSize: 4 } as const;
    await expect(fitModel(two(), clouds(8), options)).rejects.toThrow(/no layer "lwo".*Did you mean "low"/);
    expect(() => adam({ learningRateMultipliers: { low: -1 } })).toThrow(/at least 0/);
  });
});

describe('groups', () => {
  test('the last layer with weights is a group of its own', () => {
    const groups = layerGroups(zoo.vgg16.build());
    expect(groups.map((names) => names.length)).toEqual([8, 7, 1]);
    expect(groups[2]).toEqual(['predictions']);
    expect(layerGroups(two(), 1)).toEqual([['low', 'top']]);
    expect(() => layerGroups(two(), 3)).toThrow(/from 1 to the 2 layers/);
  });

  test('rates in equal ratios', () => {
    const rates = spreadRates([['a', 'b'], ['c'], ['d']], 0.01);
    expect(rates).toEqual({ a: 0.01, b: 0.01, c: 0.1, d: 1 });
    expect(spreadRates([['a']], 0.5)).toEqual({ a: 1 });
    expect(() => spreadRates([['a']], 0)).toThrow(/greater than 0/);
  });
});
