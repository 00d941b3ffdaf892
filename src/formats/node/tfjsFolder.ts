import { dirname, join } from 'node:path';
import type { ImportedModel } from '../keras/modelFromKeras.js';
import { modelFromTfjs } from '../tfjs/readTfjs.js';
import { readFileChecked } from './files.js';

/** The network of a TensorFlow.js layers model on disk: `path` is model.json, the files that it names lie beside it. */
export async function modelFromTfjsFile(path: string): Promise<ImportedModel> {
  const json = await readFileChecked(path, { maxBytes: 2 ** 22 });
  return modelFromTfjs(json, (file) => readFileChecked(join(dirname(path), file)), { where: path });
}
