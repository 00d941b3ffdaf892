import { gzipSync } from 'node:zlib';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { sequential } from '../../model/sequential.js';
import type { RandomStream } from '../../tensor/random.js';
import { readIdx } from '../idx.js';
import { readKeras } from '../keras/kerasFile.js';
import { modelFromKeras } from '../keras/modelFromKeras.js';
import { counted, libraryHdf5 } from '../keras/testing/kerasFiles.js';
import { writeKeras } from '../keras/writeKeras.js';
import { loadModel, saveModel } from '../modelFile.js';
import { readNpy, writeNpy } from '../npy.js';
import { readOnnx, writeOnnx } from '../onnx.js';
import { readPytorch } from '../pytorch/readPytorch.js';
import { packed, torchArchive, torchLegacy } from '../pytorch/testing/writeTorch.js';
import { readSafetensors, writeSafetensors } from '../safetensors.js';
import { modelFromTfjs } from '../tfjs/readTfjs.js';
import { createZarr, openZarr } from '../zarr/zarrArray.js';
import type { ZarrStore } from '../zarr/zarrStore.js';
import { readZip } from '../zip.js';
import { deflated } from './deflated.js';
import type { FuzzSubject } from './fuzz.js';
import { mutate, mutatePickle, mutateText } from './mutate.js';

type Files = ReadonlyMap<string, Uint8Array>;
type Mutation = (file: Uint8Array, random: RandomStream) => Uint8Array;

/** Small whole files of every format that is read, and how they are damaged: as bytes, and from within. */
export async function fuzzSubjects(): Promise<FuzzSubject[]> {
  const net = sequential([
    input([6, 6, 1]),
    conv2d({ filters: 2, kernelSize: 3 }),
    batchNormalization(),
    flatten(),
    dense({ units: 3, activation: 'softmax' }),
  ]);
  const arrays = { 'conv.weight': counted([2, 1, 3, 3]), 'fc.weight': counted([3, 4]), 'fc.bias': counted([3]) };
  const tensors = new Map(Object.entries(arrays));
  const keras = await unpacked(await writeKeras(net));
  const torch = torchArchive(arrays);
  const zarr = await zarrParts();
  return [
    {
      name: 'safetensors',
      make: whole([writeSafetensors(tensors, { about: 'x' })], half(mutateText)),
      read: (file: Uint8Array) => readSafetensors(file, 'f'),
    },
    {
      name: 'model file',
      make: whole([await saveModel(net)], half(mutateText)),
      read: (file: Uint8Array) => loadModel(file),
    },
    {
      name: 'Keras .h5',
      make: whole(await oldKeras(), half(mutateText, 4)),
      read: (file: Uint8Array) => modelFromKeras(file),
    },
    { name: 'Keras .h5 in blocks', make: whole(await blocks(), mutate), read: (file: Uint8Array) => readKeras(file) },
    {
      name: 'Keras .weights.h5',
      make: whole([keras.get('model.weights.h5') as Uint8Array], mutate),
      read: (file: Uint8Array) => readKeras(file),
    },
    {
      name: '.keras',
      make: archive(keras, (name) => (name.endsWith('.json') ? half(mutateText, 5) : mutate)),
      read: (file: Uint8Array) => modelFromKeras(file),
    },
    {
      name: 'PyTorch, zip',
      make: archive(torch, (name) => (name.endsWith('.pkl') ? half(mutatePickle) : mutate)),
      read: (file: Uint8Array) => readPytorch(file, 'f'),
    },
    {
      name: 'PyTorch, legacy',
      make: whole([torchLegacy(arrays)], half(mutatePickle)),
      read: (file: Uint8Array) => readPytorch(file, 'f'),
    },
    {
      name: 'ONNX',
      make: whole([await writeOnnx(net)], half(mutateText, 5)),
      read: (file: Uint8Array) => readOnnx(file),
    },
    { name: 'TensorFlow.js', make: parts(tfjs(), half(mutateText, 5)), read: readTfjsParts },
    {
      name: '.npy',
      make: whole(
        [writeNpy(counted([4, 5])), writeNpy({ shape: [3], data: Int32Array.of(1, 2, 3) })],
        half(mutateText),
      ),
      read: (file: Uint8Array) => readNpy(file, 'f'),
    },
    { name: 'Zarr', make: parts(zarr, half(mutateText)), read: readZarrParts },
    { name: 'idx', make: whole(idx(), mutate), read: (file: Uint8Array) => readIdx(file, 'f') },
    { name: 'zip', make: whole([packed(torch), deflated(keras)], mutate), read: readAll },
  ];
}

/** One kind of damage or, so many times in ten, the other. */
function half(other: Mutation, tenths = 5): Mutation {
  return (file, random) => (random.below(10) < tenths ? other : mutate)(file, random);
}

