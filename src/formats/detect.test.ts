import { deflateRawSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { detectFormat } from './detect.js';
import { writeSafetensors } from './safetensors.js';
import { zipPieces } from './writeZip.js';

const text = (value: string) => new TextEncoder().encode(value);
const zip = (...names: string[]) =>
  Uint8Array.from(Buffer.concat(zipPieces(new Map(names.map((name) => [name, [deflateRawSync('x')]])))));

test.each<[string | undefined, string, Uint8Array]>([
  ['safetensors', '', writeSafetensors(new Map([['a', { shape: [1], data: Float32Array.of(1) }]]))],
  ['safetensors', 'wrong.onnx', writeSafetensors(new Map())],
  ['hdf5', '', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0)],
  ['keras', '', zip('metadata.json', 'config.json', 'model.weights.h5')],
  ['pytorch', '', zip('archive/data.pkl', 'archive/data/0')],
  ['npz', '', zip('x.npy')],
  ['keras', 'a.keras', zip('other')],
  [undefined, 'photos.zip', zip('photo.jpg')],
  [
    'pytorchLegacy',
    '',
    Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e),
  ],
  ['onnx', '', Uint8Array.of(0x08, 8, 0x12, 7, ...text('pytorch'))],
  ['onnx', '', Uint8Array.of(0x08, 10, 0x3a, 2, 0, 0)],
  ['tfjs', '', text('{"format": "layers-model", "modelTopology": {}}')],
  ['npy', '', text('\x93NUMPY\x01').map((_, i) => [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1][i] ?? 0)],
  ['idx', '', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1)],
  ['gzip', 'train-images-idx3-ubyte.gz', gzipSync('x')],
  [undefined, '', text('{"a": 1}')],
  [undefined, '', text('GIF89a')],
  [undefined, '', new Uint8Array(0)],
])('%s %s', (format, name, bytes) => {
  expect(detectFormat(bytes, name)).toBe(format);
});
