import { isGzip } from './gzip.js';
import { isHdf5 } from './hdf5/hdf5File.js';
import { isZip } from './zip.js';

/** Formats that are told apart by their first bytes. */
export type FileFormat =
  | 'safetensors'
  | 'hdf5'
  | 'keras' // a zip archive with config.json
  | 'pytorch' // a zip archive with data.pkl
  | 'pytorchLegacy' // a stream of pickles
  | 'onnx'
  | 'tfjs' // model.json
  | 'npy'
  | 'npz'
  | 'idx'
  | 'gzip';

/**
 * What a file is, from its first bytes; the name decides where they do not. undefined for what is none of these. That a
 * file begins as one says nothing about the rest of it: readers check everything.
 *
 * @param name the file's name, where there is one; only its ending is looked at.
 */
export function detectFormat(bytes: Uint8Array, name = ''): FileFormat | undefined {
  if (isHdf5(bytes)) return 'hdf5';
  if (isZip(bytes)) return archiveFormat(bytes, name);
  if (isGzip(bytes)) return 'gzip';
  if (begins(bytes, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) return 'npy';
  if (isSafetensors(bytes)) return 'safetensors';
  if (isLegacyPickle(bytes)) return 'pytorchLegacy';
  if (isIdx(bytes)) return 'idx';
  if (isTfjs(bytes)) return 'tfjs';
  return isOnnx(bytes, name) ? 'onnx' : undefined;
}

/** By the names of files that stand as plain text in an archive: at its beginning and in its directory at the end. */
function archiveFormat(bytes: Uint8Array, name: string): FileFormat | undefined {
  const ends = latin(bytes.subarray(0, 4096)) + latin(bytes.subarray(-65_536));
  if (/\/data\.pkl/.test(ends)) return 'pytorch';
  if (ends.includes('config.json') && ends.includes('model.weights')) return 'keras';
  if (ends.includes('.npy')) return 'npz';
  if (/\.keras$/i.test(name)) return 'keras';
  return /\.(pth?|bin)$/i.test(name) ? 'pytorch' : undefined;
}

/** Eight bytes of length, then a JSON object that fits into the file. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) <= bytes.length - 8;
}

/** Protocol 2 and PyTorch's magic number, a long of 10 bytes. */
function isLegacyPickle(bytes: Uint8Array): boolean {
  return begins(bytes, [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
}

/** Two zeros, a kind of number, a number of axes. */
function isIdx(bytes: Uint8Array): boolean {
  const [first, second, kind = 0, rank = 0] = bytes;
  return first === 0 && second === 0 && [8, 9, 11, 12, 13, 14].includes(kind) && rank >= 1 && rank <= 8;
}

function isTfjs(bytes: Uint8Array): boolean {
  const start = latin(bytes.subarray(0, 65_536)).trimStart();
  const hasKeys = /"(modelTopology|weightsManifest)"/.test(start + latin(bytes.subarray(-65_536)));
  return start.startsWith('{') && hasKeys;
}

/** ONNX has no mark: field 1, the version of the format as a small number, then a field that a model has. */
function isOnnx(bytes: Uint8Array, name: string): boolean {
  const [tag, version = 0, next = 0] = bytes;
  if (tag !== 0x08 || version < 1 || version > 30) return false;
  const fields = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72]; // numbers 2 to 8 and 14 of a model
  return fields.includes(next) || /\.onnx$/i.test(name);
}

function begins(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
