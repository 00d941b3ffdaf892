import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sharedData } from '../../testing/sharedData.js';
import { readPytorch } from './readPytorch.js';
import { torchFixtures } from './testing/torchFixtures.js';

const torch = torchFixtures();
const fixtures = sharedData('weights/format-fixtures');

const none = 'skipped, there is no /usr/bin/python3 with PyTorch';

describe.skipIf(torch === undefined)(
  torch === undefined ? `files that PyTorch writes: ${none}` : 'files that PyTorch writes',
  () => {
    const { expected, read } = torch as NonNullable<typeof torch>;

    describe.each(['zip', 'legacy', 'protocol4'])('%s', (form) => {
      test.each(Object.keys(torch?.expected.kinds ?? {}))(
        'tensor "%s" has the numbers that PyTorch lists',
        async (name) => {
          const { tensors } = await readPytorch(read(`kinds.${form}.pth`), 'kinds');
          const [shape, numbers] = expected.kinds[name] as readonly [number[], number[]];
          const found = tensors.get(name);
          expect(found?.shape).toEqual(shape);
          expect([...(found?.data ?? [])]).toEqual(numbers.map(Math.fround));
        },
      );

      test('kinds are named as safetensors names them', async () => {
        const { tensors } = await readPytorch(read(`kinds.${form}.pth`), 'kinds');
        const kinds = ['f32', 'half', 'bfloat', 'double', 'long', 'bool', 'byte', 'short'];
        expect(kinds.map((name) => tensors.get(name)?.dtype)).toEqual('F32 F16 BF16 F64 I64 BOOL U8 I16'.split(' '));
      });

      test('a checkpoint: the state dict is found, "module." taken off, the rest is told', async () => {
        const { tensors, metadata } = await readPytorch(read(`checkpoint.${form}.pth`), 'checkpoint');
        expect([...tensors.keys()]).toEqual(Object.keys(expected.net));
        expect([...(tensors.get('conv.weight')?.data ?? [])]).toEqual(expected.net['conv.weight']?.[1]);
        const beside = { epoch: '12', best_prec1: '91.5', arch: 'tiny' };
        expect(metadata).toEqual({ ...beside, stateDict: 'state_dict', prefix: 'module.' });
      });

      test('a module that was saved whole', async () => {
        const { tensors } = await readPytorch(read(`module.${form}.pth`), 'module');
        expect([...tensors.keys()].sort()).toEqual(Object.keys(expected.net).sort());
        for (const [name, [shape, numbers]] of Object.entries(expected.net)) {
          expect(tensors.get(name)?.shape).toEqual(shape);
          expect([...(tensors.get(name)?.data ?? [])]).toEqual(numbers);
        }
      });
    });
  },
);

const present = existsSync(fixtures);
describe.skipIf(!present)(
  present ? 'networks for MNIST' : `networks for MNIST: skipped, there is no ${fixtures}`,
  () => {
    test.each([
      ['pcelis_mnist_cnn.pth', 10816],
      ['pcelis_mnist_cnn_pool.pth', 2704],
    ])('%s', async (file, inputs) => {
      const { tensors, metadata } = await readPytorch(new Uint8Array(readFileSync(join(fixtures, file))), file);
      expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
        ['conv.weight', 'F32', [16, 1, 3, 3]],
        ['conv.bias', 'F32', [16]],
        ['fc.weight', 'F32', [10, inputs]],
        ['fc.bias', 'F32', [10]],
      ]);
      expect(metadata).toEqual({});
    });
  },
);
