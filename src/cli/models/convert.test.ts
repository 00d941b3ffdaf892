import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { modelFromKeras } from '../../formats/keras/modelFromKeras.js';
import { loadModel, saveModel } from '../../formats/modelFile.js';
import { readOnnx } from '../../formats/onnx.js';
import { readSafetensors, type WritableTensor, writeSafetensors } from '../../formats/safetensors.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { Tensor } from '../../tensor/tensor.js';
import { sharedData } from '../../testing/sharedData.js';
import { predict } from '../../train/predict.js';
import { zoo } from '../../zoo/zoo.js';
import { capture, events } from '../testing/captured.js';

const shared = sharedData('weights');
const withShared = describe.skipIf(!existsSync(shared));

let folder: string;
const at = (name: string): string => join(folder, name);
const own = sequential([
  input([6, 5, 2]),
  conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }),
  batchNormalization(),
  flatten(),
  dense({ units: 4, activation: 'softmax' }),
]);
const texts = { classNames: '["a","b","c","d"]' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-convert-'));
  await writeFile(at('own.safetensors'), await saveModel(own, texts));
});
afterAll(() => rm(folder, { recursive: true }));

/** Predictions for three fixed pictures. */
async function predictions(model: Model): Promise<Float32Array> {
  const [shape = []] = model.inputShapes;
  const size = shape.reduce((product, side) => product * side, 3);
  const x = new Tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7)),
    [3, ...shape],
  );
  return (await predict(model, x, { engine: new ReferenceEngine() })).data;
}

function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

async function load(name: string) {
  return loadModel(await readFile(at(name)));
}

describe.each(['safetensors', 'onnx', 'keras'])('a model through .%s', (ending) => {
  test.each([
    ['float32', [], 1e-6, 4],
    ['float16', ['--half'], 2e-3, 2],
  ] as const)('as %s', async (precision, half, tolerance, bytes) => {
    const between = `own-${precision}.${ending}`;
    const there = await capture(['convert', at('own.safetensors'), at(between), ...half]);
    expect([there.code, there.err]).toEqual([0, '']);
    const { total } = own.countParameters();
    expect(there.out).toContain(`${at(between)}: ${total} parameters as ${precision}, `);
    const back = await capture(['convert', at(between), at(`back-${between}.safetensors`), '--json']);
    expect(events(back)).toEqual([
      expect.objectContaining({ out: at(`back-${between}.safetensors`), parameters: total, precision: 'float32' }),
    ]);
    const { model, metadata } = await load(`back-${between}.safetensors`);
    const far = difference(await predictions(model), await predictions(own));
    expect(far).toBeLessThan(tolerance);
    expect(far > 0 || precision === 'float32').toBe(true);
    expect(metadata.classNames).toBe(ending === 'keras' ? undefined : texts.classNames);
    expect(there.out.includes('note: names of classes has no place')).toBe(ending === 'keras');
    if (ending !== 'safetensors') return;
    const { tensors } = readSafetensors(await readFile(at(between)), between);
    expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual([...tensors].map(() => `F${8 * bytes}`));
  });
});

async function weightsOf(model: Model): Promise<Map<string, WritableTensor>> {
  const values = await model.getWeights();
  return new Map(model.weights.map(({ path }, i) => [path, values[i] as WritableTensor]));
}

describe('weights alone', () => {
  const network = ['--network', 'resnet20_cifar10'];

  test('with the name of their network: matched, with what its photos go through', async () => {
    const tensors = await weightsOf(zoo.resnet20_cifar10.build({ seed: 5 }));
    await writeFile(at('weights.safetensors'), writeSafetensors(tensors, { layout: 'HWIO' }));
    const alone = await capture(['convert', at('weights.safetensors'), at('net.safetensors')]);
    expect([alone.code, alone.err]).toEqual([2, expect.stringMatching(/holds weights, but no .*--network vgg16/)]);
    const { code, out } = await capture(['convert', at('weights.safetensors'), at('net.safetensors'), ...network]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^97 of 97 weights found\n.*271,098 parameters/)]);
    const { model, metadata } = await load('net.safetensors');
    expect(await weightsOf(model)).toEqual(tensors);
    expect(JSON.parse(metadata.preprocessing ?? '')).toEqual(zoo.resnet20_cifar10.preprocessing);
    expect(JSON.parse(metadata.classNames ?? '')).toContain('airplane');
  });

  test('one with a slip of the pen, one of another shape, one too many: a report with the nearest names', async () => {
    const tensors = await weightsOf(zoo.resnet20_cifar10.build());
    const [first = '', second = ''] = tensors.keys();
    tensors.set(first.replace('/', 'x/'), tensors.get(first) as WritableTensor);
    tensors.delete(first);
    tensors.set(second, { shape: [2], data: Float32Array.of(1, 2) });
    tensors.set('extra\u001b[2J', { shape: [1], data: Float32Array.of(1) });
    await writeFile(at('slip.safetensors'), writeSafetensors(tensors, { layout: 'HWIO' }));
    const { code, err } = await capture(['convert', at('slip.safetensors'), at('slip.onnx'), ...network]);
    expect(code).toBe(2);
    const lines = err.split('\n');
    expect(lines[0]).toBe('95 of 97 weights found');
    expect(lines[lines.indexOf('1 name without a tensor:') + 1]).toMatch(
      `${first}  nearest: ${first.replace('/', 'x/')}`,
    );
    expect(err).toMatch(/1 name of another shape:\n .*float32/);
    expect(err).toMatch(/2 names not used:/);
    expect(err).not.toContain('\u001b');
    expect(err).toMatch(/error: weights .*: 2 of 97 weights of network "resnet20_cifar10" find no tensor that fits/);
    expect(await readdir(folder)).not.toContain('slip.onnx');
  });

  test('another network', async () => {
    const { code, err } = await capture(['convert', at('own.safetensors'), at('x.onnx'), '--network', 'resnt18']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "resnet18"')]);
  });
});

