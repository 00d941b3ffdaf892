import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { normalizePixels } from '../../data/photos/preprocessing.js';
import type { Engine } from '../../engines/engine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { model as functional } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { splitModel } from '../../train/features/splitModel.js';
import { finetune } from '../../train/finetune/finetune.js';
import { type ZooName, zoo } from '../../zoo/zoo.js';
import { inspectModel } from './inspection.js';
import { inspectPage } from './inspectPage.js';
import { inspectionSentences } from './inspectTexts.js';

/** Of larger networks the lower part is looked into, so that the comparison of all filters stays short. */
const MOST_PARAMETERS = 3e5;
const SIDE = 32;

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 1 });
});
afterAll(() => engine?.close());

/** Two photos of noise of two classes. */
function noise(): PhotoDataset {
  const [n, size] = [2, SIDE * SIDE * 3];
  const random = new RandomStream(1, 'noise');
  const pixels = Uint8Array.from({ length: n * size }, () => random.below(256));
  const labels = Int32Array.of(0, 1);
  const of = (i: number): Uint8Array => pixels.slice(i * size, (i + 1) * size);
  return {
    ...{ size: n, inputShape: [SIDE, SIDE, 3], labels, classNames: ['a', 'b'], names: ['1', '2'] },
    async batch(indices) {
      const all = new Uint8Array(indices.length * size);
      for (const [at, i] of indices.entries()) all.set(of(i), at * size);
      const frame = {
        channelOrder: 'rgb',
        range: [0, 1],
        mean: [0.5, 0.5, 0.5],
        standardDeviation: [0.25, 0.25, 0.25],
      };
      const y = new Tensor<'int32'>(
        Int32Array.from(indices, (i) => labels[i] as number),
        [indices.length],
      );
      return { x: normalizePixels(all, [indices.length, SIDE, SIDE, 3], frame as never), y };
    },
    photo: async (i) => ({ pixels: of(i), height: SIDE, width: SIDE }),
  };
}

function lowerPart(whole: Model): Model {
  let [parameters, last] = [0, whole.nodes[0]];
  const counted = new Set<unknown>();
  for (const node of whole.nodes) {
    if (!counted.has(node.layer)) {
      for (const { variable } of node.layer.weights) parameters += sizeOf(variable.shape);
    }
    counted.add(node.layer);
    if (parameters > MOST_PARAMETERS) break;
    if (node.shape.length === 3) last = node;
  }
  const [inputs] = whole.inputs;
  if (inputs === undefined || last === undefined) throw new Error('no layers');
  return parameters > MOST_PARAMETERS ? functional({ inputs, outputs: last, name: whole.name }) : whole;
}

describe('every network of the zoo can be looked into', () => {
  test.each(Object.keys(zoo) as ZooName[])('%s', async (name) => {
    const whole = zoo[name].build({ inputShape: [SIDE, SIDE, 3], classes: 2, includeTop: false });
    const found = await inspectModel(lowerPart(whole), { engine, photos: noise(), units: [0] });
    expect(found.units.length).toBeGreaterThan(1);
    expect(found.layers.filter(({ filters }) => filters !== undefined).length).toBeGreaterThan(3);
    for (const { patches, projections } of found.units) {
      expect(patches.some(({ stale }) => stale)).toBe(false);
      expect(patches.length === 0 || projections.some(({ refused }) => refused === undefined)).toBe(true);
    }
    const text = inspectionSentences(found)
      .map(({ sentence }) => sentence)
      .join('\n');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('fine-tuned with frozen layers, its lower part behind which features are kept, and without photos', async () => {
    const base = zoo.resnet20_cifar10.build({ inputShape: [SIDE, SIDE, 3], classes: 2 });
    const tuned = finetune(base, 2, { features: zoo.resnet20_cifar10.features });
    const split = splitModel(tuned);
    if (split === undefined) throw new Error('nothing to split');
    const options = { engine, photos: noise(), units: [0], layers: ['layer1.0.relu'] };
    const [whole, frozen] = [await inspectModel(tuned, options), await inspectModel(split.frozen, options)];
    expect(whole.contributions).toBeDefined();
    const values = (one: typeof whole) => one.units.map(({ patches }) => patches.map(({ value }) => value));
    expect(values(frozen)).toEqual(values(whole));
    expect(values(whole).flat().length).toBeGreaterThan(0);
    expect(await inspectPage(frozen)).toContain('What units look for');
    const bare = await inspectModel(split.frozen, { engine });
    expect(await inspectPage(bare)).toContain('No photos were given');
  });
});
