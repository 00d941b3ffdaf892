import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import type { Engine } from '../engines/engine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { loadModel, saveModel } from '../formats/modelFile.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { model as functional } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { Tensor } from '../tensor/tensor.js';
import { randomBatch } from '../testing/runModel.js';
import { fitOnFeatures } from '../train/features/fitOnFeatures.js';
import { splitModel } from '../train/features/splitModel.js';
import { finetune } from '../train/finetune/finetune.js';
import { unfreezeFrom } from '../train/finetune/freeze.js';
import { fit as train } from '../train/fit.js';
import { zoo } from '../zoo/zoo.js';
import { Inspector } from './inspector.js';
import { classMap } from './maps/classMap.js';
import { project, saliency } from './maps/gradients.js';
import { occlusion } from './maps/occlusion.js';
import { lastSpatialPlace } from './spatialPlace.js';
import { layerActivations } from './units/channelStatistics.js';

const SIDE = 32;
const UPPER = 'layer3.1.conv1';

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(() => engine.close());

const x = randomBatch([SIDE, SIDE, 3], 2);
const examples = arrayDataset(
  randomBatch([SIDE, SIDE, 3], 12, 'examples'),
  new Tensor<'int32'>(
    Int32Array.from({ length: 12 }, (_, i) => i % 3),
    [12],
  ),
);
const learning = { epochs: 2, batchSize: 6, loss: 'sparseCategoricalCrossentropy', learningRate: 0.01 } as const;

const fresh = (): Model =>
  finetune(zoo.resnet20_cifar10.build({ inputShape: [SIDE, SIDE, 3] }), 3, {
    features: zoo.resnet20_cifar10.features,
  });

/** All that is shown of a network, as plain numbers. */
async function shown(inspector: Inspector): Promise<Record<string, readonly number[]>> {
  const unit = { kind: 'unit', place: { layer: 'layer2.0.relu' }, channel: 5 } as const;
  const [maps, camera, gradients, projected, covered, activations, scores] = [
    await classMap(inspector, x),
    await classMap(inspector, x, { method: 'gradCam' }),
    await saliency(inspector, x),
    await project(inspector, x, { target: unit, rule: 'deconvnet' }),
    await occlusion(inspector, randomBatch([SIDE, SIDE, 3], 1), { size: 16, stride: 16, refine: 0 }),
    await layerActivations(inspector, randomBatch([SIDE, SIDE, 3], 1), ['relu', 'layer3.2.relu']),
    await inspector.scores(x),
  ];
  return {
    hiResCam: maps.flatMap(({ values, targetValue, bias, residual }) => [...values, targetValue, bias ?? 0, residual]),
    gradCam: camera.flatMap(({ values }) => [...values]),
    saliency: gradients.flatMap(({ values }) => [...values]),
    deconvnet: projected.flatMap(({ values }) => [...values]),
    occlusion: [...covered.values],
    activations: activations.flatMap(({ channels }) => channels.flatMap(({ max, mean, x: at }) => [max, mean, at])),
    scores: scores.flatMap(({ probabilities }) => [...probabilities]),
  };
}

/** The two parts of a split model as one network again. */
function joined(model: Model): Model {
  const split = splitModel(model);
  if (split === undefined) throw new Error('nothing to split');
  const [from, to] = [split.head.inputs[0] as LayerOutput, split.frozen.outputs[0] as LayerOutput];
  const nodes = new Map([[from, to]]);
  for (const node of split.head.nodes) {
    if (node === from) continue;
    const below = node.inputs.map((one) => nodes.get(one) as LayerOutput);
    nodes.set(node, node.layer.apply(below.length === 1 ? (below[0] as LayerOutput) : below));
  }
  const outputs = split.head.outputs.map((node) => nodes.get(node) as LayerOutput);
  return functional({ inputs: split.frozen.inputs, outputs, name: model.name });
}

function expectClose(a: Record<string, readonly number[]>, b: Record<string, readonly number[]>): void {
  for (const [what, values] of Object.entries(a)) {
    const size = Math.max(...values.map(Math.abs));
    expect(size, what).toBeGreaterThan(0);
    for (const [i, value] of values.entries()) {
      expect(Math.abs((b[what]?.[i] as number) - value), what).toBeLessThan(2e-3 * size);
    }
  }
}

test('a network whose frozen part was cached is the one that was trained whole; its two parts joined are it exactly', async () => {
  const [cached, whole] = [fresh(), fresh()];
  const messages: string[] = [];
  const options = { ...learning, engine };
  await fitOnFeatures(cached, examples, { ...options, onMessage: (text) => messages.push(text) });
  await train(whole, examples, options);
  expect(messages.join()).toMatch(/once/);
  const [a, b] = [await shown(new Inspector(cached, engine)), await shown(new Inspector(whole, engine))];
  expectClose(a, b);
  expect(await shown(new Inspector(joined(cached), engine))).toEqual(a);
  // The upper part alone, on the features that were kept, ranks the classes by the same scores.
  const split = splitModel(cached);
  if (split === undefined) throw new Error('nothing to split');
  const [features] = await new Inspector(split.frozen, engine).forward(x, ['output']);
  const above = await new Inspector(split.head, engine).scores(features as Tensor<'float32'>);
  expect(above.flatMap(({ probabilities }) => [...probabilities])).toEqual(a.scores);
});

test('after --unfreeze: an inspector that was made before sees what was learned, as the saved file does', async () => {
  const model = fresh();
  const inspector = new Inspector(model, engine);
  await fitOnFeatures(model, examples, { ...learning, engine });
  const before = await shown(inspector);
  unfreezeFrom(model, UPPER);
  await fitOnFeatures(model, examples, { ...learning, engine });
  const after = await shown(inspector);
  const loaded = await loadModel(await saveModel(model));
  expect(await shown(new Inspector(loaded.model, engine))).toEqual(after);
  expect(await shown(new Inspector(joined(model), engine))).toEqual(after);
  expect(after.hiResCam).not.toEqual(before.hiResCam);
  // What stayed frozen answers exactly as before.
  expect(after.deconvnet).toEqual(before.deconvnet);
  expect(splitModel(model)?.layer.name).toBe('layer3.0.relu');
  expect(lastSpatialPlace(model).layer).toBe('layer3.2.relu');
});
