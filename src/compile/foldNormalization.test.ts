import { describe, expect, test } from 'vitest';
import { interpret } from '../engines/reference/interpret.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { batchNormalizationInference } from '../ops/batchNormalization.js';
import { bias } from '../ops/bias.js';
import { conv2d } from '../ops/conv2d.js';
import { Graph } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { RandomStream } from '../tensor/random.js';
import { sizeOf } from '../tensor/shape.js';
import { Variable } from '../tensor/variable.js';

const random = new RandomStream(1, 'fold');
const draw = (shape: readonly number[], from = -0.5): Variable =>
  new Variable(
    'w',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() + from),
  );

/** Two blocks of convolution, bias (or none), batch normalization and ReLU. */
function network(withBias: boolean) {
  const graph = new Graph(opTable);
  const x = graph.input('x', [2, 8, 8, 5]);
  const variables: Variable[] = [];
  const weight = (shape: readonly number[], from?: number) => {
    const variable = draw(shape, from);
    variables.push(variable);
    return graph.variable(variable);
  };
  let y = x;
  for (const [cIn, cOut] of [
    [5, 16],
    [16, 24],
  ] as const) {
    y = conv2d(y, weight([3, 3, cIn, cOut]), { padding: 'same' });
    if (withBias) y = bias(y, weight([cOut]));
    const gamma = weight([cOut], 0.5);
    const rest = [weight([cOut]), weight([cOut]), weight([cOut], 0.2)] as const;
    y = batchNormalizationInference(y, gamma, ...rest, { epsilon: 1e-3 });
    y = graph.emit('relu', [y], {})[0];
  }
  graph.output('y', y);
  return { graph, y, variables };
}

describe.each([true, false])('convolution, bias %s, batch normalization, ReLU', (withBias) => {
  test.each(['reference', 'wasm'])('are one step each on the %s engine, and follow their weights', async (name) => {
    const engine = name === 'wasm' ? await createWasmEngine({ threads: 2 }) : new ReferenceEngine();
    const { graph, y, variables } = network(withBias);
    const plan = engine.plan(graph);
    const everyRun = plan.steps.filter(({ constant }) => !constant);
    expect(everyRun.map(({ node }) => node.op)).toEqual(['conv2d', 'conv2d']);
    const program = await engine.load(plan);
    const x = Float32Array.from({ length: 640 }, () => random.uniform() - 0.5);
    for (let round = 0; round < 3; round++) {
      const changed = variables[round] as Variable;
      await changed.write((await changed.read()).map((value) => value * 1.5));
      const values = await Promise.all(variables.map((variable) => variable.read()));
      const feeds = new Map(variables.map((variable, i) => [graph.variable(variable), values[i] as Float32Array]));
      const truth = interpret(graph, { inputs: { x }, variables: feeds }).get(y) as Float64Array;
      for (let again = 0; again < 2; again++) {
        const { outputs } = await program.run({ x });
        const worst = truth.reduce((most, v, i) => Math.max(most, Math.abs(v - (outputs.y?.[i] as number))), 0);
        expect(worst / Math.max(...truth)).toBeLessThan(1e-5);
      }
    }
    await engine.close();
  });
});
