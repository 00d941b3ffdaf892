import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import type { Value } from './graph.js';
import { concatenate, reshape, slice, transpose } from './movement.js';

const x = [
  [1, 2, 3],
  [4, 5, 6],
];

describe('reshape', () => {
  it.each([
    { shape: [3, 2], full: [3, 2] },
    { shape: [1, -1], full: [1, 6] },
    { shape: [-1], full: [6] },
  ])('[2, 3] to $shape', ({ shape, full }) => {
    expect(runOps([x], (v) => [reshape(v, shape)])).toEqual([{ shape: full, values: [1, 2, 3, 4, 5, 6] }]);
  });

  it('refuses another number of elements', () => {
    expect(() => runOp([x], (v) => reshape(v, [4, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: reshape: the input has 6 elements, the shape [4, 2] needs 8. Received input [2, 3].]`,
    );
    expect(() => runOp([x], (v) => reshape(v, [4, -1]))).toThrow('whole number');
  });
});

describe('transpose', () => {
  it('[2, 3]', () => {
    expect(runOps([x], (v) => [transpose(v)])).toEqual([{ shape: [3, 2], values: [1, 4, 2, 5, 3, 6] }]);
  });

  it('[1, 2, 3] by [2, 0, 1], and its gradient by the inverse', () => {
    const order = [2, 0, 1];
    expect(runOps([[x]], (v) => [transpose(v, order)])).toEqual([{ shape: [3, 1, 2], values: [1, 4, 2, 5, 3, 6] }]);
    const seed = [[[1, 2]], [[3, 4]], [[5, 6]]];
    expect(gradientsOf([[x]], (v) => transpose(v, order), seed)).toEqual([[1, 3, 5, 2, 4, 6]]);
  });

  it.each([{ permutation: [0] }, { permutation: [0, 0] }, { permutation: [1, 2] }])(
    'refuses $permutation',
    (options) => {
      expect(() => runOp([x], (v) => transpose(v, options.permutation))).toThrow('every axis of the input once');
    },
  );
});

describe('concatenate', () => {
  it('axis 0', () => {
    expect(runOps([x, [[7, 8, 9]]], (a, b) => [concatenate([a, b], 0)])).toEqual([
      { shape: [3, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
    ]);
  });

  it('axis -1 of three, and its gradient', () => {
    const build = (a: Value, b: Value, c: Value) => concatenate([a, b, c]);
    const inputs = [
      x,
      [[7], [8]],
      [
        [9, 10],
        [11, 12],
      ],
    ];
    expect(runOp(inputs, build)).toEqual([1, 2, 3, 7, 9, 10, 4, 5, 6, 8, 11, 12]);
    const seed = [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ];
    expect(gradientsOf(inputs, build, seed)).toEqual([
      [1, 2, 3, 7, 8, 9],
      [4, 10],
      [5, 6, 11, 12],
    ]);
  });

  it('refuses sizes that differ elsewhere', () => {
    expect(() => runOp([x, [[7, 8]]], (a, b) => concatenate([a, b], 0))).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: concatenate: all sizes but those along axis 0 must be the same. Received inputs [2, 3], [1, 2].]`,
    );
  });
});

describe('slice', () => {
  it('begin [0, 1], size [2, 2], and its gradient', () => {
    const build = (v: Value) => slice(v, [0, 1], [-1, 2]);
    expect(runOps([x], (v) => [build(v)])).toEqual([{ shape: [2, 2], values: [2, 3, 5, 6] }]);
    expect(
      gradientsOf([x], build, [
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([[0, 1, 2, 0, 3, 4]]);
  });

  it.each([
    { begin: [0, 2], size: [2, 2] },
    { begin: [-1, 0], size: [1, 1] },
    { begin: [0], size: [1] },
    { begin: [0, 0], size: [0, 1] },
  ])('refuses begin $begin, size $size', ({ begin, size }) => {
    expect(() => runOp([x], (v) => slice(v, begin, size))).toThrow('slice: ');
  });
});
