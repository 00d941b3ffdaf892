import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lowerings } from '../../src/engines/wasm/lowerings/table.js';
import { type OpName, opTable } from '../../src/ops/table.js';
import { sharedData } from '../../src/testing/sharedData.js';
import { type ZooName, zoo, zooEntry } from '../../src/zoo/zoo.js';
import { readTarGz } from '../onnx/archive.js';
import leftOut from '../onnx/leftOut.json' with { type: 'json' };
import { findTests, isMapped } from '../onnx/suite.js';

/** The parts of FEATURES.md that are made from the code, between `<!-- begin name -->` and `<!-- end name -->`. */

/** FEATURES.md with its made parts brought up to date. */
export function renewFeatures(text: string, root: string): string {
  const sections = { ops: opSection(root), onnx: onnxSection(text), zoo: zooSection() };
  return Object.entries(sections).reduce((renewed, [name, body]) => {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [from, to] = [renewed.indexOf(begin), renewed.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`FEATURES.md has no part "${name}"`);
    return `${renewed.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${renewed.slice(to)}`;
  }, text);
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function opSection(root: string): string {
  const folder = join(root, 'src/ops');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && name !== 'gradients.test.ts');
  const tests = files.map((name) => ({ name, named: namedOps(readFileSync(join(folder, name), 'utf8')) }));
  const names = (Object.keys(opTable) as OpName[]).sort();
  const rows = names.map((op) => {
    const { gradient, view } = opTable[op];
    const { algorithm } = lowerings[op];
    const wasm = view === true ? 'no step: a view' : algorithm === undefined ? 'yes' : 'yes, several algorithms';
    const byHand = tests.filter(({ named }) => named.has(op)).map(({ name }) => `\`${name.replace('.test.ts', '')}\``);
    return [`\`${op}\``, 'yes', gradient === 'none' ? 'none' : 'yes', 'yes', wasm, byHand.join(' ') || '–'];
  });
  const differentiable = names.filter((op) => opTable[op].gradient !== 'none').length;
  return `${names.length} ops, ${differentiable} of them with a gradient.

${table(['op', 'definition', 'gradient', 'reference', 'wasm', 'by name in src/ops/*.test.ts'], rows)}`;
}

/** The ops that a test file imports or emits by name. */
function namedOps(source: string): Set<string> {
  const imported = [...source.matchAll(/^import \{([^}]*)\} from '\.\/[\w]+\.js'/gm)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.replace(/ as .*/, '').trim()),
  );
  const emitted = [...source.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  return new Set([...imported, ...emitted]);
}

interface OnnxCounts {
  readonly tests: number;
  readonly ops: number;
}

const COUNTED = /(\d+) tests of (\d+) of ONNX's ops pass/;

/** Counted in ONNX's archive; without it as the text says already. */
function countOnnx(text: string): OnnxCounts {
  const archive = sharedData('conformance/onnx-node.tar.gz');
  if (!existsSync(archive)) {
    const [, tests = 0, ops = 0] = COUNTED.exec(text) ?? [];
    return { tests: Number(tests), ops: Number(ops) };
  }
  const required = findTests(readTarGz(readFileSync(archive))).filter(
    ({ name, model }) => isMapped(model.op) && !(name in leftOut.tests),
  );
  return { tests: required.length, ops: new Set(required.map(({ model }) => model.op)).size };
}

function onnxSection(text: string): string {
  const counts = countOnnx(text);
  const byReason = new Map<string, string[]>();
  for (const [name, reason] of Object.entries(leftOut.tests)) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), `\`${name}\``]);
  }
  const reasons = [...byReason].map(([reason, names]) => [reason, `${names.length}`, names.join('<br>')]);
  return `${counts.tests} tests of ${counts.ops} of ONNX's ops pass on both engines. ${Object.keys(leftOut.tests).length} tests of these ops are left out:

${table(['reason', 'tests', 'which'], reasons)}

Ops that ONNX has tests for and that there is nothing for here:

${table(
  ['op of ONNX', 'reason'],
  Object.entries(leftOut.ops).map(([op, reason]) => [op, reason]),
)}`;
}

function zooSection(): string {
  const rows = (Object.keys(zoo) as ZooName[]).map((name) => {
    const { title, parameters, weights } = zooEntry(name);
    const sources = weights.map(({ id, url }) => (url === undefined ? `\`${id}\` (bring the file)` : `\`${id}\``));
    return [`\`${name}\``, title, parameters.total.toLocaleString('en-US'), sources.join(', ') || 'none'];
  });
  return table(['name', 'network', 'parameters', 'weights it knows of'], rows);
}
