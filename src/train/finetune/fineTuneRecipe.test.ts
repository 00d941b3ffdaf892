import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { dense } from '../../layers/dense.js';
import { sequential } from '../../model/sequential.js';
import type { BatchInfo, TrainingRun } from '../callbacks/callback.js';
import { clouds } from '../testing/tinyData.js';
import { type FineTuneOptions, fineTune } from './fineTuneRecipe.js';
import { finetune } from './finetune.js';

const engine = new ReferenceEngine();

const base = () =>
  finetune(
    sequential([
      dense({ units: 6, activation: 'relu', inputShape: [4], name: 'low' }),
      batchNormalization({ name: 'norm' }),
      dense({ units: 6, activation: 'relu', name: 'middle' }),
      dense({ units: 5, activation: 'softmax', name: 'old' }),
    ]),
    3,
  );

async function recorded(options: FineTuneOptions, data = clouds(32), model = base()) {
  const rates: number[] = [];
  const factors: (Readonly<Record<string, number>> | undefined)[] = [];
  const stages: string[] = [];
  const callback = {
    onBatchEnd: ({ optimizer }: TrainingRun, { learningRate }: BatchInfo) => {
      rates.push(learningRate);
      factors.push(optimizer.learningRateMultipliers);
    },
  };
  const result = await fineTune(model, data, {
    ...{ batchSize: 8, engine, callbacks: [callback], onStage: (stage) => void stages.push(stage) },
    ...options,
  });
  return { model, result, rates, factors, stages };
}

describe('fineTune', () => {
  test('first the new layer in one cycle, then all layers in another with rates of their own', async () => {
    const { model, result, rates, factors, stages } = await recorded({ epochs: 2, validation: 0.25 });
    expect(stages).toEqual(['head', 'all']);
    expect([result.head?.epochs, result.all?.epochs, result.stopped]).toEqual([1, 2, 'completed']);
    // 24 examples to learn from: 3 steps in an epoch. The first stage begins at 0.002 / 25, the second at 0.001 / 5.
    expect(rates).toHaveLength(9);
    expect(rates[0]).toBeCloseTo(0.002 / 25, 9);
    expect(Math.max(...rates.slice(0, 3))).toBeGreaterThan(0.001);
    expect(Math.max(...rates.slice(0, 3))).toBeLessThanOrEqual(0.002);
    expect(rates[3]).toBeCloseTo(0.001 / 5, 9);
    expect(Math.max(...rates.slice(3))).toBeLessThanOrEqual(0.001);
    expect(rates.at(-1)).toBeLessThan(1e-7);
    expect(factors[0]).toBeUndefined();
    expect(factors.at(-1)).toEqual({ low: 0.01, norm: 0.01, middle: 0.1, predictions: 1 });
    expect(model.layers.map((layer) => [layer.name, layer.trainable])).toEqual([
      ...[
        ['low', true],
        ['norm', false],
        ['middle', true],
        ['predictions', true],
      ],
    ]);
  });

  test('learns', async () => {
    const { result } = await recorded(
      { freezeEpochs: 3, epochs: 6, baseLearningRate: 0.1, validation: clouds(60, 2), metrics: ['accuracy'] },
      clouds(240),
    );
    expect(result.all?.history.values('valAccuracy').at(-1)).toBeGreaterThan(0.85);
  });

  test('lower layers that stay frozen are computed once in both stages', async () => {
    const messages: string[] = [];
    const { model } = await recorded({ unfreezeFrom: 'middle', onMessage: (message) => void messages.push(message) });
    expect(messages).toEqual([
      expect.stringContaining('dense "middle" is frozen'),
      expect.stringContaining('batchNormalization "norm" is frozen'),
    ]);
    expect(model.layers.map(({ trainable }) => trainable)).toEqual([false, false, true, true]);
  });

  test('one stage alone', async () => {
    expect((await recorded({ epochs: 0 })).stages).toEqual(['head']);
    expect((await recorded({ freezeEpochs: 0 })).stages).toEqual(['all']);
    await expect(recorded({ epochs: -1 })).rejects.toThrow(/epochs must be a whole number of at least 0/);
  });

  test('stopped in the first stage, there is no second', async () => {
    const controller = new AbortController();
    const callbacks = [{ onBatchEnd: () => controller.abort() }];
    const { result, stages } = await recorded({ signal: controller.signal, callbacks });
    expect([stages, result.stopped, result.all]).toEqual([['head'], 'aborted', undefined]);
  });

  test('the same call gives the same weights', async () => {
    const [a, b] = [await recorded({ seed: 3 }), await recorded({ seed: 3 })];
    expect(await a.model.getWeights()).toEqual(await b.model.getWeights());
  });
});
