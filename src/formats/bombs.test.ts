import { deflateRawSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dense } from '../layers/dense.js';
import { input } from '../layers/input.js';
import { sequential } from '../model/sequential.js';
import { readIdx } from './idx.js';
import { readKeras } from './keras/kerasFile.js';
import { modelFromKeras } from './keras/modelFromKeras.js';
import { libraryHdf5 } from './keras/testing/kerasFiles.js';
import { writeKeras } from './keras/writeKeras.js';
import { readOnnx } from './onnx.js';
import { readPytorch } from './pytorch/readPytorch.js';
import { packed, torchArchive, torchLegacy } from './pytorch/testing/writeTorch.js';
import { readSafetensors } from './safetensors.js';
import { deflated } from './testing/deflated.js';
import { fuzz } from './testing/fuzz.js';
import { modelFromTfjs } from './tfjs/readTfjs.js';
import { openZarr } from './zarr/zarrArray.js';
import { memoryZarrStore, type ZarrStore } from './zarr/zarrStore.js';
import { readZip } from './zip.js';

/**
 * Small files made so that reading them takes as much memory as can be had: at most twice the file's size and 64 MB, whether
 * they are read or refused.
 */

const MB = 2 ** 20;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const zeros = (megabytes: number): Float32Array => new Float32Array((megabytes * MB) / 4);
const named = { '@layer_names': ['d'], 'd@weight_names': ['k'] };

/** HDF5 with one array of zeros, compressed in blocks of a row. */
const blocks = (data: Float32Array | Float64Array) =>
  libraryHdf5(
    named,
    { 'd/k': { shape: [data.length / 1024, 1024], data: data as Float32Array } },
    { chunks: [256, 1024], compression: 9 },
  );

async function keras(weights: Uint8Array, config: string): Promise<Uint8Array> {
  const honest = await writeKeras(sequential([input([3]), dense({ units: 2 })]));
  const metadata = (await readZip(honest, 'f').get('metadata.json')?.read()) ?? utf8('{}');
  return deflated(
    new Map([
      ['metadata.json', metadata],
      ['config.json', utf8(config)],
      ['model.weights.h5', weights],
    ]),
  );
}

async function zarr(
  shape: readonly number[],
  chunk: readonly number[],
  stored: Uint8Array | undefined,
): Promise<ZarrStore> {
  const store = memoryZarrStore();
  const metadata = {
    ...{ zarr_format: 3, node_type: 'array', shape, data_type: 'float32', fill_value: 7 },
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: 'default' },
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'gzip', configuration: { level: 9 } },
    ],
  };
  await store.set('zarr.json', utf8(JSON.stringify(metadata)));
  if (stored !== undefined) await store.set('c/0', stored);
  return store;
}

