import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import type { Engine } from '../../engines/engine.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor, tensor } from '../../tensor/tensor.js';
import { fit as train } from '../../train/fit.js';
import { adam } from '../../train/optimizers/adam.js';
import { fillOf } from '../fill.js';
import { Inspector } from '../inspector.js';
import { classMap } from '../maps/classMap.js';
import { project, saliency } from '../maps/gradients.js';
import { occlusion } from '../maps/occlusion.js';
import { controlSentence, coverSentence } from '../sentences.js';
import { chain } from '../testing/goldenNets.js';
import { checkMaps, type MapMaker } from './controls.js';
import { rankCorrelation } from './correlation.js';
import { coverCheck } from './coverCheck.js';
import { edgeMap } from './edges.js';
import { impute } from './impute.js';
import { coveringGrid, stretch, topMask } from './masks.js';
import { featuresOf, indexFeatures } from './neighbors.js';

const SIDE = 24;
const PATCH = 6;
let engine: Engine;
let model: Model;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
  model = sequential(
    [
      conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [SIDE, SIDE, 1] }),
      conv2d({ filters: 12, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', name: 'last' }),
      globalAveragePooling2d(),
      dense({ units: 2, activation: 'softmax' }),
    ],
    { seed: 5 },
  );
  const { x, labels } = planted(256, 1);
  await train(model, arrayDataset(x, new Tensor<'int32'>(labels, [256])), {
    ...{ epochs: 14, batchSize: 32, engine, seed: 1, optimizer: adam({ learningRate: 0.01 }) },
    ...{ loss: 'sparseCategoricalCrossentropy' },
  });
});
afterAll(() => engine.close());
const inspect = (): Inspector => new Inspector(model, engine);

/** Noise with one patch of stripes at a random place, whose direction is the class. */
function planted(n: number, seed: number) {
  const random = new RandomStream(seed, 'planted');
  const labels = new Int32Array(n);
  const places: [number, number][] = [];
  const data = Float32Array.from({ length: n * SIDE * SIDE }, () => 0.15 * random.normal());
  for (let i = 0; i < n; i++) {
    labels[i] = i % 2;
    const [top, left] = [random.below(SIDE - PATCH), random.below(SIDE - PATCH)];
    places.push([top, left]);
    for (let y = 0; y < PATCH; y++) {
      for (let x = 0; x < PATCH; x++) {
        const stripe = (i % 2 === 0 ? y : x) % 2 === 0 ? 1 : -1;
        data[i * SIDE * SIDE + (top + y) * SIDE + left + x] = stripe;
      }
    }
  }
  return { x: new Tensor<'float32'>(data, [n, SIDE, SIDE, 1]), labels, places };
}

function example({ x }: { x: Tensor<'float32'> }, i: number): Tensor<'float32'> {
  return new Tensor(x.data.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), [1, SIDE, SIDE, 1]);
}

