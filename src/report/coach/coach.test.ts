import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/subset.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { flatten } from '../../layers/flatten.js';
import { globalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { bars } from '../testing/bars.js';
import { type TrainedRunOptions, trainedRun } from '../testing/trainedRun.js';
import { advise, reasonFor } from './advise.js';
import type { FindingName } from './finding.js';
import type { RunEvidence } from './runEvidence.js';

let engine: Awaited<ReturnType<typeof createWasmEngine>>;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 1 });
});
afterAll(() => engine.close());

const net = (seed = 0, rate = 0) =>
  sequential(
    [
      conv2d({ filters: 12, kernelSize: 5, activation: 'relu', inputShape: [12, 12, 1] }),
      globalMaxPooling2d(),
      dense({ units: 16, activation: 'relu' }),
      dropout({ rate }),
      dense({ units: 4, activation: 'softmax' }),
    ],
    { seed },
  );
const manyWeights = (seed: number) =>
  sequential(
    [
      flatten({ inputShape: [12, 12, 1] }),
      dense({ units: 32, activation: 'relu' }),
      dense({ units: 4, activation: 'softmax' }),
    ],
    { seed },
  );
const tinyNet = (seed: number) =>
  sequential(
    [
      conv2d({ filters: 1, kernelSize: 3, activation: 'tanh', inputShape: [12, 12, 1] }),
      globalMaxPooling2d(),
      dense({ units: 4, activation: 'softmax' }),
    ],
    { seed },
  );
const range = (from: number, n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => from + i);
const run = ({ seed = 0, ...options }: Partial<TrainedRunOptions> = {}): Promise<RunEvidence> =>
  trainedRun({
    ...{
      model: net(seed),
      data: bars(600, seed),
      validation: bars(400, seed + 1000),
      seed,
      engine,
      epochs: 12,
      learningRate: 0.01,
      ...options,
    },
  });

async function flipped(data: Dataset, share: number, seed: number): Promise<Dataset> {
  const { x, y } = await data.batch(range(0, data.size));
  const random = new RandomStream(seed, 'flips');
  const labels = Int32Array.from(y.data, (label) =>
    random.uniform() < share ? (label + 1 + random.below(3)) % 4 : label,
  );
  return arrayDataset(x, new Tensor(labels, [data.size]), { classNames: data.classNames as string[] });
}

/** All but the first few examples of one class are gone. */
function rareClass(data: Dataset, rare: number, keep: number): Dataset {
  let seen = 0;
  return subset(
    data,
    [...range(0, data.size)].filter((i) => data.labels?.[i] !== rare || ++seen <= keep),
  );
}

/** Turned by half a circle or not, and on more noise: anew each time. */
function augmented(data: Dataset): Dataset {
  let draws = 0;
  return {
    ...data,
    batch: async (indices) => {
      const { x, y } = await data.batch(indices);
      const random = new RandomStream(1, 'augment', draws++);
      const size = x.data.length / indices.length;
      const changed = Float32Array.from(x.data, () => 0.4 * random.normal());
      for (let i = 0; i < indices.length; i++) {
        const turned = random.uniform() < 0.5;
        for (let j = 0; j < size; j++) {
          const from = i * size + (turned ? size - 1 - j : j);
          changed[i * size + j] = (changed[i * size + j] as number) + (x.data[from] as number);
        }
      }
      return { x: new Tensor(changed, x.shape), y };
    },
  };
}

/** The last value of a log. */
const last = ({ history }: RunEvidence, name: string): number => history.at(-1)?.logs[name] as number;

test('a huge learning rate', async () => {
  const advice = advise(await run({ learningRate: 3 }));
  expect(advice.name).toBe('learningRateTooHigh');
  expect(advice.steps[0].settings).toEqual({ learningRate: 0.3 });
  expect(advice.reason).toBe('docs/coach.md#learning-rate-too-high');
});

test('one so huge that numbers are no longer finite', async () => {
  const evidence = await run({ learningRate: 1e30 });
  expect(evidence.failure).toMatch(/not finite/);
  const advice = advise({ ...evidence, training: undefined });
  expect([advice.name, advice.evidence[0]?.text]).toEqual(['learningRateTooHigh', evidence.failure]);
});

test('a learning rate that is too low', async () => {
  const advice = advise(await run({ learningRate: 1e-5 }));
  expect(advice.name).toBe('learningRateTooLow');
  expect(advice.steps[0].settings).toEqual({ learningRate: 0.0001 });
});

