import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp } from '../testing/runOps.js';
import { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from './activations.js';
import { erf } from './erf.js';
import type { Value } from './graph.js';

const s1 = 1 / (1 + Math.exp(-1));

// Values of erf and of the normal distribution to ten places: Abramowitz and Stegun, tables 7.1 and 26.1.
const PHI_1 = 0.8413447461;
const DENSITY_1 = 0.2419707245;

describe('activations and their gradients', () => {
  it.each([
    { name: 'relu', op: relu, x: [-1, 0, 2], y: [0, 0, 2], dx: [0, 0, 1] },
    { name: 'leakyRelu 0.1', op: (x: Value) => leakyRelu(x, 0.1), x: [-2, 0, 3], y: [-0.2, 0, 3], dx: [0.1, 0.1, 1] },
    { name: 'leakyRelu 0', op: (x: Value) => leakyRelu(x, 0), x: [-2, 3], y: [0, 3], dx: [0, 1] },
    { name: 'relu6', op: relu6, x: [-1, 3, 6, 7], y: [0, 3, 6, 6], dx: [0, 1, 0, 0] },
    { name: 'elu 2', op: (x: Value) => elu(x, 2), x: [-1, 0, 3], y: [2 / Math.E - 2, 0, 3], dx: [2 / Math.E, 2, 1] },
    {
      name: 'gelu',
      op: gelu,
      x: [-1, 0, 1],
      y: [PHI_1 - 1, 0, PHI_1],
      dx: [1 - PHI_1 - DENSITY_1, 0.5, PHI_1 + DENSITY_1],
    },
    { name: 'silu', op: silu, x: [0, 1], y: [0, s1], dx: [0.5, s1 + s1 * (1 - s1)] },
    { name: 'sigmoid', op: sigmoid, x: [-800, 0, 1], y: [0, 0.5, s1], dx: [0, 0.25, s1 * (1 - s1)] },
    { name: 'tanh', op: tanh, x: [0, 1], y: [0, Math.tanh(1)], dx: [1, 1 - Math.tanh(1) ** 2] },
    { name: 'softplus', op: softplus, x: [-800, 0, 800], y: [0, Math.LN2, 800], dx: [0, 0.5, 1] },
  ])('$name', ({ op, x, y, dx }) => {
    const build = (value: Value) => op(value);
    expectClose(runOp([x], build), y, 9);
    expectClose(gradientsOf([x], build)[0], dx, 9);
  });

  it('gelu by tanh lies within 5e-4 of the exact one, and its slope follows it', () => {
    const x = [-3, -1.5, -0.2, 0.7, 2];
    const approximate = (value: Value) => gelu(value, { approximate: true });
    const near = runOp([x], approximate);
    runOp([x], (value) => gelu(value)).forEach((exact, i) => {
      const difference = Math.abs(exact - (near[i] as number));
      expect(difference).toBeGreaterThan(0);
      expect(difference).toBeLessThan(5e-4);
    });
    const h = 1e-5;
    const up = runOp([x.map((v) => v + h)], approximate);
    const down = runOp([x.map((v) => v - h)], approximate);
    const slopes = up.map((value, i) => (value - (down[i] as number)) / (2 * h));
    expectClose(gradientsOf([x], approximate)[0], slopes, 8);
  });

  it.each([{ op: leakyRelu }, { op: elu }])('$op.name refuses alpha -1', ({ op }) => {
    expect(() => runOp([[1]], (x) => op(x, -1))).toThrow('alpha must be at least 0');
  });
});

describe('erf', () => {
  it.each([
    [0, 0],
    [0.1, 0.112462916],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [-1, -0.8427007929],
    [2, 0.995322265],
    [30, 1],
  ])('of %f', (x, y) => {
    expect(Math.abs(erf(x) - y)).toBeLessThan(3.5e-10);
  });
});
