import { describe, expect, it } from 'vitest';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { dense } from '../layers/dense.js';
import { sequential } from '../model/sequential.js';
import { findLearningRate } from './findLearningRate.js';
import { sgd } from './optimizers/sgd.js';
import { bits, clouds } from './testing/tinyData.js';

const build = () => sequential([batchNormalization({ inputShape: [4] }), dense({ units: 3, activation: 'softmax' })]);
const basics = { loss: 'categoricalCrossentropy', engine: new ReferenceEngine(), batchSize: 8 } as const;

describe('findLearningRate', () => {
  it('a rising curve of rates, a suggestion where the loss falls, everything as it was', async () => {
    const model = build();
    const optimizer = sgd({ learningRate: 0.5 });
    const before = bits(await model.getWeights());
    const { points, suggestion } = await findLearningRate(model, clouds(40), {
      ...basics,
      optimizer,
      from: 1e-4,
      to: 1,
      steps: 60,
    });
    expect(points.length).toBe(60);
    expect(points[0]?.learningRate).toBeCloseTo(1e-4, 10);
    expect(points[59]?.learningRate).toBeCloseTo(1, 10);
    expect((points[1]?.learningRate as number) / 1e-4).toBeCloseTo(10 ** (4 / 59), 6);
    expect(suggestion).toBeGreaterThan(1e-3);
    expect(suggestion).toBeLessThan(1);
    expect(optimizer.learningRate).toBe(0.5);
    expect(bits(await model.getWeights())).toEqual(before);
  });

  it('ends early where the run comes apart', async () => {
    const options = { ...basics, loss: 'meanSquaredError', optimizer: 'sgd', from: 1e-2, to: 1e6 } as const;
    const model = sequential([dense({ units: 4, inputShape: [4] })]);
    const data = clouds(40);
    const copies = {
      ...data,
      batch: async (indices: Uint32Array) => {
        const { x } = await data.batch(indices);
        return { x, y: x };
      },
    };
    const before = bits(await model.getWeights());
    const { points } = await findLearningRate(model, copies, options);
    expect(points.length).toBeLessThan(90);
    expect(bits(await model.getWeights())).toEqual(before);
  });

  it('the same test again gives the same curve', async () => {
    const curve = () => findLearningRate(build(), clouds(40), { ...basics, steps: 12, seed: 3 });
    expect(await curve()).toEqual(await curve());
  });

  it('bad ranges, and a signal', async () => {
    await expect(findLearningRate(build(), clouds(40), { ...basics, from: 1, to: 0.1 })).rejects.toThrow(
      /0 < from < to/,
    );
    await expect(findLearningRate(build(), clouds(40), { ...basics, signal: AbortSignal.abort() })).rejects.toThrow(
      /stop/,
    );
  });
});
