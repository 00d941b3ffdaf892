import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { dense } from '../layers/dense.js';
import { type Dropout, dropout } from '../layers/dropout.js';
import { sequential } from '../model/sequential.js';
import { FoveaError } from '../tensor/errors.js';
import type { Callback } from './callbacks/callback.js';
import { earlyStopping } from './callbacks/earlyStopping.js';
import { csvLog } from './callbacks/log.js';
import { reduceOnPlateau } from './callbacks/reduceOnPlateau.js';
import type { Checkpoint } from './checkpoint.js';
import { fit as train } from './fit.js';
import type { FitOptions } from './fitOptions.js';
import type { EpochRecord } from './history.js';
import { confusionMatrix } from './metrics/confusionMatrix.js';
import { checkpointFile, readCheckpointFile } from './node/checkpointFile.js';
import { logFile } from './node/logFile.js';
import { adam } from './optimizers/adam.js';
import { rmsprop } from './optimizers/rmsprop.js';
import { sgd } from './optimizers/sgd.js';
import { oneCycle } from './schedules/oneCycle.js';
import { bits, clouds } from './testing/tinyData.js';

/** A new process: nothing is shared with the run that was killed. */
const build = (units = 6) =>
  sequential([
    dense({ units, activation: 'relu', inputShape: [4], name: 'hidden' }),
    batchNormalization({ momentum: 0.9 }),
    dropout({ rate: 0.2, name: 'drop' }),
    dense({ units: 3, activation: 'softmax', name: 'scores' }),
  ]);

const bytesOf = ({ pieces }: Checkpoint) => new Uint8Array(Buffer.concat(pieces));
const timeless = (epochs: readonly EpochRecord[]) => epochs.map(({ seconds: _, ...rest }) => rest);

const EPOCHS = 4;

/** Runs that use everything that must survive. */
const runs: readonly (readonly [string, () => Omit<FitOptions, 'loss'>])[] = [
  [
    'adam, averaged weights, dropout',
    () => ({ optimizer: adam({ learningRate: 0.03 }), averageWeights: { momentum: 0.8 } }),
  ],
  [
    'momentum, plateaus, early stopping with the best weights',
    () => ({
      optimizer: sgd({ learningRate: 0.3, momentum: 0.9 }),
      validation: 0.25,
      callbacks: [
        reduceOnPlateau({ monitor: 'loss', patience: 1, factor: 0.5, minDelta: 0.3 }),
        earlyStopping({ monitor: 'valAccuracy', patience: 1, restoreBestWeights: true }),
      ],
    }),
  ],
  [
    'rmsprop over one cycle',
    () => ({ optimizer: rmsprop({ learningRate: oneCycle({ maxLearningRate: 0.05 }), momentum: 0.5 }) }),
  ],
  ['layers frozen and rates changed on the way', () => ({ callbacks: [unfreeze()] })],
];

function unfreeze(): Callback {
  return {
    onEpochBegin: ({ model }, epoch) => {
      model.layer('hidden').trainable = epoch !== 1;
      (model.layer('drop') as Dropout).rate = epoch === 1 ? 0.6 : 0;
    },
  };
}

const options = (extra: Omit<FitOptions, 'loss'>): FitOptions => ({
  ...{ loss: 'categoricalCrossentropy', engine: new ReferenceEngine(), metrics: ['accuracy', confusionMatrix()] },
  ...{ epochs: EPOCHS, batchSize: 5, seed: 11 },
  ...extra,
});

