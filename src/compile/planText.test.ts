import { expect, test } from 'vitest';
import { Graph } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { Variable } from '../tensor/variable.js';
import { makePlan } from './plan.js';
import { planFacts, planText } from './planText.js';

function smallPlan() {
  const graph = new Graph(opTable);
  const x = graph.input('x', [2, 64]);
  const w = graph.variable(new Variable('dense/kernel', [64, 32]));
  const y = graph.scope(
    'dense',
    () => graph.emit('matMul', [x, w], { activation: 'linear', transposeA: false, transposeB: false })[0],
  );
  graph.output('y', graph.emit('softmax', [y], {})[0]);
  return makePlan(graph, { workspace: (node) => (node.op === 'matMul' ? 100 : 0) });
}

test('steps, buffers and peak of a small plan', () => {
  const facts = planFacts(smallPlan());
  expect(facts.steps.map(({ op, layer, shape, workspace }) => [op, layer, shape, workspace])).toEqual([
    ['matMul', 'dense', [2, 32], 100],
    ['softmax', '', [2, 32], 0],
  ]);
  expect(facts.buffers.map(({ content, bytes, first }) => [content, bytes, first])).toContainEqual([
    'input x',
    512,
    -1,
  ]);
  expect(facts.variables).toEqual([{ name: 'dense/kernel', shape: [64, 32], bytes: 8192 }]);
  // x (512), y (256) and the scratch (128 after alignment) are alive in step 0.
  expect([facts.peakBytes, facts.peakStep]).toEqual([896, 0]);
  expect(facts.arenaBytes).toBeGreaterThanOrEqual(facts.peakBytes);
});

test('as text', () => {
  const text = planText(smallPlan());
  expect(text).toContain('matMul              dense  [2, 32]');
  expect(text).toContain('Arena: 896 B; at most 896 B of it are in use at once, in step 0.');
  expect(text).toContain('Variables: 8.0 KiB in 1 arrays.');
});
