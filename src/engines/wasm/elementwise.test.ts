import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import type { Engine } from '../engine.js';
import { builds } from '../testing/builds.js';
import { createWasmEngine } from './index.js';

type Function1 = 'exp' | 'log' | 'sqrt' | 'abs' | 'negate' | 'sign' | 'tanh' | 'sigmoid' | 'softplus' | 'relu' | 'silu';

describe.each(builds)('%s build', (build) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createWasmEngine({ build, threads: 1 });
  });
  afterAll(() => engine.close());

  async function run(emit: (graph: Graph) => void, feeds: Record<string, Float32Array>): Promise<Float32Array> {
    const graph = new Graph(opTable);
    emit(graph);
    const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
    return outputs.y as Float32Array;
  }

  const map = (op: Function1, x: Float32Array): Promise<Float32Array> =>
    run((graph) => graph.output('y', graph.emit(op, [graph.input('x', [x.length])], {})[0]), { x });

  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, -1e-40, 3e38, -3e38];
  const truth: { readonly [K in Function1]: (x: number) => number } = {
    exp: Math.exp,
    log: Math.log,
    sqrt: Math.sqrt,
    abs: Math.abs,
    negate: (x) => -x,
    sign: Math.sign,
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    relu: (x) => Math.max(0, x),
    silu: (x) => x / (1 + Math.exp(-x)),
  };

  test.each(['exp', 'log', 'sqrt', 'abs', 'negate', 'sign', 'tanh', 'sigmoid', 'softplus', 'relu'] as const)(
    '%s of NaN, infinities, zeros and the ends of float32',
    async (op) => {
      const x = Float32Array.from(special);
      const y = await map(op, x);
      x.forEach((value, i) => {
        const want = Math.fround(truth[op](value));
        if (want === 0 || !Number.isFinite(want)) expect(y[i], `${op}(${value})`).toBe(want);
        else expect(Math.abs((y[i] as number) - want) / Math.abs(want), `${op}(${value})`).toBeLessThan(1e-6);
      });
    },
  );

  test.each([
    ['exp', -87, 88],
    ['log', 1e-6, 20],
    ['log', 0.5, 2],
    ['tanh', -10, 10],
    ['tanh', -1e-3, 1e-3],
    ['sigmoid', -80, 80],
    ['softplus', -80, 80],
    ['silu', -80, 80],
  ] as const)('%s from %f to %f within 4e-7 of itself', async (op, low, high) => {
    const x = Float32Array.from({ length: 20001 }, (_, i) => low + ((high - low) * i) / 20000);
    const y = await map(op, x);
    let worst = 0;
    x.forEach((value, i) => {
      const want = truth[op](value);
      if (want !== 0) worst = Math.max(worst, Math.abs(((y[i] as number) - want) / want));
    });
    expect(worst).toBeLessThan(4e-7);
  });

  test('the length of an array does not change its elements', async () => {
    const x = Float32Array.from({ length: 23 }, (_, i) => Math.sin(i) * 5);
    const whole = await map('tanh', x);
    for (let length = 1; length <= 23; length++) {
      expect(await map('tanh', x.slice(0, length))).toEqual(whole.slice(0, length));
    }
  });

  test('power has the special cases of JavaScript', async () => {
    const values = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0,
      -0,
      1,
      -1,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
    ];
    const pairs = [...values, 7.3, 1e20].flatMap((a) => values.map((b) => [a, b] as const));
    const a = Float32Array.from(pairs, ([base]) => base);
    const b = Float32Array.from(pairs, ([, exponent]) => exponent);
    const shape = [pairs.length];
    const y = await run(
      (graph) => graph.output('y', graph.emit('power', [graph.input('a', shape), graph.input('b', shape)], {})[0]),
      { a, b },
    );
    pairs.forEach((_, i) => {
      const [base, exponent] = [a[i] as number, b[i] as number];
      const want = Math.fround(base ** exponent);
      if (want === 0 || !Number.isFinite(want)) expect(y[i], `${base} ** ${exponent}`).toBe(want);
      else expect(Math.abs((y[i] as number) / want - 1), `${base} ** ${exponent}`).toBeLessThan(2e-7);
    });
  });

  test.each([
    ['a short vector along long rows', [3, 50, 50, 10], [10]],
    ['the same with the shorter factor in front', [10], [3, 50, 50, 10]],
    ['a vector that ends within a row', [1237, 12], [12]],
    ['a long vector', [40, 600], [600]],
    ['one number for each image and channel', [4, 37, 41, 8], [4, 1, 1, 8]],
    ['one number for each row', [3000, 17], [3000, 1]],
    ['an outer product', [200, 1], [1, 190]],
    ['one number', [20000], []],
  ])('subtract: %s', async (_, aShape, bShape) => {
    const fill = (shape: readonly number[], step: number): Float32Array =>
      Float32Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (__, i) => (i * step) % 1009);
    const feeds = { a: fill(aShape, 7), b: fill(bShape, 31) };
    const graph = new Graph(opTable);
    const y = graph.emit('subtract', [graph.input('a', aShape), graph.input('b', bShape)], {})[0];
    graph.output('y', y);
    const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
    const expected = new Float32Array((outputs.y as Float32Array).length);
    graph.definition('subtract').define({
      inputs: [feeds.a, feeds.b],
      outputs: [expected],
      inputShapes: [aShape, bShape],
      outputShapes: [y.shape],
      attributes: {},
    });
    expect(outputs.y).toEqual(expected);
  });
});
