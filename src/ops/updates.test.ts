import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { runOps } from '../testing/runOps.js';
import type { Value } from './graph.js';
import type { AttributesOf, OpName } from './table.js';

/** Runs an update of one number and gives the new weight and states. */
function update<K extends OpName>(op: K, inputs: readonly number[][], attributes: AttributesOf<K>): number[] {
  const results = runOps(inputs, (...values) => (values[0] as Value).graph.emit(op, values, attributes));
  return results.map(({ values }) => values[0] as number);
}

// w = 2, dw = 8 scaled by 0.5 to g = 4, lr = 0.1
const common = (weightDecay = 0, correction1 = 1, correction2 = 1) => [
  [2],
  [8],
  [0.1, weightDecay, correction1, correction2],
  [0.5],
];

describe('updates of w = 2 by g = 4, lr 0.1', () => {
  it('sgd: 2 − 0.1 · 4', () => expectClose(update('sgdUpdate', common(), {}), [1.6]));

  it('sgd, decay 0.5: 2 − 2 · 0.5 · 0.1 first', () => expectClose(update('sgdUpdate', common(0.5), {}), [1.5]));

  it('momentum 0.9, velocity 1: v = 0.9 − 0.4', () => {
    const attributes = { momentum: 0.9, nesterov: false };
    expectClose(update('momentumUpdate', [...common(), [1]], attributes), [2.5, 0.5]);
  });

  it('Nesterov: 2 + 0.9 · 0.5 − 0.4', () => {
    const attributes = { momentum: 0.9, nesterov: true };
    expectClose(update('momentumUpdate', [...common(), [1]], attributes), [2.05, 0.5]);
  });

  it('rmsprop, rho 0.75, square 4, epsilon 9: s = 3 + 4, 2 − 0.4 / √16', () => {
    const attributes = { rho: 0.75, epsilon: 9 };
    expectClose(update('rmspropUpdate', [...common(), [4]], attributes), [1.9, 7]);
  });

  it('rmsprop with momentum 0.5 of 0.2: m = 0.1 + 0.1', () => {
    const attributes = { rho: 0.75, epsilon: 9, momentum: 0.5 };
    expectClose(update('rmspropMomentumUpdate', [...common(), [4], [0.2]], attributes), [1.8, 7, 0.2]);
  });

  it('adam, first step: w moves by lr whatever the gradient', () => {
    const attributes = { beta1: 0.9, beta2: 0.999, epsilon: 0 };
    expectClose(update('adamUpdate', [...common(0, 0.1, 0.001), [0], [0]], attributes), [1.9, 0.4, 0.016]);
  });

  it('adam, betas 0.5 and 0.75, m 2, v 0, corrections 0.75 and 0.25, epsilon 1', () => {
    // m = 3, v = 4, step 0.1 · 0.5 / 0.75 · 3 / (2 + 1) = 1 / 15
    const attributes = { beta1: 0.5, beta2: 0.75, epsilon: 1 };
    expectClose(update('adamUpdate', [...common(0, 0.75, 0.25), [2], [0]], attributes), [2 - 1 / 15, 3, 4]);
  });

  it('refuses a state of another shape', () => {
    const inputs = [...common(), [1, 2]];
    expect(() => update('momentumUpdate', inputs, { momentum: 0.9, nesterov: false })).toThrow('the state must have');
  });
});

describe('movingAverage', () => {
  it('momentum 0.75 of 4 and 8', () => expectClose(update('movingAverage', [[4], [8]], { momentum: 0.75 }), [5]));
});