withShared('files of other programs (skipped without ../shared)', () => {
  test.each(['mnist_cnn.h5', 'mnist_cnn.keras', 'pcelis_mnist_cnn.onnx'])('%s', async (name) => {
    const path = join(shared, 'format-fixtures', name);
    const { code, err } = await capture(['convert', path, at(`${name}.safetensors`)]);
    expect([code, err]).toEqual([0, '']);
    const bytes = await readFile(path);
    const direct = name.endsWith('.onnx') ? await readOnnx(bytes) : await modelFromKeras(bytes);
    const { model } = await load(`${name}.safetensors`);
    expect(await predictions(model)).toEqual(await predictions(direct.model));
  });

  test('PyTorch: weights alone; the network is not known', async () => {
    const { code, err } = await capture([
      'convert',
      join(shared, 'format-fixtures/pcelis_mnist_cnn.pth'),
      at('p.onnx'),
    ]);
    expect([code, err]).toEqual([2, expect.stringMatching(/holds weights, but no description/)]);
  });

  test('published weights whose file name is known', async () => {
    const path = join(shared, 'resnet20-cifar10.safetensors');
    const { err } = await capture(['convert', path, at('r.onnx')]);
    expect(err).toContain('here --network resnet20_cifar10');
    const { code, out } = await capture(['convert', path, at('r.onnx'), '--network', 'ResNet20-CIFAR10', '--half']);
    expect([code, out]).toEqual([0, expect.stringContaining('271,098 parameters as float16, 5')]);
  });

  test('a Keras file without the last layer: what is missing', async () => {
    const path = join(shared, 'squeezenet_v1.1-keras-h5/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5');
    const { code, err } = await capture(['convert', path, at('s.onnx'), '--network', 'squeezenet1_1']);
    expect([code, err]).toEqual([2, expect.stringMatching(/^50 of 52 weights found\n2 names without a tensor:/)]);
  });
});

describe('refusals', () => {
  test.each<[string, readonly string[], RegExp]>([
    [
      'an ending that is not written',
      ['own.safetensors', 'x.h5'],
      /by the ending: \.safetensors, \.onnx or \.keras\. Received \.h5/,
    ],
    ['no ending', ['own.safetensors', 'x'], /Received x, without one/],
    ['a file that is there', ['own.safetensors', 'there.onnx'], /it is there already.*--force/],
    ['a folder', ['own.safetensors', 'folder.onnx', '--force'], /no file that could be replaced/],
    ['an array', ['array.npy', 'x.onnx'], /models are read from .*Received npy/],
    ['nothing known', ['text.txt', 'x.onnx'], /Received something else/],
    ['no such file', ['nowhere.onnx', 'x.onnx'], /no such file/],
  ])('%s', async (_, [from = '', to = '', ...options], message) => {
    await writeFile(at('there.onnx'), 'mine');
    await writeFile(at('text.txt'), 'some text');
    await writeFile(at('array.npy'), Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0));
    await mkdir(at('folder.onnx'), { recursive: true });
    const { code, err } = await capture(['convert', at(from), at(to), ...options]);
    expect([code, err.replaceAll(`${folder}/`, '')]).toEqual([2, expect.stringMatching(message)]);
    expect(await readFile(at('there.onnx'), 'utf8')).toBe('mine');
  });

  test('--force replaces, and a conversion that fails leaves what was there', async () => {
    await writeFile(at('old.onnx'), 'old');
    await writeFile(at('broken.safetensors'), (await readFile(at('own.safetensors'))).subarray(0, -4));
    expect((await capture(['convert', at('broken.safetensors'), at('old.onnx'), '--force'])).code).toBe(2);
    expect(await readFile(at('old.onnx'), 'utf8')).toBe('old');
    expect((await capture(['convert', at('own.safetensors'), at('old.onnx'), '--force'])).code).toBe(0);
    expect((await readOnnx(await readFile(at('old.onnx')))).model.countParameters()).toEqual(own.countParameters());
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});
