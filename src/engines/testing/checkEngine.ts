import type { Value } from '../../ops/graph.js';
import { type OpName, opTable } from '../../ops/table.js';
import { type OpCasesOptions, opCases } from '../../ops/testing/cases.js';
import { caseGraph, type OpCase } from '../../ops/testing/opCase.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { Engine } from '../engine.js';
import { interpret } from '../reference/interpret.js';

export interface CheckEngineOptions extends OpCasesOptions {
  /** @default all ops */
  readonly ops?: readonly OpName[];
}

export interface EngineCheck {
  /** One line for each output that differs from its definition, empty where the engine is right. */
  readonly failures: readonly string[];
  readonly cases: number;
  /** A number made of every bit that came out: equal for engines that give the same results to the last bit. */
  readonly digest: number;
}

/** Ops whose results are copies, choices or counts: no rounding excuses a difference. */
const EXACT: ReadonlySet<OpName> = new Set<OpName>([
  ...(['abs', 'negate', 'sign', 'clip', 'clipGradient', 'maximum', 'minimum', 'greaterEqual'] as const),
  ...(['relu', 'reluGradient', 'relu6', 'relu6Gradient', 'fill', 'broadcastTo', 'max', 'maxGradient'] as const),
  ...(['reshape', 'transpose', 'concatenate', 'slice', 'pad', 'maxPool', 'maxUnpool', 'gatherSwitches'] as const),
]);

/** How far an element may be off: this share of itself, plus this share of the largest number that went in or came out. */
const RELATIVE = 1e-5;
const OF_LARGEST = 1e-6;

/**
 * Runs random legal calls of every op on an engine and compares what comes out with the definitions in float64. Each
 * call runs three times: as it is, with its inputs read again afterwards (so that nothing may be overwritten), and with
 * its first output alone.
 */
export async function checkEngine(engine: Engine, options: CheckEngineOptions = {}): Promise<EngineCheck> {
  const { ops = Object.keys(opTable) as OpName[], ...caseOptions } = options;
  const failures: string[] = [];
  const digest = new Digest();
  let cases = 0;
  for (const op of ops) {
    for (const example of opCases(op, caseOptions)) {
      cases++;
      failures.push(...(await checkCase(engine, example, digest)));
    }
  }
  return { failures, cases, digest: digest.value };
}

async function checkCase(engine: Engine, example: OpCase, digest: Digest): Promise<string[]> {
  const failures: string[] = [];
  for (const form of ['alone', 'inputs read again', 'first output'] as const) {
    const { graph, inputs, outputs, feeds } = caseGraph(example);
    if (form === 'first output' && outputs.length === 1) continue;
    if (form === 'first output') for (const [i] of outputs.entries()) if (i > 0) graph.outputs.delete(`y${i}`);
    if (form === 'inputs read again') for (const [i, input] of inputs.entries()) graph.output(`kept${i}`, input);
    const expected = interpret(graph, { inputs: feeds });
    const program = await engine.load(engine.plan(graph));
    const { outputs: got } = await program.run(feeds);
    const largest = Math.max(...[...inputs, ...outputs].map((value) => largestOf(value, expected.get(value))));
    for (const [name, value] of graph.outputs) {
      const numbers = got[name] as TensorData;
      const want = expected.get(value) as ArrayLike<number>;
      const exact = EXACT.has(example.op) || value.dtype === 'int32' || value.source.kind === 'input';
      const difference = firstDifference(numbers, want, exact, OF_LARGEST * largest);
      if (difference !== undefined) failures.push(`${example.label}, ${form}, ${name}${difference}`);
      digest.add(numbers);
    }
  }
  return failures;
}

function largestOf({ dtype }: Value, numbers: ArrayLike<number> = []): number {
  let largest = 0;
  if (dtype === 'int32') return largest;
  for (let i = 0; i < numbers.length; i++) largest = Math.max(largest, Math.abs(numbers[i] as number));
  return largest;
}

/** The first element that is too far off, with what was expected. */
function firstDifference(
  got: TensorData,
  expected: ArrayLike<number>,
  exact: boolean,
  absolute: number,
): string | undefined {
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] as number;
    const have = got[i] as number;
    const rounded = got instanceof Float32Array ? Math.fround(want) : want;
    const same = exact ? have === rounded : Math.abs(have - want) <= RELATIVE * Math.abs(want) + absolute;
    if (!same && !(Number.isNaN(have) && Number.isNaN(want))) return `[${i}] is ${have}, expected ${want}`;
  }
  return undefined;
}

/** FNV-1a over 32-bit words. */
class Digest {
  value = 0x811c9dc5;

  add({ buffer, byteOffset, length }: TensorData): void {
    for (const word of new Int32Array(buffer, byteOffset, length)) {
      this.value = Math.imul(this.value ^ word, 0x01000193) >>> 0;
    }
  }
}
