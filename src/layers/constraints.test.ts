import { expect, test } from 'vitest';
import { interpret } from '../engines/reference/interpret.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { constrain, maxNorm, minMaxNorm, nonNegative, unitNorm } from './constraints.js';
import { l1, l1l2, l2, penalty } from './regularizers.js';

/** Numbers that an expression of one weight has. */
function evaluate(w: number[], shape: number[], expression: (w: Value) => Value): number[] {
  const graph = new Graph(opTable);
  const y = expression(graph.input('w', shape));
  return Array.from(interpret(graph, { inputs: { w } }).get(y) ?? []);
}

// two columns [3, 4] with norm 5 and [0.6, 0.8] with norm 1
const w = [3, 0.6, 4, 0.8];

test.each([
  { name: 'nonNegative', constraint: nonNegative(), from: [-1, 2, -3, 4], to: [0, 2, 0, 4] },
  { name: 'maxNorm 2', constraint: maxNorm(2), from: w, to: [1.2, 0.6, 1.6, 0.8] },
  { name: 'maxNorm 2 along rows', constraint: maxNorm(2, 1), from: [3, 4, 0.6, 0.8], to: [1.2, 1.6, 0.6, 0.8] },
  { name: 'unitNorm', constraint: unitNorm(), from: w, to: [0.6, 0.6, 0.8, 0.8] },
  { name: 'unitNorm of all', constraint: unitNorm([0, 1]), from: [1, 1, 1, 1], to: [0.5, 0.5, 0.5, 0.5] },
  { name: 'minMaxNorm', constraint: minMaxNorm({ minValue: 2, maxValue: 4 }), from: w, to: [2.4, 1.2, 3.2, 1.6] },
  // norms 5 → ½·4 + ½·5 = 4.5 and 1 → ½·2 + ½·1 = 1.5
  {
    name: 'minMaxNorm, half',
    constraint: minMaxNorm({ minValue: 2, maxValue: 4, rate: 0.5 }),
    from: w,
    to: [2.7, 0.9, 3.6, 1.2],
  },
])('$name', ({ constraint, from, to }) => {
  const found = evaluate(from, [2, 2], (x) => constrain(x, constraint));
  found.forEach((x, i) => {
    expect(x).toBeCloseTo(to[i] as number, 5);
  });
});

test('a weight of zeros stays zeros', () => {
  expect(evaluate([0, 0], [2, 1], (x) => constrain(x, unitNorm()))).toEqual([0, 0]);
});

test.each([
  { name: 'l1(0.5)', regularizer: l1(0.5), loss: 3 },
  { name: 'l2(0.5)', regularizer: l2(0.5), loss: 7 },
  { name: 'l1l2', regularizer: l1l2({ l1: 1, l2: 0.5 }), loss: 13 },
  { name: 'l2 by default', regularizer: l2(), loss: 0.14 },
])('penalty $name', ({ regularizer, loss }) => {
  expect(evaluate([1, -2, 3], [3], (x) => penalty(x, regularizer))[0]).toBeCloseTo(loss, 6);
});
