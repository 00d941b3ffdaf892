import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import type { Engine } from '../engines/engine.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { relu } from '../layers/relu.js';
import { model as graphModel } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { RandomStream } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { resNet18 } from '../zoo/resNet.js';
import { vgg16 } from '../zoo/vgg.js';
import { fit as train } from './fit.js';
import { lossFrom } from './losses/lossFrom.js';
import { optimizerFrom } from './optimizers/optimizerFrom.js';
import { TrainingState } from './state.js';
import { bits } from './testing/tinyData.js';
import { traceTrainingStep } from './trainingGraph.js';

const engines = new Map<string, Engine>([['reference', new ReferenceEngine()]]);
beforeAll(async () => {
  engines.set('wasm', await createWasmEngine({ threads: 2 }));
});
afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});

/** A chain with everything that has a state, a mask, switches or statistics. */
const chain = (): Model =>
  sequential([
    conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [16, 16, 3] }),
    batchNormalization(),
    dropout({ rate: 0.3 }),
    conv2d({ filters: 6, kernelSize: 3, padding: 'same' }),
    batchNormalization(),
    relu(),
    maxPooling2d(),
    conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    flatten(),
    dense({ units: 3, activation: 'softmax' }),
  ]);

/** Shortcuts cross every cut; one layer is used twice. */
const shortcuts = (): Model => {
  const x = input([16, 16, 3]);
  let y = conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(x);
  const first = y;
  const shared = conv2d({ filters: 8, kernelSize: 3, padding: 'same' });
  for (let block = 0; block < 3; block++) {
    const inner = relu().apply(batchNormalization().apply(block < 2 ? shared.apply(y) : y));
    y = add().apply([y, conv2d({ filters: 8, kernelSize: 3, padding: 'same' }).apply(inner)]);
  }
  const pooled = globalAveragePooling2d().apply(add().apply([y, first]));
  return graphModel({ inputs: x, outputs: dense({ units: 3, activation: 'softmax' }).apply(pooled) });
};

const random = new RandomStream(6, 'pictures');
const data = arrayDataset(
  new Tensor(
    Float32Array.from({ length: 12 * 16 * 16 * 3 }, () => random.uniform()),
    [12, 16, 16, 3],
  ),
  new Tensor(
    Int32Array.from({ length: 12 }, (_, i) => i % 3),
    [12],
  ),
);

describe.each(['reference', 'wasm'])('%s engine', (name) => {
  test.each([
    ['a chain', chain],
    ['shortcuts', shortcuts],
  ])('%s learns the same bits', async (_, build) => {
    const engine = engines.get(name) as Engine;
    const learn = async (recompute: boolean) => {
      const model = build();
      const { history } = await train(model, data, {
        ...{ loss: 'categoricalCrossentropy', epochs: 2, batchSize: 5, seed: 3, engine, recompute },
        metrics: ['accuracy'],
      });
      return { weights: bits(await model.getWeights()), loss: history.values('loss') };
    };
    expect(await learn(true)).toEqual(await learn(false));
  });
});

function planOf(model: Model, n: number, recompute: boolean) {
  const setup = {
    ...{ model, loss: lossFrom('categoricalCrossentropy'), optimizer: optimizerFrom('adam') },
    averageMomentum: undefined,
  };
  const targets = { shape: [n], dtype: 'int32' } as const;
  const { graph } = traceTrainingStep(setup, new TrainingState(), n, targets, true);
  return (engines.get('wasm') as Engine).plan(graph, { recompute });
}

describe('memory of a training step', () => {
  test.each([
    ['a chain', chain(), 32, 0.8],
    ['shortcuts', shortcuts(), 32, 0.8],
    ['VGG16', vgg16(), 32, 0.7],
    ['ResNet-18', resNet18(), 32, 0.55],
  ] as const)('of %s shrinks', (_, model, n, share) => {
    const [plain, again] = [planOf(model, n, false), planOf(model, n, true)];
    expect(again.arenaBytes).toBeLessThan(share * plain.arenaBytes);
    // At most the forward pass once more, a third of forward and backward; loss and updates are not repeated.
    expect(again.flops).toBeLessThan(1.4 * plain.flops);
    expect(again.variableBytes).toBe(plain.variableBytes);
  });

  test('nothing changes where there is no backward pass or nothing to gain', () => {
    const tiny = sequential([dense({ units: 2, activation: 'softmax', inputShape: [3] })]);
    expect(planOf(tiny, 4, true).steps.length).toBe(planOf(tiny, 4, false).steps.length);
  });
});
