import { existsSync, readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ModelProtoSchema, TensorProtoSchema } from '../src/formats/onnx/onnx_pb.js';
import { nodeReaders } from '../src/formats/onnx/operators.js';
import { readOnnx } from '../src/formats/onnx.js';
import { FoveaError } from '../src/tensor/errors.js';
import { Tensor } from '../src/tensor/tensor.js';
import { run } from '../src/testing/runModel.js';
import { sharedData } from '../src/testing/sharedData.js';
import { readTarGz } from './onnx/archive.js';
import { decodeTensor, type OnnxTensor } from './onnx/protobuf.js';
import { findTests } from './onnx/suite.js';

/**
 * ONNX's own tests of single nodes, read as models: the first operand is the network's input, the others are constants.
 * What the reader turns into layers must compute what the test expects.
 */

const archive = sharedData('conformance/onnx-node.tar.gz');
const files = existsSync(archive) ? readTarGz(readFileSync(archive)) : new Map<string, Uint8Array>();
/** In training mode dropout draws numbers of its own; a sequence or an optional value is no tensor. */
const isOther = (name: string): boolean => /training_dropout|identity_(opt|sequence)/.test(name);
const tests = findTests(files).filter(({ name, model }) => nodeReaders.has(model.op) && !isOther(name));
const title =
  files.size === 0 ? `ONNX's node tests as models: skipped, there is no ${archive}` : "ONNX's node tests as models";

/** [n, c, h, w] → [n, h, w, c] and back. */
function permuted(data: ArrayLike<number>, shape: readonly number[], toLast: boolean): Tensor<'float32'> {
  if (shape.length !== 4) return new Tensor<'float32'>(Float32Array.from(data), shape);
  const axes = toLast ? [0, 2, 3, 1] : [0, 3, 1, 2];
  const target = axes.map((axis) => shape[axis] as number);
  const strides = axes.map((axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const result = Float32Array.from({ length: data.length }, (_, i) => {
    let [rest, at] = [i, 0];
    for (let axis = 3; axis >= 0; axis--) {
      at += (rest % (target[axis] as number)) * (strides[axis] as number);
      rest = Math.floor(rest / (target[axis] as number));
    }
    return data[at] as number;
  });
  return new Tensor<'float32'>(result, target);
}

/** The test's model with all operands but the first as constants. */
function withConstants(bytes: Uint8Array, operands: readonly Uint8Array[]): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, bytes);
  const graph = proto.graph as NonNullable<typeof proto.graph>;
  for (const [i, operand] of operands.entries()) {
    if (i === 0) continue;
    const tensor = fromBinary(TensorProtoSchema, operand);
    graph.initializer.push(create(TensorProtoSchema, { ...tensor, name: graph.input[i]?.name ?? '' }));
  }
  return toBinary(ModelProtoSchema, proto);
}

function differs(op: string, received: Tensor<'float32'>, expected: OnnxTensor): string | undefined {
  // What a reshape makes is no picture: its axes stay in the file's order.
  const asItIs = /^(Reshape|Squeeze|Unsqueeze)$/.test(op) && received.shape.join() === expected.shape.join();
  const { shape, data } = asItIs ? received : permuted(received.data, received.shape, false);
  if (shape.join() !== expected.shape.join()) return `shape [${shape}], expected [${expected.shape}]`;
  const bad = expected.data.findIndex(
    (want, i) => !(Math.abs((data[i] as number) - want) <= 1e-5 + 1e-3 * Math.abs(want)),
  );
  return bad < 0 ? undefined : `element ${bad} is ${data[bad]}, expected ${expected.data[bad]}`;
}

describe.skipIf(files.size === 0)(title, () => {
  test('what is read computes the right numbers, and at least 108 are read', async () => {
    const wrong: string[] = [];
    const passed: string[] = [];
    for (const { name, model: node, inputs, outputs } of tests) {
      const path = [...files.keys()].find((one) => one.endsWith(`/${name}/model.onnx`)) as string;
      try {
        const x = decodeTensor(inputs[0] as Uint8Array);
        const { model } = await readOnnx(withConstants(files.get(path) as Uint8Array, inputs));
        if (x.type !== 'float32') continue;
        const [y] = await run(model, [permuted(x.data, x.shape, true)]);
        const found = differs(node.op, y as Tensor<'float32'>, decodeTensor(outputs[0] as Uint8Array));
        if (found === undefined) passed.push(name);
        else wrong.push(`${name}: ${found}`);
      } catch (error) {
        if (!(error instanceof FoveaError) && !/numbers of kind/.test(`${error}`)) wrong.push(`${name}: ${error}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(passed.length).toBeGreaterThanOrEqual(108);
  });
});
