// Fovea as it is built in dist/, under whichever Node runs this.

import { finetuneMemory } from './finetuneMemory.mjs';
import { algorithmErrors } from './foveaErrors.mjs';
import { openLayers } from './foveaLayers.mjs';
import { importFovea, isBuilt } from './foveaModules.mjs';
import { openNetwork } from './foveaNetwork.mjs';
import { measurePeak } from './machinePeak.mjs';
import { trainMnist } from './mnist.mjs';
import { peakMemory, serve, timed } from './serve.mjs';

let network;
let layers;

async function open({ open: work, ...settings }) {
  if (!isBuilt()) return { unavailable: 'it is not built; run npm run build first' };
  network = await openNetwork(work, settings);
  return {
    version: work.version,
    ...network.details,
    check: work.mode === 'epoch' ? [] : firstNumbers(await network.step()),
  };
}

const firstNumbers = (numbers) => Array.from(numbers.slice(0, 64));

/** From the first import to the first prediction of VGG16, but for the making of its weights. */
async function startUp({ threads, build }) {
  const begin = performance.now();
  const fovea = await importFovea();
  const engine = await fovea.createWasmEngine({ threads, ...(build === undefined ? {} : { build }) });
  const model = fovea.vgg16();
  const ready = performance.now();
  for (const { weight } of model.weights) {
    const numbers = new Float32Array(weight.variable.size);
    for (let i = 0; i < numbers.length; i++) numbers[i] = (((i * 7919) % 1009) / 1009 - 0.5) * 0.02;
    await weight.variable.write(numbers);
  }
  const x = new fovea.Tensor(new Float32Array(224 * 224 * 3).fill(0.5), [1, 224, 224, 3]);
  const written = performance.now();
  const predictor = new fovea.Predictor(model, engine);
  await predictor.predict(x);
  const predicted = performance.now();
  await predictor.predict(x);
  const second = (performance.now() - predicted) / 1000;
  const setUp = (ready - begin) / 1000;
  const first = (predicted - written) / 1000;
  return { seconds: setUp + first, setUp, first, second, build: engine.description.build };
}

await serve(async (question) => {
  if (question.open !== undefined) return open(question);
  if (question.startUp !== undefined) return startUp(question);
  if (question.machinePeak !== undefined) return measurePeak(question);
  if (question.mnist !== undefined) return trainMnist(question);
  if (question.finetuneMemory !== undefined) return finetuneMemory(question);
  if (question.memory !== undefined) return { bytes: peakMemory() };
  if (question.errors !== undefined) return algorithmErrors(question);
  if (question.layer !== undefined) {
    layers ??= await openLayers(question);
    return { ...(await layers.measure(question.layer, question.pass, question)), build: layers.build };
  }
  return { seconds: await timed(network.step, question.run, question.limit) };
});
