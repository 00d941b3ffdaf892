import { basename, dirname, join } from 'node:path';
import { detectFormat } from '../../formats/detect.js';
import { readKeras } from '../../formats/keras/kerasFile.js';
import { readFileChecked } from '../../formats/node/files.js';
import { readOnnxWeights } from '../../formats/onnx.js';
import { readPytorch } from '../../formats/pytorch/readPytorch.js';
import { readSafetensors } from '../../formats/safetensors.js';
import { readTfjs } from '../../formats/tfjs/readTfjs.js';
import { FoveaError } from '../../tensor/errors.js';
import type { StoredWeights } from '../../zoo/pretrained.js';
import type { WeightSource } from '../../zoo/weightSource.js';
import type { ZooEntry } from '../../zoo/zoo.js';

/** The weights of a file, whatever its format. Throws FoveaError `format` where it is none that holds weights. */
export async function readStoredWeights(path: string): Promise<StoredWeights> {
  const bytes = await readFileChecked(path);
  const where = `weights "${path}"`;
  const beside = (name: string) => readFileChecked(join(dirname(path), name));
  const format = detectFormat(bytes, basename(path));
  if (format === 'safetensors') return readSafetensors(bytes, where);
  if (format === 'hdf5' || format === 'keras') {
    const { tensors, layout } = await readKeras(bytes, { where });
    return { tensors, layout };
  }
  if (format === 'tfjs') {
    const { tensors, layout } = await readTfjs(bytes, beside, where);
    return { tensors, layout };
  }
  if (format === 'pytorch' || format === 'pytorchLegacy') {
    return { tensors: (await readPytorch(bytes, where)).tensors, layout: 'torch' };
  }
  if (format === 'onnx') {
    return { tensors: (await readOnnxWeights(bytes, { where, externalData: beside })).tensors, layout: 'torch' };
  }
  throw new FoveaError('format', {
    where,
    rule: 'weights are read from safetensors, Keras (.h5, .keras), PyTorch (.pth), ONNX and TensorFlow.js files',
    received: format ?? 'something else',
  });
}

/** The sources of weights that a file may be: the one of its name, else all of the network. */
export function candidateSources(entry: ZooEntry, path: string): readonly WeightSource[] {
  const named = entry.weights.filter((source) => source.file === basename(path));
  return named.length > 0 ? named : entry.weights;
}