function whole(files: readonly Uint8Array[], change: Mutation): FuzzSubject['make'] {
  return (i, random) => change(files[i % files.length] as Uint8Array, random);
}

/** Files that belong together: one of them is damaged, or left out. */
function parts(files: Files, change: Mutation): FuzzSubject['make'] {
  const names = [...files.keys()];
  return (i, random) => {
    const victim = names[i % names.length] as string;
    const damaged = new Map(files);
    if (random.below(40) === 0) damaged.delete(victim);
    else damaged.set(victim, change(files.get(victim) as Uint8Array, random));
    return damaged;
  };
}

/** An archive that is damaged outside, or within a file of it, so that all checksums agree. */
function archive(files: Files, changeOf: (name: string) => Mutation): FuzzSubject['make'] {
  const names = [...files.keys()].filter((name) => (files.get(name) as Uint8Array).length > 0);
  const outside = packed(files);
  return (i, random) => {
    if (i % 3 === 0) return mutate(outside, random);
    // The two files that all depends on, more often than the others.
    const victim = names[random.below(random.below(3) === 0 ? names.length : Math.min(2, names.length))] as string;
    const damaged = new Map(files).set(victim, changeOf(victim)(files.get(victim) as Uint8Array, random));
    return random.below(3) === 0 ? deflated(damaged) : packed(damaged);
  };
}

async function unpacked(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  // config.json first, then the weights: see `archive`.
  const entries = [...readZip(bytes, 'f')].sort(([a], [b]) => (a.length < b.length ? -1 : 1));
  for (const [name, entry] of entries) files.set(name, new Uint8Array(await entry.read()));
  return files;
}

async function readAll(bytes: Uint8Array): Promise<unknown> {
  const contents: Uint8Array[] = [];
  for (const entry of readZip(bytes, 'f').values()) contents.push(await entry.read());
  return contents;
}

async function oldKeras(): Promise<Uint8Array[]> {
  const layer = { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 3] } };
  const config = JSON.stringify({ class_name: 'Sequential', config: { name: 's', layers: [layer] } });
  const texts = {
    ...{ '@model_config': config, '@keras_version': '2.4.0', '@backend': 'tensorflow' },
    ...{ 'model_weights@layer_names': ['d'], 'model_weights/d@weight_names': ['d/kernel:0', 'd/bias:0'] },
  };
  const values = { 'model_weights/d/d/kernel:0': counted([3, 2]), 'model_weights/d/d/bias:0': counted([2]) };
  return [await libraryHdf5(texts, values), await libraryHdf5(texts, values, { version: 'v110' })];
}

async function blocks(): Promise<Uint8Array[]> {
  const texts = { '@layer_names': ['d'], 'd@weight_names': ['k'] };
  const file = (compression?: number) =>
    libraryHdf5(
      texts,
      { 'd/k': counted([20, 20]) },
      { chunks: [7, 9], ...(compression === undefined ? {} : { compression }) },
    );
  return [await file(4), await file()];
}

function tfjs(): Files {
  const layer = { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 3] } };
  const weights = [
    { name: 'd/kernel', shape: [3, 2], dtype: 'float32' },
    { name: 'd/bias', shape: [2], dtype: 'uint8', quantization: { dtype: 'uint8', min: 0, scale: 1 } },
  ];
  const json = {
    modelTopology: { class_name: 'Sequential', config: { name: 's', layers: [layer] } },
    weightsManifest: [{ paths: ['a.bin'], weights }],
  };
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(json))],
    ['a.bin', new Uint8Array(26).fill(63)],
  ]);
}

function readTfjsParts(files: Files): Promise<unknown> {
  // A part that is not there is the caller's affair; here it is empty.
  const read = (path: string) => files.get(path) ?? new Uint8Array(0);
  return modelFromTfjs(read('model.json'), read);
}

function storeOf(kept: Map<string, Uint8Array>): ZarrStore {
  return {
    name: 'array',
    get: async (key) => kept.get(key),
    has: async (key) => kept.has(key),
    set: async (key, bytes) => void kept.set(key, bytes.slice()),
  };
}

async function zarrParts(): Promise<Files> {
  const kept = new Map<string, Uint8Array>();
  const array = await createZarr(storeOf(kept), { shape: [5, 3], dtype: 'float32', chunkRows: 2 });
  for (const i of [0, 1, 2]) await array.writeChunk(i, new Float32Array(i === 2 ? 3 : 6).fill(i));
  return kept;
}

const readZarrParts = async (files: Files): Promise<unknown> => (await openZarr(storeOf(new Map(files)))).rows();

function idx(): Uint8Array[] {
  const plain = Uint8Array.of(
    0,
    0,
    8,
    3,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    3,
    0,
    0,
    0,
    4,
    ...Array.from({ length: 24 }, (_, i) => i),
  );
  return [plain, new Uint8Array(gzipSync(plain))];
}
