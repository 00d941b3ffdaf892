import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import type { Engine } from '../engines/engine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { l2 } from '../layers/regularizers.js';
import { sequential } from '../model/sequential.js';
import { RandomStream } from '../tensor/random.js';
import { Tensor, tensor } from '../tensor/tensor.js';
import type { Checkpoint } from './checkpoint.js';
import { fit as train } from './fit.js';
import type { FitOptions } from './fitOptions.js';
import { predict } from './predict.js';
import { bits } from './testing/tinyData.js';

const build = () =>
  sequential([
    conv2d({ filters: 5, kernelSize: 3, activation: 'relu', kernelRegularizer: l2(1e-3), inputShape: [9, 9, 1] }),
    batchNormalization({ momentum: 0.9 }),
    maxPooling2d(),
    dropout({ rate: 0.25 }),
    flatten(),
    dense({ units: 3, activation: 'softmax' }),
  ]);

const random = new RandomStream(4, 'pictures');
const x = new Tensor(
  Float32Array.from({ length: 23 * 81 }, () => random.uniform()),
  [23, 9, 9, 1],
);
const data = arrayDataset(
  x,
  new Tensor(
    Int32Array.from({ length: 23 }, (_, i) => i % 3),
    [23],
  ),
);

const engines: Engine[] = [];
beforeAll(async () => {
  for (const threads of [1, 2]) engines.push(await createWasmEngine({ threads }));
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
});
const engine = (threads: 1 | 2) => engines[threads - 1] as Engine;

const options = (extra: Partial<FitOptions>): FitOptions => ({
  ...{ loss: 'categoricalCrossentropy', metrics: ['accuracy'], epochs: 3, batchSize: 5, seed: 2 },
  ...{ averageWeights: { momentum: 0.9 }, ...extra },
});

describe('training on the WebAssembly engine', () => {
  it('the same bits on 1 and 2 threads, and after an interruption anywhere', async () => {
    const kept: Uint8Array[] = [];
    const save = ({ pieces }: Checkpoint) => void kept.push(new Uint8Array(Buffer.concat(pieces)));
    const [one, two] = [build(), build()];
    const first = await train(one, data, options({ engine: engine(1) }));
    await train(two, data, options({ engine: engine(2), checkpoint: { save, everySteps: 4 } }));
    const expected = bits(await one.getWeights());
    expect(bits(await two.getWeights())).toEqual(expected);
    expect(kept.length).toBeGreaterThan(4);
    for (const [i, resume] of kept.entries()) {
      const model = build();
      const { history } = await train(model, data, options({ engine: engine(i % 2 === 0 ? 1 : 2), resume }));
      expect(bits(await model.getWeights())).toEqual(expected);
      expect(history.values('trainLoss')).toEqual(first.history.values('trainLoss'));
    }
  });

  it('a loss that is not finite names the layer and leaves the weights', async () => {
    const model = sequential([
      dense({ units: 2, inputShape: [2], kernelInitializer: 'ones', name: 'first' }),
      dense({ units: 2, kernelInitializer: { type: 'constant', value: 1e9 }, name: 'second' }),
      dense({ units: 2, activation: 'softmax', name: 'third' }),
    ]);
    const before = bits(await model.getWeights());
    const huge = arrayDataset(tensor([[1e30, 1]]), new Tensor(Int32Array.of(0), [1]));
    await expect(train(model, huge, { loss: 'categoricalCrossentropy', engine: engine(2) })).rejects.toMatchObject({
      code: 'numeric',
      data: { what: 'output', layer: 'second' },
    });
    expect(bits(await model.getWeights())).toEqual(before);
  });

  it('predictions after training are those of the weights that can be read', async () => {
    const model = build();
    await train(model, data, options({ engine: engine(2), epochs: 1 }));
    const copy = build();
    await copy.setWeights(await model.getWeights());
    const a = await predict(model, x, { engine: engine(2) });
    const b = await predict(copy, x, { engine: engine(1) });
    expect(bits([a])).toEqual(bits([b]));
  });
});
