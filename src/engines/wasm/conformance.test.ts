import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpName, opTable } from '../../ops/table.js';
import type { Engine } from '../engine.js';
import { builds, hasWideBuild } from '../testing/builds.js';
import { checkEngine } from '../testing/checkEngine.js';
import { createWasmEngine, type WasmEngineOptions } from './index.js';

const ops = Object.keys(opTable) as OpName[];
const forms: WasmEngineOptions[] = [
  { threads: 1, shared: false },
  { threads: 1, shared: true },
  { threads: 2, shared: true },
  { threads: 3, shared: true },
];

describe.each(builds)('%s build', (build) => {
  const engines: Engine[] = [];

  beforeAll(async () => {
    for (const form of forms) engines.push(await createWasmEngine({ ...form, build }));
  });

  afterAll(async () => {
    for (const engine of engines) await engine.close();
  });

  test.each(ops)('%s is its definition, to the same bits on 1, 2 and 3 threads', async (op) => {
    const digests: number[] = [];
    for (const engine of engines) {
      const small = await checkEngine(engine, { ops: [op] });
      const large = await checkEngine(engine, { ops: [op], count: 4, large: true, seed: 2 });
      expect([...small.failures, ...large.failures]).toEqual([]);
      digests.push(small.digest, large.digest);
    }
    for (let i = 2; i < digests.length; i++) expect(digests[i]).toBe(digests[i % 2]);
  });
});

test.skipIf(!hasWideBuild)('the wide build, Node 24 and later: the same bits as the relaxed one', async () => {
  const digests: number[] = [];
  for (const build of ['wide', 'relaxed'] as const) {
    const engine = await createWasmEngine({ threads: 2, build });
    for (const cases of [{}, { seed: 2, large: true, count: 6 }]) {
      const { failures, digest } = await checkEngine(engine, cases);
      expect(failures).toEqual([]);
      digests.push(digest);
    }
    await engine.close();
  }
  expect(digests.slice(2)).toEqual(digests.slice(0, 2));
});
