import { join } from 'node:path';
import { importFovea } from './foveaModules.mjs';

/** Trains one of the lecture's networks on the real MNIST and measures it on the test pictures, which it never saw. */
export async function trainMnist({ mnist: { network, folder, epochs, examples }, threads, build }) {
  const fovea = await importFovea();
  const engine = await fovea.createWasmEngine({ threads, ...(build === undefined ? {} : { build }) });
  const { train, test } = await fovea.readMnist(join(folder, 'mnist'));
  const model = fovea[network]();
  const data =
    examples === undefined ? train : { ...train, size: examples, labels: train.labels.subarray(0, examples) };
  const batchSize = 64;
  const steps = epochs * Math.ceil(data.size / batchSize);
  const learningRate = fovea.cosineDecay({ initialLearningRate: 0.001, decaySteps: steps });
  const loss = 'sparseCategoricalCrossentropy';
  const start = performance.now();
  const { history } = await fovea.fit(model, data, {
    ...{ loss, optimizer: fovea.adam({ learningRate }), epochs, batchSize, trainSample: 0, engine },
  });
  const seconds = (performance.now() - start) / 1000;
  const metrics = ['accuracy'];
  const { accuracy } = await fovea.evaluate(model, test, { loss, metrics, batchSize: 250, engine });
  await engine.close();
  const { build: kernels } = engine.description;
  return {
    accuracy,
    seconds,
    epochs: history.epochs.length,
    parameters: model.countParameters().total,
    build: kernels,
  };
}