describe('a run that was killed goes on to the same bits', () => {
  it.each(runs)('%s: after every single step', async (_, extra) => {
    const data = clouds(22);
    const kept: Uint8Array[] = [];
    const whole = build();
    const save = (checkpoint: Checkpoint) => void kept.push(bytesOf(checkpoint));
    const result = await train(whole, data, { ...options(extra()), checkpoint: { save, everySteps: 1 } });
    const weights = bits(await whole.getWeights());
    if (extra().validation !== undefined) {
      // The run is worth resuming only if its callbacks have acted.
      expect(result.stopped).toBe('stopped');
      expect(new Set(result.history.epochs.map(({ learningRate }) => learningRate)).size).toBeGreaterThan(1);
    }
    expect(kept.length).toBeGreaterThan(result.steps);
    for (const resume of kept) {
      const model = build();
      const resumed = await train(model, data, { ...options(extra()), resume });
      expect(bits(await model.getWeights())).toEqual(weights);
      expect(timeless(resumed.history.epochs)).toEqual(timeless(result.history.epochs));
      expect([resumed.stopped, resumed.steps, resumed.epochs]).toEqual([result.stopped, result.steps, result.epochs]);
    }
  });

  it('a checkpoint of the end goes on to more epochs as if there had been no end', async () => {
    const data = clouds(22);
    const [short, long, whole] = [build(), build(), build()] as const;
    const extra = () => ({ optimizer: adam(), averageWeights: { momentum: 0.8 } });
    const first = await train(short, data, { ...options(extra()), epochs: 2 });
    await train(long, data, { ...options(extra()), resume: bytesOf(await first.checkpoint()) });
    await train(whole, data, options(extra()));
    expect(bits(await long.getWeights())).toEqual(bits(await whole.getWeights()));
  });

  it('a stream of batches', async () => {
    const data = clouds(22);
    const stream = (epoch: number) => [0, 1, 2].map((i) => data.batch(Uint32Array.of(i, i + 5, i + epoch))) as never;
    const kept: Uint8Array[] = [];
    const whole = build();
    const save = (checkpoint: Checkpoint) => void kept.push(bytesOf(checkpoint));
    const { batchSize: _, ...own } = options({ epochs: 2 });
    await train(whole, stream, { ...own, checkpoint: { save, everySteps: 2 } });
    for (const resume of kept) {
      const model = build();
      await train(model, stream, { ...own, resume });
      expect(bits(await model.getWeights())).toEqual(bits(await whole.getWeights()));
    }
  });
});

