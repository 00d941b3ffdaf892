import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { batchNormalization, batchNormalizationInference } from './batchNormalization.js';

// Variance 1 and ε 3 make the deviation 2.
const EPSILON = { epsilon: 3 };

describe('batchNormalization', () => {
  it('[2, 2]: each channel over the batch, with the biased variance', () => {
    const x = [
      [1, 50],
      [3, 50],
    ];
    const [y, mean, variance] = runOps([x, [2, 7], [10, -1]], (value, gamma, beta) => {
      const result = batchNormalization(value, gamma, beta, EPSILON);
      return [result.y, result.mean, result.variance];
    });
    expect(y).toEqual({ shape: [2, 2], values: [9, -1, 11, -1] });
    expect(mean).toEqual({ shape: [2], values: [2, 50] });
    expect(variance).toEqual({ shape: [2], values: [1, 0] });
  });

  it('[1, 2, 2, 1]: over batch, height and width', () => {
    const x = [
      [
        [[0], [0]],
        [[4], [4]],
      ],
    ];
    const [y, , variance] = runOps([x, [1], [0]], (value, gamma, beta) => {
      const result = batchNormalization(value, gamma, beta, { epsilon: 0 });
      return [result.y, result.mean, result.variance];
    });
    expect(y?.values).toEqual([-1, -1, 1, 1]);
    expect(variance?.values).toEqual([4]);
  });

  // With u = (x0 − x1) / 2 the first output is u / √(u² + 3), whose slope at −1 is 3 / 8.
  it('gradients of the first of 1 and 3', () => {
    const y = gradientsOf([[[1], [3]], [1], [0]], (x, gamma, beta) => batchNormalization(x, gamma, beta, EPSILON).y, [
      [1],
      [0],
    ]);
    expectClose(y[0], [3 / 16, -3 / 16]);
    expectClose(y[1], [-0.5]);
    expectClose(y[2], [1]);
  });

  it('a loss that depends on the mean is refused', () => {
    const build = () => gradientsOf([[[1], [3]], [1], [0]], (x, g, b) => batchNormalization(x, g, b, EPSILON).mean);
    expect(build).toThrow('have no gradient');
  });

  it('gamma of another length is refused', () => {
    const build = () => runOp([[[1, 2]], [1], [0, 0]], (x, g, b) => batchNormalization(x, g, b, EPSILON).y);
    expect(build).toThrow('gamma must have the shape [2]');
  });
});

describe('batchNormalizationInference', () => {
  it('x 5, mean 1, variance 1, ε 3, gamma 3, beta 1', () => {
    const y = runOp([[[5]], [3], [1], [1], [1]], (x, gamma, beta, mean, variance) => {
      return batchNormalizationInference(x, gamma, beta, mean, variance, EPSILON);
    });
    expect(y).toEqual([7]);
  });

  it('gradients treat the statistics as constants', () => {
    const gradients = gradientsOf(
      [[[5], [1]], [3], [1]],
      (x, gamma, beta) => {
        const one = x.graph.emit('fill', [], { shape: [1], value: 1 })[0];
        return batchNormalizationInference(x, gamma, beta, one, one, EPSILON);
      },
      [[2], [1]],
    );
    expect(gradients).toEqual([[3, 1.5], [4], [3]]);
  });
});
