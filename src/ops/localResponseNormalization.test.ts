import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp } from '../testing/runOps.js';
import { localResponseNormalization } from './localResponseNormalization.js';

describe('localResponseNormalization', () => {
  it.each([
    { size: 1, alpha: 1, beta: 1, bias: 1, y: [1 / 2, 2 / 5, 3 / 10] },
    { size: 3, alpha: 3, beta: 1, bias: 1, y: [1 / 6, 2 / 15, 3 / 14] },
    // An even window reaches one channel further up than down, as ONNX's.
    { size: 2, alpha: 2, beta: 1, bias: 1, y: [1 / 6, 2 / 14, 3 / 10] },
    { size: 9, alpha: 9, beta: 0.5, bias: 2, y: [1 / 4, 2 / 4, 3 / 4] },
  ])('channels 1, 2, 3: size $size, alpha $alpha, beta $beta, bias $bias', ({ y, ...options }) => {
    expectClose(
      runOp([[[1, 2, 3]]], (x) => localResponseNormalization(x, options)),
      y,
    );
  });

  it('pixels do not see each other', () => {
    const options = { size: 3, alpha: 3, beta: 1, bias: 1 };
    const y = runOp([[[1], [2]]], (x) => localResponseNormalization(x, options));
    expectClose(y, [1 / 2, 2 / 5]);
  });

  it('gradient of x / (1 + x²) at 2', () => {
    const options = { size: 1, alpha: 1, beta: 1, bias: 1 };
    expectClose(gradientsOf([[2]], (x) => localResponseNormalization(x, options))[0], [-3 / 25]);
  });

  it('a window of 0 channels is refused', () => {
    const options = { size: 0, alpha: 1, beta: 1, bias: 1 };
    expect(() => runOp([[1]], (x) => localResponseNormalization(x, options))).toThrow('at least 1');
  });
});
