import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { dense } from '../../layers/dense.js';
import { sequential } from '../../model/sequential.js';
import { tensor } from '../../tensor/tensor.js';
import { fit as train } from '../fit.js';
import type { EpochRecord } from '../history.js';
import { sgd } from '../optimizers/sgd.js';
import { cosineDecay } from '../schedules/cosineDecay.js';
import type { Callback } from './callback.js';
import { earlyStopping } from './earlyStopping.js';
import { csvLog, jsonLinesLog } from './log.js';
import { modelCheckpoint } from './modelCheckpoint.js';
import { reduceOnPlateau } from './reduceOnPlateau.js';

/** A run whose validation loss in each epoch is the square of what the weight is set to. */
async function scripted(
  values: readonly number[],
  callbacks: readonly Callback[],
  optimizer = sgd({ learningRate: 1 }),
) {
  const model = sequential([dense({ units: 1, useBias: false, inputShape: [1] })]);
  const data = arrayDataset(tensor([[0]]), tensor([[0]]));
  const one = arrayDataset(tensor([[1]]), tensor([[0]]));
  const script: Callback = {
    onEpochBegin: async (run, epoch) => run.model.setWeights([tensor([[Math.sqrt(values[epoch] as number)]])]),
  };
  const result = await train(model, data, {
    ...{ loss: 'meanSquaredError', engine: new ReferenceEngine(), epochs: values.length, trainSample: 0 },
    ...{ optimizer, validation: one, callbacks: [script, ...callbacks] },
  });
  return { ...result, weight: (await model.getWeights())[0]?.data[0] as number };
}

describe('earlyStopping', () => {
  it('stops after so many epochs without progress, and puts the best weights back', async () => {
    const patient = await scripted([4, 1, 2, 3, 0.5], [earlyStopping({ patience: 2, restoreBestWeights: true })]);
    expect([patient.stopped, patient.epochs, patient.weight]).toEqual(['stopped', 4, 1]);
    expect(patient.reason).toBe('valLoss has not improved for 2 epochs');
    const lasting = await scripted([4, 1, 2, 3, 0.25], [earlyStopping({ patience: 3, restoreBestWeights: true })]);
    expect([lasting.stopped, lasting.weight]).toEqual(['completed', 0.5]);
  });

  it('patience 0 stops at the first epoch that is no better; without restoring the last weights stay', async () => {
    const { epochs, weight } = await scripted([4, 1, 9, 0], [earlyStopping()]);
    expect([epochs, weight]).toEqual([3, 3]);
  });

  it('progress of no more than minDelta is none; startFromEpoch', async () => {
    expect((await scripted([4, 3.9, 3.8, 3.7], [earlyStopping({ minDelta: 0.2 })])).epochs).toBe(2);
    expect((await scripted([1, 4, 3, 5, 1], [earlyStopping({ startFromEpoch: 1 })])).epochs).toBe(4);
  });

  it('mode max follows what should grow', async () => {
    expect((await scripted([1, 4, 3], [earlyStopping({ mode: 'max' })])).epochs).toBe(3);
  });

  it('the same object serves another run', async () => {
    const callback = earlyStopping();
    await scripted([1, 2], [callback]);
    expect((await scripted([9, 4, 5], [callback])).epochs).toBe(3);
  });

  it('a name that the run will not have is an error before the first step', async () => {
    await expect(scripted([1], [earlyStopping({ monitor: 'valAccuracy' })])).rejects.toThrow(/no number "valAccuracy"/);
    await expect(scripted([1], [earlyStopping({ monitor: 'valLos' })])).rejects.toThrow(/Did you mean "valLoss"/);
  });
});

describe('reduceOnPlateau', () => {
  it('lowers the learning rate, waits, and keeps to the floor', async () => {
    const callback = reduceOnPlateau({ patience: 2, factor: 0.1, cooldown: 1, minLearningRate: 0.05 });
    const { history } = await scripted([1, 1, 1, 1, 1, 1, 1, 1], [callback]);
    const rates = history.epochs.map(({ learningRate }) => learningRate);
    for (const [i, lr] of [1, 1, 1, 0.1, 0.1, 0.05, 0.05, 0.05].entries()) expect(rates[i]).toBeCloseTo(lr, 12);
  });

  it('cannot work on a schedule', async () => {
    const optimizer = sgd({ learningRate: cosineDecay({ initialLearningRate: 1 }) });
    await expect(scripted([1], [reduceOnPlateau()], optimizer)).rejects.toThrow(
      /needs a learning rate that is a number/,
    );
  });
});

describe('logs', () => {
  it('CSV and JSON Lines have one line for each epoch', async () => {
    const texts = { csv: '', json: '' };
    const sink = (name: keyof typeof texts) => (text: string, mode: string) => {
      texts[name] = mode === 'begin' ? text : texts[name] + text;
    };
    await scripted([4, 1], [csvLog(sink('csv')), jsonLinesLog(sink('json'))]);
    const lines = texts.csv.replaceAll(/,\d+\.\d{3},/g, ',S,').split('\n');
    expect(lines).toEqual(['epoch,step,seconds,learningRate,loss,valLoss', '0,1,S,1,0,4', '1,2,S,1,0,1', '']);
    const records = texts.json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(records.map(({ epoch, valLoss }) => [epoch, valLoss])).toEqual([
      [0, 4],
      [1, 1],
    ]);
  });
});

describe('modelCheckpoint', () => {
  it('hands over the best, or every so many', async () => {
    const seen: number[] = [];
    const save = (_: unknown, { epoch }: EpochRecord) => void seen.push(epoch);
    await scripted([4, 9, 1, 2, 0], [modelCheckpoint(save)]);
    expect(seen.splice(0)).toEqual([0, 2, 4]);
    await scripted([4, 9, 1, 2, 0], [modelCheckpoint(save, { saveBestOnly: false, everyEpochs: 2 })]);
    expect(seen).toEqual([1, 3]);
  });
});

describe("a callback of one's own", () => {
  it('is called in order, and may stop within an epoch', async () => {
    const calls: string[] = [];
    const own: Callback = {
      onTrainBegin: ({ logNames }) => void calls.push(`begin ${logNames.join()}`),
      onEpochBegin: (_, epoch) => void calls.push(`epoch ${epoch}`),
      onBatchEnd: (run, { epoch, logs }) => {
        calls.push(`batch ${logs.loss}`);
        if (epoch === 1) run.stop('enough');
      },
      onEpochEnd: (_, { epoch }) => void calls.push(`ended ${epoch}`),
      onTrainEnd: () => void calls.push('end'),
    };
    const { stopped, reason, epochs } = await scripted([1, 1, 1], [own]);
    expect(calls).toEqual(['begin loss,valLoss', 'epoch 0', 'batch 0', 'ended 0', 'epoch 1', 'batch 0', 'end']);
    expect([stopped, reason, epochs]).toEqual(['stopped', 'enough', 1]);
  });

  it('an error in it ends the run, and the others are told', async () => {
    let ended = false;
    const bad: Callback = { onEpochEnd: () => Promise.reject(new Error('own fault')) };
    const other: Callback = {
      onTrainEnd: () => {
        ended = true;
      },
    };
    await expect(scripted([1], [bad, other])).rejects.toThrow('own fault');
    expect(ended).toBe(true);
  });
});
