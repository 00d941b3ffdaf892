import { describe, expect, it } from 'vitest';
import { constantRate } from './constantRate.js';
import { cosineDecay } from './cosineDecay.js';
import { cosineDecayRestarts } from './cosineDecayRestarts.js';
import { exponentialDecay } from './exponentialDecay.js';
import { oneCycle } from './oneCycle.js';
import { learningRateAt, type Schedule } from './schedule.js';
import { learningRateFromConfig, learningRateToConfig } from './scheduleFromConfig.js';
import { stepDecay } from './stepDecay.js';

const run = { totalSteps: 10, stepsPerEpoch: 5 };
const rates = (schedule: Schedule, steps: readonly number[]) => steps.map((step) => schedule.at(step, run));
const close = (received: readonly number[], expected: readonly number[]) => {
  expect(received.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(received[i]).toBeCloseTo(value, 12);
};

describe('schedules', () => {
  it('constantRate', () => close(rates(constantRate({ learningRate: 0.5 }), [0, 7]), [0.5, 0.5]));

  it('stepDecay by steps and by epochs', () => {
    close(rates(stepDecay({ learningRate: 1, factor: 0.5, everySteps: 3 }), [0, 2, 3, 5, 6]), [1, 1, 0.5, 0.5, 0.25]);
    close(rates(stepDecay({ learningRate: 1, everyEpochs: 1 }), [4, 5]), [1, 0.1]);
  });

  it('exponentialDecay, smooth and as a staircase', () => {
    const options = { initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.25 };
    close(rates(exponentialDecay(options), [0, 1, 2, 4]), [0.1, 0.05, 0.025, 0.00625]);
    close(rates(exponentialDecay({ ...options, staircase: true }), [0, 1, 2, 3]), [0.1, 0.1, 0.025, 0.025]);
  });

  it('cosineDecay: 1, then half way at half time, then alpha for good', () => {
    close(rates(cosineDecay({ initialLearningRate: 2, decaySteps: 4, alpha: 0.1 }), [0, 2, 4, 9]), [2, 1.1, 0.2, 0.2]);
  });

  it('cosineDecay with a warm-up takes the rest of the run to fall', () => {
    const schedule = cosineDecay({ initialLearningRate: 0, warmupTarget: 1, warmupSteps: 2 });
    close(rates(schedule, [0, 1, 2, 6, 10]), [0, 0.5, 1, 0.5, 0]);
  });

  it('cosineDecayRestarts: periods of 2 and 4 steps, the second half as high', () => {
    const schedule = cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 2, mMul: 0.5 });
    close(rates(schedule, [0, 1, 2, 4, 6]), [1, 0.5, 0.5, 0.25, 0.25]);
  });

  // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10): peak at step 2, the end at step 9.
  it('oneCycle as PyTorch', () => {
    const schedule = oneCycle({ maxLearningRate: 1 });
    close(rates(schedule, [0, 1, 2, 9]), [0.04, 0.52, 1, 0.000004]);
    expect(schedule.at(5.5, run)).toBeCloseTo((1 + 0.000004) / 2, 12);
  });

  it('a schedule that needs the length of an endless run says what to give', () => {
    expect(() => oneCycle({ maxLearningRate: 1 }).at(0, {})).toThrow(/Give the schedule the option totalSteps/);
  });

  it('a function of the step, and one that gives nonsense', () => {
    expect(learningRateAt((step) => 1 / (step + 1), 3)).toBe(0.25);
    expect(() => learningRateAt(() => Number.NaN, 3)).toThrow(/NaN at step 3/);
    expect(() => learningRateAt(-1, 0)).toThrow(/at least 0/);
  });

  it('every schedule comes back from its JSON', () => {
    const all: Schedule[] = [
      constantRate({ learningRate: 0.5 }),
      stepDecay({ learningRate: 1, everyEpochs: 2 }),
      exponentialDecay({ initialLearningRate: 1, decaySteps: 3, decayRate: 0.5 }),
      cosineDecay({ initialLearningRate: 1 }),
      cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 3 }),
      oneCycle({ maxLearningRate: 1 }),
    ];
    for (const schedule of all) {
      const again = learningRateFromConfig(JSON.parse(JSON.stringify(learningRateToConfig(schedule)))) as Schedule;
      expect(rates(again, [0, 3, 9])).toEqual(rates(schedule, [0, 3, 9]));
    }
  });

  it('unknown names get the nearest one', () => {
    expect(() => learningRateFromConfig({ type: 'cosinDecay', options: {} })).toThrow(/Did you mean "cosineDecay"/);
    expect(() => oneCycle({ maxLearningRate: 1, totalStep: 3 } as never)).toThrow(/Did you mean "totalSteps"/);
  });
});
