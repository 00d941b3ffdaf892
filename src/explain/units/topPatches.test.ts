import { describe, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import { subset } from '../../data/subset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { activation } from '../../layers/activation.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { relu } from '../../layers/relu.js';
import { model } from '../../model/functional.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { run } from '../../testing/runModel.js';
import { evaluate } from '../../train/evaluate.js';
import { mobileNet } from '../../zoo/mobileNet.js';
import { resNet18 } from '../../zoo/resNet.js';
import { squeezeNet11 } from '../../zoo/squeezeNet.js';
import { observeForward } from '../observeForward.js';
import { areaUnderCurve } from './selectivity.js';
import { type PhotoList, TopPatches } from './topPatches.js';
import { unitLayers } from './unitLayers.js';

const engine = new ReferenceEngine();
const N = 50;

const net = sequential([
  ...[input([9, 7, 3]), conv2d({ name: 'a', filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' })],
  ...[maxPooling2d(), conv2d({ name: 'b', filters: 5, kernelSize: 2 }), batchNormalization(), relu({ name: 'b_relu' })],
  ...[globalAveragePooling2d(), dense({ name: 'scores', units: 3, activation: 'softmax' })],
]);

/** Random pictures, some of them twice, and some of few gray levels, so that there are ties. */
function pictures() {
  const random = new RandomStream(4, 'pictures');
  const x = Float32Array.from({ length: N * 9 * 7 * 3 }, (_, i) => (i < 5000 ? random.below(2) : random.normal()));
  x.copyWithin(10 * 189, 3 * 189, 5 * 189); // 10 and 11 are copies of 3 and 4
  const y = Int32Array.from({ length: N }, () => random.below(3));
  return { x, y, names: Array.from({ length: N }, (_, i) => `photo-${(i * 7) % N}`) };
}

const { x, y, names } = pictures();
const data = arrayDataset(new Tensor(x, [N, 9, 7, 3]), new Tensor(y, [N]));
const photos: PhotoList = { names, labels: y, classNames: ['cat', 'dog', 'owl'] };

/** Every activation of every photo, looked through one by one. */
async function bruteForce(layer: string, channel: number, k: number) {
  const outputs = net.layerOutput(layer);
  const part = model({ inputs: net.inputs[0] as (typeof net.inputs)[number], outputs });
  const [all] = (await run(part, [new Tensor(x, [N, 9, 7, 3])])) as [Tensor<'float32'>];
  const [h, w, c] =
    outputs.shape.length === 3 ? (outputs.shape as [number, number, number]) : [1, 1, outputs.shape[0] as number];
  const best = Array.from({ length: N }, (_, photo) => {
    let found = { photo, name: names[photo] as string, value: Number.NEGATIVE_INFINITY, y: 0, x: 0 };
    for (let p = 0; p < h * w; p++) {
      const value = all.data[(photo * h * w + p) * c + channel] as number;
      if (value > found.value) found = { ...found, value, y: Math.floor(p / w), x: p % w };
    }
    return found;
  });
  const order = (a: (typeof best)[number], b: (typeof best)[number]) => b.value - a.value || (a.name < b.name ? -1 : 1);
  best.sort(order);
  const seen = new Set<string>();
  const distinct = best.filter(({ photo }) => {
    const key = x.slice(photo * 189, (photo + 1) * 189).join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return { top: distinct.slice(0, k).filter(({ value }) => value !== 0), best };
}

async function observed(order?: Uint32Array, options = {}) {
  const list: PhotoList =
    order === undefined
      ? photos
      : {
          ...photos,
          names: Array.from(order, (i) => names[i] as string),
          labels: Int32Array.from(order, (i) => y[i] as number),
        };
  const patches = new TopPatches(net, list, { top: 4, ...options });
  await observeForward(net, engine, order === undefined ? data : subset(data, order), [patches], { batchSize: 8 });
  return patches;
}

describe('top patches', () => {
  test('equal a search through every activation, ties by name, copies once', async () => {
    const patches = await observed();
    expect(patches.layers).toEqual(['a', 'b_relu', 'scores']);
    for (const [layer, channels] of [
      ['a', 6],
      ['b_relu', 5],
      ['scores', 3],
    ] as const) {
      for (let channel = 0; channel < channels; channel++) {
        const { top, best } = await bruteForce(layer, channel, 4);
        const unit = patches.unit(layer, channel);
        expect(unit.top, `${layer} ${channel}`).toEqual(top);
        const values = best.map(({ value }) => value);
        expect(unit.distribution).toMatchObject({ photos: N, max: values[0], min: values.at(-1) });
        expect(unit.distribution.silent).toBe(values.filter((value) => value <= 0).length);
        expect(unit.distribution.histogram.reduce((sum, bar) => sum + bar, 0)).toBe(N);
        const least = best.filter(({ value }) => value === values.at(-1));
        expect(unit.weakest?.name).toBe(least.map(({ name }) => name).sort()[0]);
        expect(unit.labels.reduce((sum, { count }) => sum + count, 0)).toBe(top.length);
      }
    }
  });

  test('do not depend on the order of the photos or the size of batches', async () => {
    const order = new RandomStream(2, 'order').shuffle(Uint32Array.from({ length: N }, (_, i) => i));
    const [a, b] = [await observed(undefined, { sample: 20 }), await observed(order, { sample: 20 })];
    for (let channel = 0; channel < 6; channel++) {
      const [p, q] = [a.unit('a', channel), b.unit('a', channel)];
      const plain = ({ photo: _, ...patch }: (typeof p.top)[number]) => patch;
      expect(q.top.map(plain)).toEqual(p.top.map(plain));
      expect(q.spread.map(({ patch }) => plain(patch))).toEqual(p.spread.map(({ patch }) => plain(patch)));
      expect(q.distribution).toEqual(p.distribution);
      expect(q.distribution.photos).toBe(20);
    }
  });

  test('photos on which a unit is 0 are not among its strongest, and no photo stands for two shares', async () => {
    const few = sequential([input([1, 1, 1]), conv2d({ name: 'u', filters: 2, kernelSize: 1, activation: 'relu' })]);
    await few.setWeights([new Tensor(Float32Array.of(1, -1), [1, 1, 1, 2]), new Tensor(new Float32Array(2), [2])]);
    // Unit 0 answers to two of six photos, unit 1 to none.
    const values = new Tensor(Float32Array.of(0, 3, 0, 5, 0, 0), [6, 1, 1, 1]);
    const list = {
      names: [...'abcdef'],
      labels: Int32Array.of(0, 1, 0, 1, 0, 0),
      classNames: ['off', 'on'],
      groups: [0, 1, 2, 3, 4, 5],
    };
    const patches = new TopPatches(few, list, { layers: ['u'] });
    await observeForward(few, engine, arrayDataset(values, new Tensor(list.labels, [6])), [patches]);
    const [unit, dead] = [patches.unit('u', 0), patches.unit('u', 1)];
    expect(unit.top.map(({ name, value }) => [name, value])).toEqual([
      ['d', 5],
      ['b', 3],
    ]);
    expect(unit.labels).toEqual([{ label: 1, name: 'on', count: 2 }]);
    expect(unit.distribution).toMatchObject({ photos: 6, silent: 4, median: 0 });
    expect([dead.top, dead.labels]).toEqual([[], []]);
    // Of the four others, one would stand for 75 and for 50 %.
    expect(unit.spread.map(({ quantile }) => quantile)).toEqual([0.9, 0.75, 0.25]);
    expect(new Set(unit.spread.map(({ patch }) => patch.name)).size).toBe(3);
  });

  test('near duplicates count once where their groups are known', async () => {
    const groups = Array.from({ length: N }, (_, i) => i % 3);
    const patches = new TopPatches(net, { ...photos, groups }, { top: 9 });
    await observeForward(net, engine, data, [patches]);
    const { top } = patches.unit('a', 0);
    expect(top.map(({ photo }) => photo % 3).sort()).toEqual([0, 1, 2]);
    const { best } = await bruteForce('a', 0, 9);
    expect(top[0]).toEqual(best[0]);
  });

  test('are found while evaluating, which comes to the same', async () => {
    const patches = new TopPatches(net, photos, { top: 4 });
    const options = { loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], engine, batchSize: 16 } as const;
    const plain = await evaluate(net, data, options);
    expect(await evaluate(net, data, { ...options, observers: [patches] })).toEqual(plain);
    const alone = await observed();
    for (const layer of alone.layers) expect(patches.unit(layer, 0)).toEqual(alone.unit(layer, 0));
  });

  test('a photo that only stands in for a broken one does not count', () => {
    const patches = new TopPatches(net, photos, { layers: ['scores'] });
    const outputs = { 'p/scores/value': Float32Array.of(1, 2, 3, 9, 9, 9) };
    const batch = { indices: Uint32Array.of(0, 1), x: new Tensor<'float32'>(x.slice(0, 378), [2, 9, 7, 3]) };
    patches.update({ ...batch, sampleWeights: Float32Array.of(1, 0) }, outputs, 'p/');
    expect(patches.unit('scores', 2).top.map(({ photo }) => photo)).toEqual([0]);
  });

  test('the class histogram and the selectivity name what a unit was built for', async () => {
    // Unit 0 sums red, and photos of class 2 are red.
    const red = sequential([input([4, 4, 3]), conv2d({ name: 'red', filters: 2, kernelSize: 1 })]);
    await red.setWeights([
      new Tensor(Float32Array.of(1, 0, 0, 1, 0, 0), [1, 1, 3, 2]),
      new Tensor(new Float32Array(2), [2]),
    ]);
    const random = new RandomStream(9, 'red');
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
    const pixels = Float32Array.from({ length: 60 * 48 }, (_, i) => {
      const isRed = labels[Math.floor(i / 48)] === 2 && i % 3 === 0;
      return random.uniform() * 0.4 + (isRed ? 0.5 : 0);
    });
    const list = {
      names: Array.from(labels, (_, i) => `${i}`),
      labels,
      classNames: ['a', 'b', 'red'],
    };
    const patches = new TopPatches(red, list, { top: 9 });
    await observeForward(red, engine, arrayDataset(new Tensor(pixels, [60, 4, 4, 3]), new Tensor(labels, [60])), [
      patches,
    ]);
    const unit = patches.unit('red', 0);
    expect(unit.labels).toEqual([{ label: 2, name: 'red', count: 9 }]);
    expect(unit.selectivity).toHaveLength(1);
    expect(unit.selectivity[0]).toMatchObject({
      name: 'red',
      auc: 1,
      interval: [1, 1],
      fires: 1,
      firesElsewhere: 0,
      photos: 20,
    });
    expect(patches.unit('red', 1).selectivity).toEqual([]);
    const quantiles = unit.spread.map(({ patch }) => patch.value);
    expect([...quantiles].sort((a, b) => b - a)).toEqual(quantiles);
    expect(quantiles[0]).toBeLessThan(unit.top.at(-1)?.value as number);
  });

  test('the area under the curve counts pairs, ties half', () => {
    expect(areaUnderCurve([1, 2, 3, 4], [false, true, false, true], [1, 1, 1, 1])).toBe(3 / 4);
    expect(areaUnderCurve([1, 1], [false, true], [1, 1])).toBe(0.5);
    expect(areaUnderCurve([1, 2], [false, true], [3, 2])).toBe(1);
  });

  test('questions that have no answer', async () => {
    const patches = await observed();
    expect(() => patches.unit('max_pooling2d', 0)).toThrow(/not among the layers.*a, b_relu, scores/);
    expect(() => patches.unit('a', 6)).toThrow(/numbered from 0 to 5/);
    expect(() => new TopPatches(net, photos, { top: 0 })).toThrow(/top must be/);
    expect(() => new TopPatches(net, photos, { layers: ['c'] })).toThrow(/no layer "c"/);
  });
});

describe('layers whose channels are units', () => {
  test('what comes out of normalization and activation', () => {
    const mobile = unitLayers(mobileNet({ includeTop: false, alpha: 0.25 })).map(({ name }) => name);
    expect(mobile.slice(0, 3)).toEqual(['conv1_relu', 'conv_dw_1_relu', 'conv_pw_1_relu']);
    expect(mobile).toHaveLength(27);
    const residual = unitLayers(resNet18()).map(({ name }) => name);
    expect(residual).toContain('layer1.0.relu');
    expect(residual).not.toContain('layer1.0.add');
    expect(residual.at(-1)).toBe('fc');
    const squeeze = unitLayers(squeezeNet11()).map(({ name }) => name);
    expect(squeeze).not.toContain('fire2_concat');
    const free = sequential([input([2]), dense({ units: 2 }), activation('softmax')]);
    expect(unitLayers(free).map(({ name }) => name)).toEqual(['dense']);
  });
});