function isHit(values: Float32Array, height: number, width: number, [top, left]: readonly [number, number]): boolean {
  const best = values.indexOf(values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  const [y, x] = [((Math.floor(best / width) + 0.5) * SIDE) / height, (((best % width) + 0.5) * SIDE) / width];
  return y >= top - 1 && y <= top + PATCH + 1 && x >= left - 1 && x <= left + PATCH + 1;
}

describe('a planted patch', () => {
  test('is learned, and found by class map, occlusion and covering', async () => {
    const inspector = inspect();
    const set = planted(20, 2);
    const scores = await inspector.scores(set.x);
    expect(scores.filter(({ order }, i) => order[0] === set.labels[i]).length).toBe(20);
    const maps = await classMap(inspector, set.x);
    const hits = maps.filter(({ values, height, width }, i) =>
      isHit(values, height, width, set.places[i] as [number, number]),
    );
    expect(hits.length).toBeGreaterThanOrEqual(19);
    for (let i = 0; i < 4; i++) {
      const x = example(set, i);
      const seen: number[] = [];
      const result = await occlusion(inspector, x, {
        size: 8,
        onProgress: ({ done, total }) => seen.push(done / total),
      });
      expect(isHit(result.values, SIDE, SIDE, set.places[i] as [number, number])).toBe(true);
      expect(seen.at(-1)).toBe(1);
      expect(seen.length).toBeGreaterThan(3);
      const check = await coverCheck(inspector, x, maps[i] as (typeof maps)[number]);
      expect(check.verdict).toBe('supported');
      expect(check.change).toBeLessThan(-0.3);
      expect(Math.abs(check.randomMean)).toBeLessThan(0.25);
      expect(check.mask.reduce((a, b) => a + b, 0)).toBe(Math.round(0.2 * SIDE * SIDE));
    }
  });

  test('is not what a map without sense points to', async () => {
    const set = planted(2, 3);
    const values = new Float32Array(36).fill(1);
    const flat = await coverCheck(inspect(), example(set, 0), { values, height: 6, width: 6 });
    expect(flat.verdict).toBe('chance');
    const away = new Float32Array(SIDE * SIDE);
    const [top, left] = set.places[0] as [number, number];
    for (const [i] of away.entries()) away[i] = Math.hypot(Math.floor(i / SIDE) - top - 3, (i % SIDE) - left - 3);
    const far = await coverCheck(inspect(), example(set, 0), { values: away, height: SIDE, width: SIDE });
    expect(far.verdict).not.toBe('supported');
    expect(Math.abs(far.change)).toBeLessThan(0.1);
  });

  test('nothing is covered where a map points nowhere, and no more than what it points to', async () => {
    const [inspector, x] = [inspect(), example(planted(1, 3), 0)];
    for (const value of [0, -1]) {
      const values = new Float32Array(36).fill(value);
      const none = await coverCheck(inspector, x, { values, height: 6, width: 6 });
      expect(none).toMatchObject({ verdict: 'nothing', share: 0, masks: 0, randomMean: 0, randomDeviation: 0 });
      expect(none.mask.includes(1)).toBe(false);
      expect(none.change).toBeCloseTo(0, 6);
      expect(coverSentence(none, String)).toBe('The map points to no place, so there is nothing to cover.');
    }
    const values = new Float32Array(SIDE * SIDE);
    for (let i = 8; i < 11; i++) values[i * SIDE + i] = 1;
    const map = { values, height: SIDE, width: SIDE };
    const some = await coverCheck(inspector, x, map, { share: 0.2 });
    expect(some.share).toBeLessThan(0.2);
    expect(some.mask.reduce((a, b) => a + b, 0)).toBe(Math.round(some.share * SIDE * SIDE));
    const smooth = coveringGrid(map, SIDE, SIDE).values;
    for (const [i, covered] of some.mask.entries()) expect(covered === 1).toBe((smooth[i] as number) > 0);
  });

  test('is where the projection of a unit says, which loses more by covering it than by chance', async () => {
    const inspector = inspect();
    const set = planted(8, 4);
    let [agree, pairs] = [0, 0];
    for (let i = 0; i < 8; i++) {
      const x = example(set, i);
      const [activations] = await inspector.forward(x, [{ layer: 'last' }]);
      const sums = new Float64Array(12);
      for (const [j, value] of (activations as Tensor<'float32'>).data.entries())
        sums[j % 12] = (sums[j % 12] as number) + value;
      const channel = sums.indexOf(Math.max(...sums));
      const target = { kind: 'unit', place: { layer: 'last' }, channel } as const;
      const [projection] = await project(inspector, x, { target, rule: 'deconvnet' });
      if (projection === undefined) throw new Error('no projection');
      const fill = fillOf(x, 'mean');
      const mask = topMask(projection, SIDE, SIDE, 0.05);
      const random = new RandomStream(i, 'elsewhere');
      const values = Float32Array.from({ length: SIDE * SIDE }, () => random.uniform());
      const other = topMask({ values, height: SIDE, width: SIDE }, SIDE, SIDE, 0.05);
      const [before, hidden, elsewhere] = await Promise.all(
        [new Uint8Array(mask.length), mask, other].map(async (cover) => {
          const data = x.data.map((value, j) => (cover[j] === 1 ? (fill.data[j] as number) : value));
          return (await inspector.targetValues(new Tensor(data, x.shape), target))[0] as number;
        }),
      );
      pairs++;
      if ((before as number) - (hidden as number) > (before as number) - (elsewhere as number)) agree++;
    }
    expect(agree / pairs).toBeGreaterThanOrEqual(0.8);
  });

  test('controls: the class map passes; edges, the same everywhere and noise fail', async () => {
    const inspector = inspect();
    const { x } = planted(4, 5);
    const check = (make: MapMaker) => checkMaps(inspector, x, make);
    const first = async (maps: ReturnType<typeof classMap>) =>
      (await maps)[0] as Awaited<ReturnType<typeof classMap>>[number];
    const real = await check((inside, photo, target) => first(classMap(inside, photo, { target })));
    expect(real).toMatchObject({ photos: 4, verdict: 'passed' });
    expect(real.weights.stages.at(-1)?.share).toBe(1);
    const instead = (values: (photo: Tensor<'float32'>) => { values: Float32Array; height: number; width: number }) =>
      check(async (inside, photo, target) => ({
        ...((await saliency(inside, photo, { target }))[0] as Awaited<ReturnType<typeof saliency>>[number]),
        ...values(photo),
      }));
    const edges = await instead(edgeMap);
    expect(edges.verdict).toBe('failed');
    expect(edges.weights.passed).toBe(false);
    expect(edges.edges.passed).toBe(false);
    const same = await instead(() => ({ values: new Float32Array(36).fill(1), height: 6, width: 6 }));
    expect(same.edges.passed).toBe(false);
    expect(same.chance.passed).toBe(false);
    const noise = new RandomStream(1, 'noise');
    const random = await instead(() => ({
      values: Float32Array.from({ length: 36 }, () => noise.normal()),
      height: 6,
      width: 6,
    }));
    expect(random.chance.passed).toBe(false);
    const one = await checkMaps(inspector, example(planted(1, 5), 0), (inside, photo, target) =>
      first(classMap(inside, photo, { target })),
    );
    expect(one).toMatchObject({ photos: 1, verdict: 'tooFew', chance: { passed: false } });
    expect(one.chance.value).toBeUndefined();
    expect(controlSentence(one)).toMatch(/^Controls: too few photos to tell.*only 1 photo/);
  });

  test('finds the examples that are like a photo: itself first', async () => {
    const inspector = inspect();
    const set = planted(30, 6);
    const data = arrayDataset(set.x, new Tensor<'int32'>(set.labels, [30]));
    const seen: number[] = [];
    const index = await indexFeatures(inspector, data, { batchSize: 7, onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(30);
    for (const i of [0, 9]) {
      const [feature] = await featuresOf(inspector, example(set, i), index.place);
      const [self, ...others] = index.nearest(feature as Float32Array, 6);
      expect(self?.index).toBe(i);
      expect(self?.similarity).toBeCloseTo(1, 5);
      expect(others.filter(({ index: other }) => set.labels[other] === set.labels[i]).length).toBeGreaterThanOrEqual(4);
    }
  });
});

describe('occlusion', () => {
  test.each(['reference', 'wasm'])(
    'V10: pixel by pixel on a linear model it is weight times change (%s)',
    async (name) => {
      const weights = [[0, 2], [0, -1], [0, 0.5], [0, 3]]; // biome-ignore format: a matrix
      const linear = await chain([2, 2, 1], [flatten(), dense({ units: 2, useBias: false })], [weights]);
      const inspector = new Inspector(linear, name === 'wasm' ? engine : new ReferenceEngine());
      const x = tensor([
        [
          [[1], [2]],
          [[3], [4]],
        ],
      ]);
      const fill = tensor([
        [
          [[0], [0]],
          [[1], [1]],
        ],
      ]);
      const result = await occlusion(inspector, x, { class: 1, size: 1, stride: 1, refine: 0, fill });
      // The logit of class 0 is 0, so that the log odds are the logit of class 1.
      expect([...result.logOddsFall].map((value) => Number(value.toFixed(3)))).toEqual([2, -2, 1, 9]);
    },
  );

  test('nothing covered changes nothing, all covered is one number, and squares are counted where they lie', async () => {
    const inspector = inspect();
    const x = example(planted(1, 7), 0);
    const same = await occlusion(inspector, x, { fill: x });
    expect(same.values.every((value) => Math.abs(value) < 1e-6)).toBe(true);
    expect(same.rows * same.columns).toBe(49);
    const whole = await occlusion(inspector, x, { size: SIDE, refine: 0 });
    expect(whole.coarse).toHaveLength(1);
    const [scores] = await inspector.scores(fillOf(x, 'mean'));
    const all = (scores?.probabilities[whole.class] as number) - whole.probability;
    expect(whole.values.every((value) => Math.abs(value + all) < 1e-6)).toBe(true);
    const dense1 = await occlusion(inspector, x, { size: 3, stride: 1, refine: 0, batchSize: 64 });
    const inside = dense1.coarse.filter(({ top, left }) => top <= 10 && top + 3 > 10 && left <= 10 && left + 3 > 10);
    expect(inside).toHaveLength(9);
    await expect(occlusion(inspector, x, { size: SIDE + 1 })).rejects.toThrow(/at most 24/);
  });

  test('log odds: of each class by itself under sigmoids, and beyond what a probability can say', async () => {
    const logits = async (activation: 'sigmoid' | 'softmax', scale: number) => {
      const layers = [flatten(), dense({ units: 3, activation, useBias: false })];
      const weights = [[0, 2, 1], [0, -1, 1], [0, 0.5, 1], [0, 3, 1]].map((row) => row.map((w) => w * scale)); // biome-ignore format: a matrix
      const net = await chain([2, 2, 1], layers, [weights]);
      const x = tensor([[[[1], [2]], [[3], [4]]]]); // biome-ignore format: a picture
      const fill = new Tensor<'float32'>(new Float32Array(4), x.shape);
      const options = { class: 1, size: 1, stride: 1, refine: 0, fill };
      return [...(await occlusion(new Inspector(net, engine), x, options)).logOddsFall];
    };
    expect((await logits('sigmoid', 1)).map((value) => Number(value.toFixed(3)))).toEqual([2, -2, 1.5, 12]);
    // Logits of 0, 13500 and 10000: the rest is class 2 alone, as long as class 1 is not behind it.
    expect((await logits('softmax', 1000)).map(Math.round)).toEqual([1000, -4000, -1500, 8000]);
  });

  test('outside the receptive field of a unit its activation stays exactly as it is', async () => {
    const local = sequential([conv2d({ filters: 1, kernelSize: 3, name: 'conv', inputShape: [9, 9, 1] })], { seed: 2 });
    const inspector = new Inspector(local, engine);
    const random = new RandomStream(1, 'x');
    const x = new Tensor<'float32'>(
      Float32Array.from({ length: 81 }, () => random.normal()),
      [1, 9, 9, 1],
    );
    const target = { kind: 'unit', place: { layer: 'conv' }, channel: 0, at: [0, 0] } as const;
    const before = (await inspector.targetValues(x, target))[0];
    for (const [at, changes] of [
      [20, true],
      [2, true],
      [80, false],
    ] as const) {
      const value = (await inspector.targetValues(new Tensor(x.data.with(at, 9), x.shape), target))[0];
      expect(value !== before).toBe(changes);
    }
  });
});

test('what covers, what is made up, and ranks', () => {
  const x = tensor([
    Array.from({ length: 8 }, (_, y) => Array.from({ length: 8 }, (_unused, column) => [y + column, y])),
  ]);
  const mean = fillOf(x, 'mean');
  expect([...mean.data.subarray(0, 4)]).toEqual([7, 3.5, 7, 3.5]);
  expect([...fillOf(x, 'black', [-1, -2]).data.subarray(0, 2)]).toEqual([-1, -2]);
  expect(fillOf(x, 'blur').data[0]).toBeGreaterThan(0);
  // A slope is harmonic: what surrounds it says exactly what is missing.
  const hole = new Uint8Array(64);
  for (const i of [27, 28, 35, 36]) hole[i] = 1;
  const filled = impute(x, hole);
  for (const i of [27, 28, 35, 36]) expect(filled.data[i * 2]).toBeCloseTo(x.data[i * 2] as number, 0);
  expect(Math.max(...filled.data.map((value, i) => Math.abs(value - (x.data[i] as number))))).toBeLessThan(0.2);
  expect([...impute(x, new Uint8Array(64).fill(1)).data].every((value) => Math.abs(value) < 0.2)).toBe(true);
  expect([...stretch({ values: Float32Array.of(0, 4), height: 1, width: 2 }, 1, 4)]).toEqual([0, 1, 3, 4]);
  expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 35])).toBeCloseTo(1, 12);
  expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  // By hand: ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3.
  expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBe(0);
});

test('what is made up is the solution of its equations to the middle of a hole as large as the photo', () => {
  const [h, w] = [90, 70];
  const slope = (y: number, x: number): number => (2 * x) / (w - 1) - y / (h - 1);
  const data = Float32Array.from({ length: h * w }, (_, i) => slope(Math.floor(i / w), i % w));
  const x = new Tensor<'float32'>(data, [1, h, w, 1]);
  // All but the frame: the only solution is the slope itself, which is the mean of its neighbors everywhere.
  const mask = Uint8Array.from({ length: h * w }, (_, i) => {
    const [row, column] = [Math.floor(i / w), i % w];
    return row > 0 && row < h - 1 && column > 0 && column < w - 1 ? 1 : 0;
  });
  const misses = impute(x, mask).data.map((value, i) => Math.abs(value - (data[i] as number)));
  expect(misses.every((miss, i) => mask[i] === 1 || miss === 0)).toBe(true);
  // Of a range of 3; the noise alone is up to 0.03.
  expect(Math.max(...misses)).toBeLessThan(0.08);
});
