// Training that is interrupted goes on to the same bits as if nothing had happened.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dense, digits, dropout, fit, flatten, input, loadModel, saveModel, sequential } from 'fovea';
import { checkpointFile, readCheckpointFile } from 'fovea/node';

const folder = await mkdtemp(join(tmpdir(), 'fovea-'));
const checkpoint = join(folder, 'checkpoint.safetensors');
const { train } = digits({ train: 500, test: 1 });
const build = () =>
  sequential([
    input([28, 28, 1]),
    flatten(), // [784]
    dense({ units: 32, activation: 'relu' }),
    dropout({ rate: 0.2 }),
    dense({ units: 10, activation: 'softmax' }),
  ]);
const options = { loss: 'categoricalCrossentropy', epochs: 4, batchSize: 25, seed: 7 };

// One run without a break.
const whole = build();
await fit(whole, train, options);

// The same run, stopped within its third epoch. A checkpoint is written every ten steps, and when a run ends early.
const stop = new AbortController();
const interrupted = await fit(build(), train, {
  ...options,
  signal: stop.signal,
  checkpoint: { save: checkpointFile(checkpoint), everySteps: 10 },
  callbacks: [{ onBatchEnd: (_run, { step }) => step === 49 && stop.abort() }],
});
console.log(`${interrupted.stopped} after ${interrupted.steps} steps`);

// Another process would begin here: a new model, and the state of the run from the file.
const resumed = build();
const { steps } = await fit(resumed, train, { ...options, resume: await readCheckpointFile(checkpoint) });
console.log(`resumed, and ended after ${steps} steps`);

// A model file is safetensors with the configuration in its metadata.
const path = join(folder, 'model.safetensors');
await writeFile(path, await saveModel(resumed, { note: 'resumed once' }));
const { model, metadata } = await loadModel(await readFile(path));
console.log(`loaded "${metadata.note}" with ${model.countParameters().total} parameters`);

const [a, b] = [await whole.getWeights(), await model.getWeights()];
const same = a.every((tensor, i) => tensor.data.every((value, j) => value === b[i].data[j]));
console.log(same ? 'the weights are the same, bit for bit' : 'the weights differ');
await rm(folder, { recursive: true });
