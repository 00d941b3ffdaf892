import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import type { Value } from './graph.js';
import { matMul } from './matMul.js';

const A = [
  [1, 2, 3],
  [4, 5, 6],
];
const A_TRANSPOSED = [
  [1, 4],
  [2, 5],
  [3, 6],
];
const B = [
  [1, 0],
  [10, 1],
  [100, 2],
];
const B_TRANSPOSED = [
  [1, 10, 100],
  [0, 1, 2],
];

describe('matMul', () => {
  it.each([
    { a: A, b: B, transposeA: false, transposeB: false },
    { a: A_TRANSPOSED, b: B, transposeA: true, transposeB: false },
    { a: A, b: B_TRANSPOSED, transposeA: false, transposeB: true },
    { a: A_TRANSPOSED, b: B_TRANSPOSED, transposeA: true, transposeB: true },
  ])('transposeA $transposeA, transposeB $transposeB', ({ a, b, ...options }) => {
    expect(runOp([a, b], (x, y) => matMul(x, y, options))).toEqual([321, 8, 654, 17]);
  });

  it('leading axes broadcast: [2, 1, 1, 2] by [3, 2, 1]', () => {
    const a = [[[[1, 0]]], [[[0, 1]]]];
    const b = [
      [[1], [10]],
      [[2], [20]],
      [[3], [30]],
    ];
    expect(runOps([a, b], (x, y) => [matMul(x, y)])).toEqual([{ shape: [2, 3, 1, 1], values: [1, 2, 3, 10, 20, 30] }]);
  });

  it('a bias is added before the ReLU, and its gradient passes where the sum is positive', () => {
    const [y, ...gradients] = [
      runOp([A, B, [-322, 1]], (a, b, bias) => fused(a, b, bias)),
      ...gradientsOf([A, B, [-322, 1]], (a, b, bias) => fused(a, b, bias)),
    ];
    expect(y).toEqual([0, 9, 332, 18]);
    expect(gradients[2]).toEqual([1, 2]);
  });

  it('gradients: each factor gets the other one summed', () => {
    expect(gradientsOf([A, B], (a, b) => matMul(a, b))).toEqual([
      [1, 11, 102, 1, 11, 102],
      [5, 5, 7, 7, 9, 9],
    ]);
  });

  it.each([
    { a: [[1, 2]], b: [[1, 2]], message: 'have 2 values, the columns of the second 1' },
    { a: [1, 2], b: [[1], [2]], message: 'at least two axes' },
    { a: [[[1]], [[2]]], b: [[[1]], [[2]], [[3]]], message: 'leading axes do not broadcast' },
  ])('$a by $b is refused', ({ a, b, message }) => {
    expect(() => runOp([a, b], (x, y) => matMul(x, y))).toThrow(message);
  });
});

function fused(...inputs: Value[]): Value {
  const attributes = { transposeA: false, transposeB: false, activation: 'relu' } as const;
  return (inputs[0] as Value).graph.emit('matMul', inputs, attributes)[0];
}
