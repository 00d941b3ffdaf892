import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { dense } from '../../layers/dense.js';
import { sequential } from '../../model/sequential.js';
import { tensor } from '../../tensor/tensor.js';
import { fit as train } from '../fit.js';
import { exponentialDecay } from '../schedules/exponentialDecay.js';
import { adam, adamW } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { optimizerFrom } from './optimizerFrom.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

// y = x · w without bias, mean squared error: dL/dw = 2/n · xᵀ(x · w − y).
const X = [
  [1, 2],
  [0, -1],
  [3, 1],
];
const Y = [[5], [1], [-2]];
const W = [0.5, -0.25];

function gradient(w: readonly number[]): number[] {
  const errors = X.map((row, i) => row.reduce((sum, x, j) => sum + x * (w[j] as number), 0) - (Y[i]?.[0] as number));
  return w.map((_, j) => (2 / 3) * errors.reduce((sum, e, i) => sum + e * (X[i]?.[j] as number), 0));
}

/** Applies a formula of one weight in float64, five times. */
function expected(update: (w: number, g: number, memory: number[], t: number) => number, change = (g: number[]) => g) {
  let w = [...W];
  const memory = W.map(() => [0, 0]);
  for (let t = 1; t <= 5; t++) {
    const g = change(gradient(w));
    w = w.map((value, j) => update(value, g[j] as number, memory[j] as number[], t));
  }
  return w;
}

async function trained(optimizer: Optimizer): Promise<number[]> {
  const model = sequential([dense({ units: 1, useBias: false, inputShape: [2] })]);
  await model.setWeights([tensor(W.map((value) => [value]))]);
  await train(model, arrayDataset(tensor(X), tensor(Y)), {
    ...{ optimizer, loss: 'meanSquaredError', engine: new ReferenceEngine() },
    ...{ epochs: 5, batchSize: 3, shuffle: false, trainSample: 0 },
  });
  return [...(model.weights[0] === undefined ? [] : await model.weights[0].weight.variable.read())];
}

const adamFormula = (lr: number, wd: number) => (w: number, g: number, memory: number[], t: number) => {
  const m = 0.9 * (memory[0] as number) + 0.1 * g;
  const v = 0.999 * (memory[1] as number) + 0.001 * g * g;
  memory.splice(0, 2, m, v);
  const rate = (lr * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
  return w - lr * wd * w - (rate * m) / (Math.sqrt(v) + 1e-7);
};

const cases: readonly (readonly [string, Optimizer, number[]])[] = [
  ['sgd', sgd({ learningRate: 0.05 }), expected((w, g) => w - 0.05 * g)],
  [
    'sgd with weight decay',
    sgd({ learningRate: 0.05, weightDecay: 0.1 }),
    expected((w, g) => w - 0.005 * w - 0.05 * g),
  ],
  [
    'sgd, weight decay excluded by name',
    sgd({ learningRate: 0.05, weightDecay: 0.1, excludeFromWeightDecay: ['/kernel'] }),
    expected((w, g) => w - 0.05 * g),
  ],
  [
    'sgd with momentum',
    sgd({ learningRate: 0.05, momentum: 0.9 }),
    expected((w, g, memory) => {
      memory[0] = 0.9 * (memory[0] as number) - 0.05 * g;
      return w + memory[0];
    }),
  ],
  [
    'sgd with Nesterov momentum',
    sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    expected((w, g, memory) => {
      memory[0] = 0.9 * (memory[0] as number) - 0.05 * g;
      return w + 0.9 * memory[0] - 0.05 * g;
    }),
  ],
  [
    'sgd with a schedule',
    sgd({ learningRate: exponentialDecay({ initialLearningRate: 0.05, decaySteps: 1, decayRate: 0.5 }) }),
    expected((w, g, _, t) => w - 0.05 * 0.5 ** (t - 1) * g),
  ],
  [
    'sgd with a function of the step',
    sgd({ learningRate: (step) => 0.01 * step }),
    expected((w, g, _, t) => w - 0.01 * (t - 1) * g),
  ],
  [
    'clipNorm: the norm of all gradients together',
    sgd({ learningRate: 0.05, clipNorm: 0.5 }),
    expected(
      (w, g) => w - 0.05 * g,
      (g) => g.map((value) => value * Math.min(1, 0.5 / Math.hypot(...g))),
    ),
  ],
  [
    'clipValue: each number',
    sgd({ learningRate: 0.05, clipValue: 0.3 }),
    expected(
      (w, g) => w - 0.05 * g,
      (g) => g.map((value) => Math.max(-0.3, Math.min(0.3, value))),
    ),
  ],
  [
    'rmsprop',
    rmsprop({ learningRate: 0.05 }),
    expected((w, g, memory) => {
      memory[0] = 0.9 * (memory[0] as number) + 0.1 * g * g;
      return w - (0.05 * g) / Math.sqrt(memory[0] + 1e-7);
    }),
  ],
  [
    'rmsprop with momentum',
    rmsprop({ learningRate: 0.05, momentum: 0.5 }),
    expected((w, g, memory) => {
      memory[0] = 0.9 * (memory[0] as number) + 0.1 * g * g;
      memory[1] = 0.5 * (memory[1] as number) + (0.05 * g) / Math.sqrt(memory[0] + 1e-7);
      return w - memory[1];
    }),
  ],
  ['adam', adam({ learningRate: 0.05 }), expected(adamFormula(0.05, 0))],
  ['adamW', adamW({ learningRate: 0.05 }), expected(adamFormula(0.05, 0.004))],
];

describe('optimizers, five steps against float64', () => {
  it.each(cases)('%s', async (_, optimizer, weights) => {
    const received = await trained(optimizer);
    for (const [i, w] of weights.entries()) expect(received[i]).toBeCloseTo(w, 5);
    expect(Math.abs((weights[0] as number) - (W[0] as number))).toBeGreaterThan(1e-3); // the case is not vacuous
  });

  it('a gradient of zero is not divided by its norm', async () => {
    const model = sequential([dense({ units: 1, useBias: false, inputShape: [2] })]);
    await model.setWeights([tensor([[0], [0]])]);
    const data = arrayDataset(tensor(X), tensor([[0], [0], [0]]));
    const engine = new ReferenceEngine();
    await train(model, data, { loss: 'meanSquaredError', optimizer: sgd({ clipNorm: 1 }), engine, batchSize: 3 });
    expect([...((await model.getWeights())[0]?.data ?? [])]).toEqual([0, 0]);
  });
});

describe('descriptions', () => {
  it.each(cases.filter(([name]) => !name.includes('function')))('%s comes back from its JSON', (_, optimizer) => {
    const config = optimizer.toConfig();
    expect(optimizerFrom(JSON.parse(JSON.stringify(config))).toConfig()).toEqual(config);
  });

  it('names', () => {
    expect(optimizerFrom('adam').learningRate).toBe(0.001);
    expect(optimizerFrom('adamW').weightDecay).toBe(0.004);
    expect(() => optimizerFrom('adm' as never)).toThrow(/Did you mean "adam"/);
    expect(() => adam({ beta3: 1 } as never)).toThrow(/Did you mean "beta1"/);
    expect(() => adam({ weightDecay: -1 })).toThrow(/weightDecay must be a number of at least 0/);
    expect(() => sgd({ clipNorm: 1, clipValue: 1 })).toThrow(/either clipNorm or clipValue/);
  });
});
