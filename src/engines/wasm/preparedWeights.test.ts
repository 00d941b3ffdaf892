import { expect, test } from 'vitest';
import { conv2d } from '../../ops/conv2d.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { Variable } from '../../tensor/variable.js';
import { interpret } from '../reference/interpret.js';
import { createWasmEngine } from './index.js';

const random = new RandomStream(1, 'prepared');
const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform() - 0.5);

/** A convolution whose filters are a variable, with its output and its input gradient. */
function network(filters: Variable): Graph {
  const graph = new Graph(opTable);
  const x = graph.input('x', [2, 9, 9, 16]);
  const w = graph.variable(filters);
  graph.output('y', conv2d(x, w, { padding: 'same' }));
  const window = { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 } as const;
  graph.output('dx', graph.emit('conv2dInputGradient', [x, w], { ...window, inputSize: [9, 9] })[0]);
  return graph;
}

test.each(['direct', 'winograd'] as const)('prepared filters follow their variable, %s', async (convolution) => {
  const engine = await createWasmEngine({ threads: 2, convolution });
  const filters = new Variable('filters', [3, 3, 16, 16], draw(9 * 256));
  const graph = network(filters);
  const plan = engine.plan(graph);
  expect(plan.keptBytes).toBeGreaterThan(0);
  const program = await engine.load(plan);
  // A program that changes the filters: its own plan keeps nothing.
  const update = network(filters);
  update.assign(
    filters,
    update.phase('update', () => update.emit('scale', [update.variable(filters)], { factor: -2, offset: 0 })[0]),
  );
  const updatePlan = engine.plan(update);
  expect(updatePlan.keptBytes).toBe(0);
  const updating = await engine.load(updatePlan);

  const x = draw(sizeOf([2, 9, 9, 16]));
  const check = async (): Promise<void> => {
    const variables = new Map([...graph.variables].map(([, value]) => [value, w]));
    const expected = interpret(graph, { inputs: { x }, variables });
    for (let again = 0; again < 2; again++) {
      const { outputs } = await program.run({ x });
      for (const [name, value] of graph.outputs) {
        expected.get(value)?.forEach((truth, i) => {
          if (Math.abs(truth - (outputs[name]?.[i] as number)) > 1e-3) expect.fail(`${name}[${i}] is not ${truth}`);
        });
      }
    }
  };
  let w = await filters.read();
  await check();
  w = draw(9 * 256);
  await filters.write(w);
  await check();
  await updating.run({ x });
  w = w.map((value) => -2 * value);
  expect(await filters.read()).toEqual(w);
  await check();
  await engine.close();
});
