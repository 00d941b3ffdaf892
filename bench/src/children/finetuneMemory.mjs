import { importFovea } from './foveaModules.mjs';
import { peakMemory } from './serve.mjs';

const CLASSES = 2;

/** The whole of VGG16 with random weights, a new last layer put on, trained by `fit` for a few steps: most memory of the process. */
export async function finetuneMemory({ finetuneMemory: { layers, batch, steps }, threads, build }) {
  const fovea = await importFovea(['train/finetune/finetune.js', 'train/finetune/freeze.js']);
  const engine = await fovea.createWasmEngine({ threads, ...(build === undefined ? {} : { build }) });
  const model = fovea.finetune(fovea.vgg16(), CLASSES);
  if (layers === 'all') fovea.unfreezeFrom(model, 0);
  if (layers === 'dense') fovea.unfreezeDense(model);
  const size = batch * steps;
  const x = Float32Array.from({ length: size * 224 * 224 * 3 }, (_, i) => Math.sin(i * 0.37));
  const labels = Int32Array.from({ length: size }, (_, i) => i % CLASSES);
  const data = fovea.arrayDataset(new fovea.Tensor(x, [size, 224, 224, 3]), new fovea.Tensor(labels, [size]));
  const { trainable, total } = model.countParameters();
  const seconds = [];
  let last = performance.now();
  const { history, steps: done } = await fovea.fit(model, data, {
    ...{ loss: 'sparseCategoricalCrossentropy', optimizer: fovea.adam({ learningRate: 1e-5 }) },
    ...{ batchSize: batch, trainSample: 0, engine },
    callbacks: [
      {
        onBatchEnd: () => {
          seconds.push((performance.now() - last) / 1000);
          last = performance.now();
        },
      },
    ],
  });
  const loss = history.last.logs.loss;
  if (done !== steps || !Number.isFinite(loss)) throw new Error(`${done} of ${steps} steps, loss ${loss}`);
  await engine.close();
  return { bytes: peakMemory(), trainable, total, seconds, loss, build: engine.description.build };
}
