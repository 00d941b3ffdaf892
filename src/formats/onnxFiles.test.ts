import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { readMnist } from '../data/node/mnist.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { flatten } from '../layers/flatten.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { relu } from '../layers/relu.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { sharedData } from '../testing/sharedData.js';
import { predict } from '../train/predict.js';
import { loadWeights } from './loadWeights.js';
import { type ModelProto, ModelProtoSchema } from './onnx/onnx_pb.js';
import { readOnnx, readOnnxWeights, writeOnnx } from './onnx.js';
import { readPytorch } from './pytorch/readPytorch.js';
import { chain, stir } from './testing/networks.js';

const shared = sharedData();
const fixtures = join(shared, 'weights/format-fixtures');
const present = existsSync(fixtures) && existsSync(join(shared, 'mnist'));
const file = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

describe.skipIf(!present)(
  present ? 'networks for MNIST' : `networks for MNIST: skipped, there is no ${fixtures}`,
  () => {
    const pooled = [maxPooling2d()];
    test.each([
      ['pcelis_mnist_cnn', []],
      ['pcelis_mnist_cnn_pool', pooled],
    ])('%s, as .onnx and as .pth, tells digits and agrees', async (name, between) => {
      const { model: fromOnnx } = await readOnnx(file(`${name}.onnx`), { where: name });
      const conv = conv2d({ filters: 16, kernelSize: 3, name: 'conv' });
      const own = chain([28, 28, 1], conv, relu(), ...between, flatten(), dense({ units: 10, name: 'fc' }));
      const { tensors } = await readPytorch(file(`${name}.pth`), name);
      await loadWeights(own, tensors, { layout: 'torch' });
      expect(await fromOnnx.getWeights()).toEqual(await own.getWeights());

      const engine = new ReferenceEngine();
      const { test: digits } = await readMnist(join(shared, 'mnist'));
      const batch = await digits.batch(Uint32Array.from({ length: 200 }, (_, i) => i));
      const x = batch.x as Tensor<'float32'>;
      const [a, b] = [await predict(fromOnnx, x, { engine }), await predict(own, x, { engine })];
      expect(a.data).toEqual(b.data);
      const right = Array.from(batch.y.data).filter(
        (label, i) => largest(a.data.subarray(i * 10, i * 10 + 10)) === label,
      );
      expect(right.length).toBeGreaterThanOrEqual(190);
    });
  },
);

function largest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > (values[best] as number) ? i : best), 0);
}

async function written(): Promise<{ net: Model; bytes: Uint8Array }> {
  const net = await stir(
    chain(
      [6, 6, 2],
      conv2d({ filters: 3, kernelSize: 3, name: 'conv' }),
      batchNormalization(),
      flatten(),
      dense({ units: 2 }),
    ),
  );
  return { net, bytes: await writeOnnx(net) };
}

async function changed(change: (proto: ModelProto) => void): Promise<Uint8Array> {
  const proto = fromBinary(ModelProtoSchema, (await written()).bytes);
  change(proto);
  return toBinary(ModelProtoSchema, proto);
}

type Graph = NonNullable<ModelProto['graph']>;
const graphOf = (proto: ModelProto): Graph => proto.graph as Graph;
const nodeOf = (proto: ModelProto, op: string) =>
  graphOf(proto).node.find((node) => node.opType === op) as Graph['node'][number];
const tensorOf = (proto: ModelProto, name: string) =>
  graphOf(proto).initializer.find((one) => one.name === name) as Graph['initializer'][number];