describe('what a checkpoint is', () => {
  const checkpoint = async (extra: Omit<FitOptions, 'loss'> = {}) => {
    const kept: Uint8Array[] = [];
    const save = (one: Checkpoint) => void kept.push(bytesOf(one));
    await train(build(), clouds(22), { ...options({ epochs: 1, ...extra }), checkpoint: { save, everySteps: 3 } });
    return kept[0] as Uint8Array;
  };
  const resumeWith = async (
    resume: Uint8Array,
    extra: Omit<FitOptions, 'loss'> = {},
    model = build(),
    data = clouds(22),
  ) => train(model, data, { ...options({ epochs: 1, ...extra }), resume });

  it('a safetensors file: weights, slots and facts', async () => {
    const { tensors, metadata } = readSafetensors(await checkpoint(), 'test');
    expect(metadata.format).toBe('fovea-checkpoint');
    expect([...tensors.keys()].filter((name) => name.includes('scores'))).toEqual([
      'optimizer/m/scores/bias',
      'optimizer/m/scores/kernel',
      'optimizer/v/scores/bias',
      'optimizer/v/scores/kernel',
      'weights/scores/bias',
      'weights/scores/kernel',
    ]);
  });

  it('of another model, optimizer, seed or data: an error, and nothing has changed', async () => {
    const bytes = await checkpoint();
    const model = build(7);
    const before = bits(await model.getWeights());
    const cases: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
      [() => resumeWith(bytes, {}, model), /another model: layer number 0 differs.*dense "hidden".*with other options/],
      [() => resumeWith(bytes, { optimizer: sgd() }), /adam in the checkpoint, sgd now/],
      [() => resumeWith(bytes, { seed: 12 }), /11 in the checkpoint, 12 now/],
      [() => resumeWith(bytes, { batchSize: 4 }), /batchSize must be what it was/],
      [() => resumeWith(bytes, {}, build(), clouds(21)), /22 in the checkpoint, 21 now/],
    ];
    for (const [attempt, message] of cases) await expect(attempt()).rejects.toThrow(message);
    expect(bits(await model.getWeights())).toEqual(before);
  });

  it('damaged or something else', async () => {
    const bytes = await checkpoint();
    await expect(resumeWith(bytes.subarray(0, 200))).rejects.toThrow(FoveaError);
    const { tensors, metadata } = readSafetensors(bytes, 'test');
    const rewritten = (change: Record<string, string>) => writeSafetensors(tensors, { ...metadata, ...change });
    await expect(resumeWith(rewritten({ format: 'fovea' }))).rejects.toThrow(/This is a model: load it with loadModel/);
    await expect(resumeWith(rewritten({ version: '2' }))).rejects.toThrow(/version 1.*version 2/);
    await expect(resumeWith(rewritten({ training: '{"seed":1}' }))).rejects.toThrow(/incomplete or wrong at "epochs"/);
    tensors.delete('weights/scores/bias');
    await expect(resumeWith(rewritten({}))).rejects.toThrow(/lacks "weights\/scores\/bias"/);
  });

  it('the seed of the checkpoint is used where none is given', async () => {
    const { seed: _, ...own } = options({ epochs: 2 });
    const resume = await checkpoint({ epochs: 2 });
    const [a, b] = [build(), build()];
    await train(a, clouds(22), { ...own, resume });
    await train(b, clouds(22), options({ epochs: 2 }));
    expect(bits(await a.getWeights())).toEqual(bits(await b.getWeights()));
  });

  it('another learning rate that is asked for now holds; one that was changed on the way is kept', async () => {
    const rates: number[] = [];
    const keep: Callback = { onBatchEnd: (_, { learningRate }) => void rates.push(learningRate) };
    const lower: Callback = {
      onBatchEnd: ({ optimizer }) => {
        optimizer.learningRate = 0.25;
      },
    };
    const start = () => sgd({ learningRate: 0.5 });
    const bytes = await checkpoint({ optimizer: start(), callbacks: [lower] });
    await resumeWith(bytes, { optimizer: start(), callbacks: [keep] });
    await resumeWith(bytes, { optimizer: sgd({ learningRate: 0.125 }), callbacks: [keep] });
    expect(rates).toEqual([0.25, 0.25, 0.125, 0.125]);
  });
});

describe('files', () => {
  it('checkpoint and log of a run that was interrupted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fovea-'));
    try {
      const path = join(folder, 'checkpoint.safetensors');
      const log = join(folder, 'log.csv');
      const own = (callbacks: Callback[], signal?: AbortSignal): FitOptions => ({
        ...options({
          epochs: 3,
          callbacks: [...callbacks, csvLog(logFile(log))],
          checkpoint: { save: checkpointFile(path) },
        }),
        ...(signal === undefined ? {} : { signal }),
      });
      const control = new AbortController();
      const abort: Callback = { onBatchEnd: (_, { step }) => (step === 12 ? control.abort() : undefined) };
      const first = await train(build(), clouds(22), own([abort], control.signal));
      expect(first.stopped).toBe('aborted');
      const model = build();
      const { steps } = await train(model, clouds(22), { ...own([]), resume: await readCheckpointFile(path) });
      expect(steps).toBe(15);
      const lines = (await readFile(log, 'utf8')).trim().split('\n');
      expect(lines[0]).toBe(
        'epoch,step,seconds,learningRate,loss,accuracy,confusionMatrix,trainLoss,trainAccuracy,trainConfusionMatrix',
      );
      expect(lines.slice(1).map((line) => line.split(',').slice(0, 2).join())).toEqual(['0,5', '1,10', '2,15']);
      const whole = build();
      await train(whole, clouds(22), options({ epochs: 3 }));
      expect(bits(await model.getWeights())).toEqual(bits(await whole.getWeights()));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('a folder that does not exist', async () => {
    const save = checkpointFile('/nowhere/at/all/checkpoint');
    await expect(train(build(), clouds(22), { ...options({ epochs: 1 }), checkpoint: { save } })).rejects.toThrow(
      FoveaError,
    );
    await expect(readCheckpointFile('/nowhere/at/all')).rejects.toThrow(FoveaError);
  });
});
