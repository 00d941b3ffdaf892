import { expect, test } from 'vitest';
import { createWasmEngine } from '../engines/wasm/index.js';
import { conv2d } from '../layers/conv2d.js';
import { sequential } from '../model/sequential.js';
import { randomBatch } from '../testing/runModel.js';
import { traceInference } from '../train/inferenceGraph.js';

test('a plan that keeps nothing gives the same bits and holds no memory between runs', async () => {
  const engine = await createWasmEngine({ threads: 2 });
  const model = sequential([conv2d({ filters: 32, kernelSize: 3, padding: 'same', inputShape: [16, 16, 32] })]);
  const { graph } = traceInference(model, 1);
  const [kept, fresh] = [engine.plan(graph), engine.plan(graph, { keep: false })];
  expect(kept.keptBytes).toBeGreaterThan(0);
  expect(fresh.keptBytes).toBe(0);
  const feeds = { x: randomBatch([16, 16, 32], 1).data };
  const run = async (plan: typeof kept) => (await (await engine.load(plan)).run(feeds)).outputs.predictions;
  expect(await run(fresh)).toEqual(await run(kept));
  await engine.close();
});
