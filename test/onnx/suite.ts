import type { Engine } from '../../src/engines/engine.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { arrayMappings } from './arrays.js';
import { type Mapping, NotCovered, type Numbers, OnnxCall, type Result } from './call.js';
import { elementwiseMappings } from './elementwise.js';
import { normalizationMappings } from './normalizations.js';
import { decodeModel, decodeTensor, type OnnxModel, type OnnxTensor } from './protobuf.js';
import { trainingMappings } from './training.js';
import { windowMappings } from './windows.js';

/** One of ONNX's tests: a node, operands, and what must come out. */
export interface OnnxTest {
  readonly name: string;
  readonly model: OnnxModel;
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

/** ONNX's own tolerances. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

const mappings: Readonly<Record<string, Mapping | readonly Mapping[]>> = {
  ...arrayMappings,
  ...elementwiseMappings,
  ...normalizationMappings,
  ...trainingMappings,
  ...windowMappings,
};

/** Whether the ops can express this one of ONNX's. */
export function isMapped(op: string): boolean {
  return Object.hasOwn(mappings, op);
}

/** The tests of an unpacked archive, by name. */
export function findTests(files: ReadonlyMap<string, Uint8Array>): OnnxTest[] {
  const names = [...files.keys()].filter((path) => path.endsWith('/model.onnx')).map((path) => path.slice(0, -11));
  return names.sort().map((folder) => {
    const numbered = (kind: string) => {
      const found: Uint8Array[] = [];
      for (;;) {
        const file = files.get(`${folder}/test_data_set_0/${kind}_${found.length}.pb`);
        if (file === undefined) return found;
        found.push(file);
      }
    };
    return {
      name: folder.slice(folder.lastIndexOf('/') + 1),
      model: decodeModel(files.get(`${folder}/model.onnx`) as Uint8Array),
      inputs: numbered('input'),
      outputs: numbered('output'),
    };
  });
}

/** Runs a test in each way that its op can be expressed in; gives what is wrong, undefined where nothing is. */
export async function runTest(engine: Engine, test: OnnxTest): Promise<string | undefined> {
  const found = mappings[test.model.op] ?? [];
  for (const mapping of typeof found === 'function' ? [found] : found) {
    const wrong = await runMapping(engine, test, mapping);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

async function runMapping(engine: Engine, test: OnnxTest, mapping: Mapping): Promise<string | undefined> {
  try {
    const call = new OnnxCall(test.model, test.inputs.map(decodeTensor));
    const results = mapping(call).map((result): Result => ('value' in result ? result : { value: result }));
    for (const [i, { value }] of results.entries()) call.graph.output(`y${i}`, value);
    const program = await engine.load(engine.plan(call.graph));
    const { outputs } = await program.run(call.feeds);
    const received = results.map(({ value, toOnnx }, i): Numbers => {
      const numbers = { shape: value.shape, data: outputs[`y${i}`] ?? [] };
      return toOnnx === undefined ? numbers : toOnnx(numbers);
    });
    return difference(test, received);
  } catch (error) {
    if (error instanceof NotCovered) return `not covered: ${error.message}`;
    throw error;
  }
}

function difference({ model, outputs }: OnnxTest, received: readonly Numbers[]): string | undefined {
  const expected = outputs.map(decodeTensor);
  const named = model.outputs.filter((name) => name !== '');
  if (named.length !== expected.length || received.length < expected.length) {
    return `${received.length} outputs instead of ${expected.length}`;
  }
  for (const [i, name] of model.modelOutputs.entries()) {
    const wrong = differs(received[model.outputs.indexOf(name)] as Numbers, expected[i] as OnnxTensor);
    if (wrong !== undefined) return `output ${i}: ${wrong}`;
  }
  return undefined;
}

function differs({ shape, data }: Numbers, expected: OnnxTensor): string | undefined {
  if (shape.join() !== expected.shape.join() || data.length !== sizeOf(shape)) {
    return `shape [${shape}], expected [${expected.shape}]`;
  }
  const isFloat = expected.type.startsWith('float');
  for (const [i, want] of expected.data.entries()) {
    const have = data[i] as number;
    const allowed = isFloat ? ABSOLUTE + RELATIVE * Math.abs(want) : 0;
    const same = Math.abs(have - want) <= allowed || Object.is(have, want);
    if (!same && have !== want) return `element ${i} is ${have}, expected ${want}`;
  }
  return undefined;
}