describe('what is not as it should be is an error', () => {
  test.each<[string, (proto: ModelProto) => void, RegExp]>([
    [
      'an operator without a layer',
      (proto) => Object.assign(nodeOf(proto, 'Conv'), { opType: 'Einsum' }),
      /node "conv", op "Einsum": there is no layer/,
    ],
    [
      'an operator of others',
      (proto) => Object.assign(nodeOf(proto, 'Conv'), { domain: 'com.microsoft' }),
      /of "com\.microsoft"/,
    ],
    [
      'an older version',
      (proto) => {
        for (const one of proto.opsetImport) one.version = 6n;
      },
      /version 7 and later/,
    ],
    [
      'a tensor that is missing',
      (proto) => {
        graphOf(proto).initializer = [];
      },
      /"Conv": input 1 must be made/,
    ],
    [
      'a shape that lies',
      (proto) => {
        tensorOf(proto, 'conv.weight').dims = [3n, 2n, 3n, 400n];
      },
      /needs 28800 bytes/,
    ],
    [
      'a shape beyond all memory',
      (proto) => {
        tensorOf(proto, 'conv.weight').dims = [2n ** 40n, 2n ** 40n];
      },
      /whole numbers/,
    ],
    [
      'a negative size',
      (proto) => {
        tensorOf(proto, 'conv.weight').dims = [-3n, -18n];
      },
      /whole numbers/,
    ],
    [
      'two tensors of one name',
      (proto) => {
        graphOf(proto).initializer.push(tensorOf(proto, 'conv.weight'));
      },
      /its own name/,
    ],
    [
      'nodes in a circle',
      (proto) => {
        nodeOf(proto, 'Conv').input[0] = 'dense';
      },
      /made by an earlier node/,
    ],
    [
      'filters for other channels',
      (proto) => {
        tensorOf(proto, 'conv.weight').dims = [2n, 3n, 3n, 3n];
      },
      /3 channels/,
    ],
    [
      'a file outside the folder',
      (proto) => {
        Object.assign(tensorOf(proto, 'conv.weight'), {
          dataLocation: 1,
          externalData: [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: '../../etc/passwd' }],
        });
      },
      /beside the model/,
    ],
    [
      'an output that is missing',
      (proto) => {
        for (const one of graphOf(proto).output) one.name = 'other';
      },
      /made by a node/,
    ],
  ])('%s', async (_, change, message) => {
    const bytes = await changed(change);
    await expect(readOnnx(bytes)).rejects.toThrow(FoveaError);
    await expect(readOnnx(bytes)).rejects.toThrow(message);
  });

  test.each([
    ['no bytes', new Uint8Array()],
    ['text', new TextEncoder().encode('<!doctype html>')],
    ['a message without end', Uint8Array.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['groups within groups', new Uint8Array(100_000).fill(0x0b)],
  ])('%s', async (_, bytes) => {
    await expect(readOnnx(bytes)).rejects.toThrow(FoveaError);
  });

  test('10 million empty nodes are refused before they are made', async () => {
    const nodes = new Uint8Array(20_000_000);
    for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
    const length = [
      (nodes.length & 127) | 128,
      ((nodes.length >> 7) & 127) | 128,
      ((nodes.length >> 14) & 127) | 128,
      nodes.length >> 21,
    ];
    const bytes = new Uint8Array([0x3a, ...length, ...nodes]);
    const start = performance.now();
    await expect(readOnnx(bytes)).rejects.toThrow(/sensible size/);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

test('weights in a file beside the model', async () => {
  const { net } = await written();
  const beside = new Uint8Array(4096);
  const bytes = await changed((proto) => {
    const tensor = tensorOf(proto, 'conv.weight');
    beside.set(tensor.rawData, 64);
    const entries = { location: 'weights.bin', offset: '64', length: `${tensor.rawData.length}` };
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({
      $typeName: 'onnx.StringStringEntryProto',
      key,
      value,
    }));
    Object.assign(tensor, { rawData: new Uint8Array(), dataLocation: 1 });
  });
  const asked: string[] = [];
  const externalData = async (location: string) => {
    asked.push(location);
    return beside;
  };
  const { model: back } = await readOnnx(bytes, { externalData });
  expect(await back.getWeights()).toEqual(await net.getWeights());
  expect(asked).toEqual(['weights.bin']);
  await expect(readOnnx(bytes)).rejects.toThrow(/Give the option externalData/);
});

test('weights as lists of numbers, and sizes that the file leaves open', async () => {
  const { net } = await written();
  const bytes = await changed((proto) => {
    for (const tensor of graphOf(proto).initializer) {
      if (tensor.dataType === 1) Object.assign(tensor, { floatData: [tensor.rawData], rawData: new Uint8Array() });
    }
    const dims = graphOf(proto).input[0]?.type?.tensorType?.shape?.dim ?? [];
    for (const dim of dims.slice(2)) dim.value = { case: 'dimParam', value: 'size' };
  });
  await expect(readOnnx(bytes)).rejects.toThrow(/Give the option inputShape/);
  const { model: back } = await readOnnx(bytes, { inputShape: [6, 6, 2] });
  expect(await back.getWeights()).toEqual(await net.getWeights());
  expect((await readOnnxWeights(bytes)).tensors.get('conv.weight')?.shape).toEqual([3, 2, 3, 3]);
});
