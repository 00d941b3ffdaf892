import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { layerNormalization } from './layerNormalization.js';

describe('layerNormalization', () => {
  it('each row of [2, 2] by itself; variance 1 and ε 3 make the deviation 2', () => {
    const x = [
      [1, 3],
      [10, 10],
    ];
    const y = runOp([x, [2, 4], [0, 1]], (value, gamma, beta) =>
      layerNormalization(value, gamma, beta, { epsilon: 3 }),
    );
    expect(y).toEqual([-1, 3, 0, 1]);
  });

  it('axis 1 of [1, 2, 2] takes the last axis too; mean and inverse deviation have the shape [1, 1, 1]', () => {
    const x = [
      [
        [0, 0],
        [4, 4],
      ],
    ];
    const gamma = [
      [1, 2],
      [3, 4],
    ];
    const beta = [
      [0, 0],
      [0, 0],
    ];
    const results = runOps([x, gamma, beta], (...inputs) => {
      return inputs[0]?.graph.emit('layerNormalization', inputs, { axis: 1, epsilon: 0 }) ?? [];
    });
    expect(results).toEqual([
      { shape: [1, 2, 2], values: [-1, -2, 3, 4] },
      { shape: [1, 1, 1], values: [2] },
      { shape: [1, 1, 1], values: [0.5] },
    ]);
  });

  // With u = (x0 − x1) / 2 the first output is u / √(u² + 3), whose slope at −1 is 3 / 8.
  it('gradients of the first of 1 and 3', () => {
    const inputs = [[[1, 3]], [1, 1], [0, 0]];
    const gradients = gradientsOf(inputs, (x, g, b) => layerNormalization(x, g, b, { epsilon: 3 }), [[1, 0]]);
    expectClose(gradients[0], [3 / 16, -3 / 16]);
    expectClose(gradients[1], [-0.5, 0]);
    expectClose(gradients[2], [1, 0]);
  });

  it.each([
    { axis: 2, message: 'must lie between -2 and 1' },
    { axis: 0, message: 'gamma must have the shape [1, 2]' },
  ])('axis $axis of [1, 2] with gamma [2] is refused', ({ axis, message }) => {
    const build = () =>
      runOp([[[1, 3]], [1, 1], [0, 0]], (x, g, b) => layerNormalization(x, g, b, { axis, epsilon: 0 }));
    expect(build).toThrow(message);
  });
});
