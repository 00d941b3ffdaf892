import { expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { conv2d } from '../../ops/conv2d.js';
import { interpret } from '../reference/interpret.js';
import { createWasmEngine } from './index.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';

const random = new RandomStream(1, 'x');
const draw = (size: number) => Float32Array.from({ length: size }, () => random.uniform() - 0.5);
for (const build of ['relaxed', 'simd'] as const)
for (const threads of [1, 2, 3])
for (const shared of threads === 1 ? [true, false] : [true])
test(`conv ${build} ${threads} ${shared}`, async () => {
  const engine = await createWasmEngine({ threads, build, shared });
  let cases = 0;
  for (const [n,h,w,c,k,kh,kw,s,d,g,pad] of [
    [2,9,8,3,16,3,3,1,1,1,1],[1,7,7,4,8,1,1,1,1,1,0],[3,11,10,6,9,3,2,2,1,1,1],[2,12,12,8,12,3,3,1,2,2,2],[1,14,13,6,6,5,3,3,1,3,2],[2,13,13,2,4,3,3,2,3,1,3],[1,5,5,1,7,2,2,3,1,1,0],[2,6,6,4,4,1,1,2,1,1,0],
    [4,28,28,1,12,3,3,1,1,1,1],[2,24,24,32,32,3,3,1,1,1,0]] as number[][]) {
    const graph = new Graph(opTable);
    const x = graph.input('x', [n!, h!, w!, c!]);
    const f = graph.input('w', [kh!, kw!, c! / g!, k!]);
    const y = conv2d(x, f, { padding: [pad!, pad!, pad!, pad!], strides: s!, dilations: d!, groups: g! });
    graph.output('y', y);
    const window = { strides: [s!, s!] as const, dilations: [d!, d!] as const, padding: [pad!, pad!, pad!, pad!] as const, groups: g! };
    const dy = graph.input('dy', y.shape);
    graph.output('dx', graph.emit('conv2dInputGradient', [dy, f], { ...window, inputSize: [h!, w!] })[0]);
    graph.output('dw', graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: [kh!, kw!] })[0]);
    const a = graph.input('a', [37, 50]); const b = graph.input('b', [50, 21]); const bt = graph.input('bt', [21, 50]); const at = graph.input('at', [50, 37]);
    for (const [name, p, q, ta, tb] of [['nn', a, b, false, false], ['nt', a, bt, false, true], ['tn', at, b, true, false], ['tt', at, bt, true, true]] as const)
      graph.output(name, graph.emit('matMul', [p, q], { transposeA: ta, transposeB: tb, activation: 'linear' })[0]);
    const feeds: Record<string, Float32Array> = {};
    for (const [name, v] of graph.inputs) feeds[name] = draw(sizeOf(v.shape));
    const expected = interpret(graph, { inputs: feeds });
    const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
    for (const [name, v] of graph.outputs) {
      const e = expected.get(v)!; const o = outputs[name]!;
      let worst = 0; for (let i = 0; i < e.length; i++) worst = Math.max(worst, Math.abs(e[i]! - o[i]!));
      if (!(worst < 1e-3)) throw new Error(`${name} ${[n,h,w,c,k,kh,kw,s,d,g,pad]} worst ${worst}`);
    }
    cases++;
  }
  expect(cases).toBe(10);
  await engine.close();
});
