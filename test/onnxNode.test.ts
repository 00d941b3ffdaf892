import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../src/engines/engine.js';
import { ReferenceEngine } from '../src/engines/reference/referenceEngine.js';
import { createWasmEngine } from '../src/engines/wasm/index.js';
import { sharedData } from '../src/testing/sharedData.js';
import { readTarGz } from './onnx/archive.js';
import leftOut from './onnx/leftOut.json' with { type: 'json' };
import { findTests, isMapped, type OnnxTest, runTest } from './onnx/suite.js';

/** ONNX's own tests of single nodes, each with operands and expected results. */

const archive = sharedData('conformance/onnx-node.tar.gz');
const all = existsSync(archive) ? findTests(readTarGz(readFileSync(archive))) : [];
const reasons: Readonly<Record<string, string>> = leftOut.tests;
const opsLeftOut: Readonly<Record<string, string>> = leftOut.ops;

const mapped = all.filter(({ model }) => isMapped(model.op));
const listed = mapped.filter(({ name }) => name in reasons);
const required = mapped.filter(({ name }) => !(name in reasons));
const ops = [...new Set(required.map(({ model }) => model.op))].sort();
const others = new Set(all.filter(({ model }) => !isMapped(model.op)).map(({ model }) => model.op));
const testsOfOthers = all.length - mapped.length;

const title =
  all.length === 0
    ? `ONNX's node tests: skipped, there is no ${archive}`
    : `ONNX's node tests: ${required.length} tests of ${ops.length} ops must pass, ${listed.length} are left out for ` +
      `stated reasons, ${testsOfOthers} are of ${others.size} ops that there are none for`;

describe.skipIf(all.length === 0)(title, () => {
  describe.each(['reference', 'wasm'] as const)('%s engine', (kind) => {
    let engine: Engine | undefined;

    beforeAll(async () => {
      engine = kind === 'reference' ? new ReferenceEngine() : await createWasmEngine({ threads: 2 });
    });

    afterAll(async () => {
      await engine?.close();
    });

    const ofOp = (op: string): OnnxTest[] => required.filter(({ model }) => model.op === op);
    test.each(ops.map((op) => [op, ofOp(op).length] as const))('%s (%i)', async (op) => {
      const wrong: string[] = [];
      for (const one of ofOp(op)) {
        const found = await runTest(engine as Engine, one);
        if (found !== undefined) wrong.push(`${one.name}: ${found}`);
      }
      expect(wrong).toEqual([]);
    });

    test.skipIf(kind === 'wasm')('nothing that passes is left out', async () => {
      for (const one of listed) expect(await runTest(engine as Engine, one), one.name).toBeDefined();
    });
  });

  test('the list of what is left out only shrinks', () => {
    const names = new Set(listed.map(({ name }) => name));
    expect(Object.keys(reasons).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.keys(opsLeftOut).sort()).toEqual([...others].sort());
    expect(names.size).toBeLessThanOrEqual(44);
    expect(others.size).toBeLessThanOrEqual(10);
  });
});