const idx = (size: number): Uint8Array => {
  const bytes = new Uint8Array(8 + size);
  bytes.set([0, 0, 8, 1, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return new Uint8Array(gzipSync(bytes));
};

/** An ONNX file with nothing but so many empty nodes. */
const nodes = (count: number): Uint8Array => {
  const length = 2 * count;
  const varint = [(length & 127) | 128, ((length >> 7) & 127) | 128, ((length >> 14) & 127) | 128, length >> 21];
  const bytes = new Uint8Array(5 + length);
  bytes.set([0x3a, ...varint]);
  for (let i = 5; i < bytes.length; i += 2) bytes[i] = 0x0a;
  return bytes;
};

const expanded = { big: { shape: [8, 511, 1024], strides: [0, 0, 0], data: Float32Array.of(1) } };
const layers = (count: number): string =>
  JSON.stringify({
    class_name: 'Sequential',
    config: { name: 's', layers: Array(count).fill({ class_name: 'Dense', config: {} }) },
  });
const header = (count: number): Uint8Array => {
  const entries = Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
  const text = utf8(`{${entries.join()}}`);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return Uint8Array.from(Buffer.concat([length, text]));
};

const rows = async (store: ZarrStore): Promise<unknown> => (await openZarr(store)).rows();
const bombs: readonly (readonly [string, () => unknown, (file: never) => unknown, 'read' | 'refused' | 'either'])[] = [
  [
    'a zip archive of 15 MB of zeros',
    () => deflated(new Map([['a', new Uint8Array(15 * MB)]])),
    async (file: Uint8Array) => readZip(file, 'f').get('a')?.read(),
    'read',
  ],
  [
    'a zip archive of 60 MB of zeros',
    () => deflated(new Map([['a', new Uint8Array(60 * MB)]])),
    async (file: Uint8Array) => readZip(file, 'f').get('a')?.read(),
    'refused',
  ],
  ['HDF5 with 15 MB of zeros', () => blocks(zeros(15)), (file: Uint8Array) => readKeras(file), 'read'],
  ['HDF5 with 40 MB of zeros', () => blocks(zeros(40)), (file: Uint8Array) => readKeras(file), 'refused'],
  [
    'HDF5 with 10 MB of zeros in float64',
    () => blocks(new Float64Array(1.25 * MB)),
    (file: Uint8Array) => readKeras(file),
    'read',
  ],
  [
    'HDF5 with 40 MB of zeros in float64',
    () => blocks(new Float64Array(5 * MB)),
    (file: Uint8Array) => readKeras(file),
    'refused',
  ],
  [
    '.keras around 15 MB of compressed zeros',
    async () => keras(await blocks(zeros(15)), '{}'),
    (file: Uint8Array) => readKeras(file),
    'read',
  ],
  [
    '.keras, compressed, around 15 MB of zeros',
    async () => keras(await libraryHdf5(named, { 'd/k': { shape: [(15 * MB) / 4], data: zeros(15) } }), '{}'),
    (file: Uint8Array) => readKeras(file),
    'read',
  ],
  [
    '.keras, compressed, around 12 MB of zeros and as many compressed ones',
    async () =>
      keras(
        await libraryHdf5(
          { '@layer_names': ['d', 'e'], 'd@weight_names': ['k'], 'e@weight_names': ['k'] },
          { 'd/k': { shape: [3072, 1024], data: zeros(12) } },
        ),
        layers(28_000),
      ),
    (file: Uint8Array) => readKeras(file),
    'either',
  ],
  [
    '.keras with a description of 1.2 MB',
    async () => keras(await libraryHdf5(named, { 'd/k': { shape: [(15 * MB) / 4], data: zeros(15) } }), layers(28_000)),
    (file: Uint8Array) => modelFromKeras(file),
    'either',
  ],
  [
    '.keras with lists in lists',
    async () => keras(await blocks(zeros(1)), `${'['.repeat(600_000)}${']'.repeat(600_000)}`),
    (file: Uint8Array) => modelFromKeras(file),
    'refused',
  ],
  [
    '.keras with 600,000 empty objects',
    async () => keras(await blocks(zeros(1)), `[${'{},'.repeat(400_000)}{}]`),
    (file: Uint8Array) => modelFromKeras(file),
    'refused',
  ],
  [
    'TensorFlow.js, a description of 28,000 layers',
    () => utf8(`{"weightsManifest":[],"modelTopology":${layers(28_000)}}`),
    (file: Uint8Array) => modelFromTfjs(file, () => new Uint8Array(0)),
    'refused',
  ],
  [
    'PyTorch, one number as 4 million',
    () => packed(torchArchive(expanded)),
    (file: Uint8Array) => readPytorch(file, 'f'),
    'read',
  ],
  [
    'PyTorch, one number as 4 million, eight times',
    () => packed(torchArchive(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}`, expanded.big])))),
    (file: Uint8Array) => readPytorch(file, 'f'),
    'refused',
  ],
  [
    'PyTorch of old, one number as 4 million, eight times',
    () => torchLegacy(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}`, expanded.big]))),
    (file: Uint8Array) => readPytorch(file, 'f'),
    'refused',
  ],
  [
    'PyTorch, a million empty dicts, deflated',
    () => deflated(new Map([...torchArchive(expanded), ['net/data.pkl', new Uint8Array(MB).fill(0x7d)]])),
    (file: Uint8Array) => readPytorch(file, 'f'),
    'refused',
  ],
  [
    'PyTorch, a storage of 15 MB of zeros, deflated',
    () => deflated(torchArchive({ w: { shape: [(15 * MB) / 4], data: zeros(15) }, big: expanded.big })),
    (file: Uint8Array) => readPytorch(file, 'f'),
    'either',
  ],
  ['ONNX, 100,000 empty nodes', () => nodes(100_000), (file: Uint8Array) => readOnnx(file), 'refused'],
  ['safetensors, 20,000 empty tensors', () => header(20_000), (file: Uint8Array) => readSafetensors(file, 'f'), 'read'],
  [
    'Zarr, 40 MB in one chunk of zeros',
    () => zarr([10 * MB], [10 * MB], new Uint8Array(gzipSync(new Uint8Array(40 * MB)))),
    rows,
    'refused',
  ],
  [
    'Zarr, 15 MB in one chunk of zeros',
    () => zarr([(15 * MB) / 4], [(15 * MB) / 4], new Uint8Array(gzipSync(new Uint8Array(15 * MB)))),
    rows,
    'read',
  ],
  ['Zarr, 400 MB that nobody wrote', () => zarr([100 * MB], [100 * MB], undefined), rows, 'refused'],
  ['Zarr, 400 MB that nobody wrote, in many chunks', () => zarr([100 * MB], [MB], undefined), rows, 'refused'],
  ['Zarr, 12 MB that nobody wrote', () => zarr([3 * MB], [MB], undefined), rows, 'read'],
  ['idx, 15 MB of zeros', () => idx(15 * MB), (file: Uint8Array) => readIdx(file, 'f'), 'read'],
  ['idx, 60 MB of zeros', () => idx(60 * MB), (file: Uint8Array) => readIdx(file, 'f'), 'refused'],
];

test.each(bombs)('%s', async (name, make, read, expected) => {
  const file = (await make()) as Uint8Array;
  // Once before: what the program itself needs for it is no matter of the file.
  const { refused, hungriest, slowest, crashes } = await fuzz({ name, make: () => file, read }, 2);
  if (process.env.FOVEA_FUZZ !== undefined) {
    process.stderr.write(
      `${name}: ${(hungriest.bytes / 1e6).toFixed(1)} MB, ${slowest.ms.toFixed(0)} ms, ${refused > 0 ? 'refused' : 'read'}\n`,
    );
  }
  expect(crashes).toEqual([]);
  if (expected !== 'either') expect(refused > 0 ? 'refused' : 'read').toBe(expected);
  expect(hungriest.bytes).toBeLessThan(64e6);
  expect(slowest.ms).toBeLessThan(1000);
});

test('deflated archives are made as zip archives are', async () => {
  const entry = readZip(deflated(new Map([['x', utf8('zip '.repeat(50))]])), 'f').get('x');
  expect(new TextDecoder().decode(await entry?.read())).toBe('zip '.repeat(50));
  expect(deflateRawSync(utf8('zip '.repeat(50))).length).toBeLessThan(50);
});