test('a tiny network', async () => {
  const setup = { larger: 'cnn', dropout: 0.5 };
  const advice = advise(await run({ model: tinyNet(0), epochs: 25, learningRate: 0.03, setup }));
  expect([advice.name, advice.others.map(({ name }) => name)]).toEqual(['underfitting', []]);
  expect(advice.steps.map(({ action }) => action)).toEqual(['lowerDropout', 'trainLonger', 'largerNetwork']);
  const [training, validation, gap] = advice.evidence;
  expect(training?.interval?.high).toBeLessThan(0.95);
  expect((training?.value ?? 0) - (validation?.value ?? 0)).toBeCloseTo(gap?.value ?? Number.NaN);
  expect(gap?.interval?.low).toBeLessThan(0);
});

test('20 photos for 100 epochs', async () => {
  const setup = { better: 'cnn-bn', smaller: 'linear' };
  const advice = advise(await run({ model: manyWeights(0), data: bars(20, 0), epochs: 100, batchSize: 10, setup }));
  expect(advice.name).toBe('overfitting');
  expect(advice.steps.map(({ action }) => action)).toEqual([
    ...['augment', 'betterNetwork', 'regularize', 'regularize', 'smallerNetwork'],
  ]);
  expect(advice.steps[0].what).toMatch(/^More examples are the best cure/);
  const gap = advice.evidence.find(({ what }) => what === 'gap');
  expect(gap?.interval?.low).toBeGreaterThan(0.4);
});

test('10 % of labels flipped', async () => {
  const data = await flipped(bars(600, 0), 0.1, 1);
  const advice = advise(await run({ data, validation: await flipped(bars(800, 1000), 0.1, 2) }));
  expect(advice.name).toBe('mislabelledData');
  const [surest] = advice.evidence;
  expect(surest?.interval?.low).toBeLessThan(0.1);
  expect(surest?.interval?.high).toBeGreaterThan(0.1);
});

test('validation photos that are training photos too', async () => {
  const [data, fresh] = [bars(600, 0), bars(400, 1000)];
  const both = await Promise.all([data.batch(range(0, 40)), fresh.batch(range(0, 360))]);
  const joined = arrayDataset(
    new Tensor(Float32Array.from(both.flatMap(({ x }) => [...x.data])), [400, 12, 12, 1]),
    new Tensor(Int32Array.from(both.flatMap(({ y }) => [...y.data])), [400]),
    { classNames: data.classNames as string[] },
  );
  const evidence = await run({ data, validation: joined });
  expect(evidence.copies).toEqual([...range(0, 40)]);
  const advice = advise(evidence);
  expect(advice.name).toBe('leakedData');
  expect(advice.evidence[0]?.text).toMatch(/^10\.0 %.*: 40 of 400$/);
});

test('a class with few examples', async () => {
  const advice = advise(await run({ data: rareClass(bars(600, 1), 2, 10), seed: 1 }));
  expect(advice.name).toBe('imbalance');
  expect(advice.sentence).toContain('"falling" has few examples and is often missed');
});

test('dropout of one half with strong augmentation is not taken for underfitting', async () => {
  const data = bars(600, 1);
  const evidence = await run({
    ...{ seed: 1, data, model: net(1, 0.5), augmented: augmented(data), epochs: 20, setup: { dropout: 0.5 } },
  });
  // What the lecture takes for underfitting:
  expect(last(evidence, 'accuracy')).toBeLessThan(last(evidence, 'valAccuracy'));
  const advice = advise(evidence);
  expect([advice, ...advice.others].map(({ name }) => name)).toEqual(['fine']);
});

test('too few validation examples', async () => {
  const advice = advise(await run({ validation: bars(24, 1000) }));
  expect(advice.name).toBe('tooLittleValidation');
  expect(advice.sentence).toMatch(/known to ±\d+ points/);
  const none = advise({ ...(await run({ epochs: 8 })), validation: undefined, copies: undefined });
  expect([none.name, none.sentence]).toEqual(['tooLittleValidation', expect.stringContaining('no validation data')]);
});

test('twenty healthy runs raise no alarm in at least nineteen', async () => {
  const names: string[] = [];
  for (let seed = 0; seed < 20; seed++) names.push(advise(await run({ seed, epochs: 8 })).name);
  expect(names.filter((name) => name === 'fine').length, names.join(' ')).toBeGreaterThanOrEqual(19);
}, 60_000);

test('every finding has its place in docs/coach.md', async () => {
  const text = await readFile(join(import.meta.dirname, '../../../docs/coach.md'), 'utf8');
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title?.toLowerCase().replaceAll(' ', '-'));
  const names: FindingName[] = [
    'learningRateTooHigh',
    'learningRateTooLow',
    'leakedData',
    'mislabelledData',
    'imbalance',
  ];
  names.push('underfitting', 'overfitting', 'tooLittleValidation', 'fine');
  for (const name of names) expect(headings).toContain(reasonFor(name).split('#')[1]);
});
