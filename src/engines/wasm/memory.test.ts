import { expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { createWasmEngine } from './index.js';

test('a plan that cannot fit is refused with its sizes before anything runs, and the engine goes on', async () => {
  const engine = await createWasmEngine({ threads: 1 });
  const graph = new Graph(opTable);
  const x = graph.input('x', [40_000, 40_000]);
  graph.output('y', graph.emit('exp', [x], {})[0]);
  await expect(engine.load(engine.plan(graph))).rejects.toThrow(
    /wasm engine: the plan needs 6,104 MB, and WebAssembly reaches 4,096 MB\. Received 6,104 MB of activations/,
  );
  const small = new Graph(opTable);
  small.output('y', small.emit('exp', [small.input('x', [2])], {})[0]);
  const { outputs } = await (await engine.load(engine.plan(small))).run({ x: Float32Array.of(0, 1) });
  expect(outputs.y?.[0]).toBe(1);
  await engine.close();
});
