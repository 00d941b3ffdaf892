import { basename, dirname, join } from 'node:path';
import { detectFormat } from '../../formats/detect.js';
import { readKeras } from '../../formats/keras/kerasFile.js';
import { assemble } from '../../formats/keras/modelFromKeras.js';
import type { WeightReport } from '../../formats/loadWeights.js';
import { loadModel, type ModelMetadata } from '../../formats/modelFile.js';
import { readFileChecked } from '../../formats/node/files.js';
import { modelFromTfjsFile } from '../../formats/node/tfjsFolder.js';
import { readOnnx } from '../../formats/onnx.js';
import { readSafetensors } from '../../formats/safetensors.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { buildPretrained, type Pretrained } from '../../zoo/pretrained.js';
import type { WeightSource } from '../../zoo/weightSource.js';
import { type ZooEntry, type ZooName, zoo, zooEntry } from '../../zoo/zoo.js';
import { candidateSources, readStoredWeights } from './storedWeights.js';

/** A network with its weights, as it came out of a file of any format. */
export interface ForeignModel {
  readonly model: Model;
  readonly metadata: ModelMetadata;
  /** What was left out, a sentence each. */
  readonly notes: readonly string[];
  /** What became of the tensors, for a file of weights alone. */
  readonly report: WeightReport | undefined;
}

/** The network of a file that describes it; for a file of weights alone, `network` names one of the zoo. */
export async function openForeignModel(
  path: string,
  network: string | undefined,
  onMismatch: (report: WeightReport) => void,
): Promise<ForeignModel> {
  if (network !== undefined) return fromWeights(path, zooEntry(network), onMismatch);
  const bytes = await readFileChecked(path);
  const where = `file "${path}"`;
  const format = detectFormat(bytes, basename(path));
  const plain = { metadata: {}, notes: [], report: undefined };
  if (format === 'safetensors') {
    if (readSafetensors(bytes, where).metadata.config === undefined) throw weightsAlone(path);
    return { ...plain, ...(await loadModel(bytes, { where })) };
  }
  if (format === 'hdf5' || format === 'keras') {
    const file = await readKeras(bytes, { where });
    if (file.architecture === undefined) throw weightsAlone(path);
    return { ...plain, ...(await assemble(file, {}, where)) };
  }
  if (format === 'tfjs') return { ...plain, ...(await modelFromTfjsFile(path)) };
  if (format === 'onnx') {
    const externalData = (name: string) => readFileChecked(join(dirname(path), name));
    return { ...plain, ...(await readOnnx(bytes, { where, externalData })) };
  }
  if (format === 'pytorch' || format === 'pytorchLegacy') throw weightsAlone(path);
  throw new FoveaError('format', {
    where,
    rule: 'models are read from safetensors, Keras (.h5, .keras), PyTorch (.pth), ONNX and TensorFlow.js (model.json) files',
    received: format ?? 'something else',
  });
}

function weightsAlone(path: string): FoveaError {
  const known = (Object.keys(zoo) as ZooName[]).find((name) =>
    zoo[name].weights.some((source) => source.file === basename(path)),
  );
  const example = known === undefined ? 'as in --network vgg16' : `here --network ${known}`;
  return new FoveaError('format', {
    where: `file "${path}"`,
    rule: 'it holds weights, but no description of the network that they belong to',
    remedy: `Name the network with --network, ${example}`,
  });
}

async function fromWeights(
  path: string,
  entry: ZooEntry & { readonly name: string },
  onMismatch: (report: WeightReport) => void,
): Promise<ForeignModel> {
  const stored = await readStoredWeights(path);
  const { model, preprocessing, report } = await bestFit(path, entry, stored);
  const lacking = report.missing.length + report.misfits.length;
  if (lacking > 0) {
    onMismatch(report);
    throw new FoveaError('name', {
      where: `weights "${path}"`,
      rule: `${lacking} of ${model.weights.length} weights of network "${entry.name}" find no tensor that fits`,
      remedy: 'Name the network that the file belongs to with --network',
    });
  }
  const { names } = entry.classNames;
  const metadata = {
    preprocessing: JSON.stringify(preprocessing),
    ...(names?.length === model.outputShapes[0]?.at(-1) ? { classNames: JSON.stringify(names) } : {}),
  };
  return { model, metadata, notes: [], report };
}

/** Tries each way in which weights of the network are published, then its own names; the one that leaves least over. */
async function bestFit(
  path: string,
  entry: ZooEntry,
  stored: Awaited<ReturnType<typeof readStoredWeights>>,
): Promise<Pretrained> {
  const own: WeightSource = { id: 'own', file: basename(path), format: 'safetensors', layout: 'keras' };
  let best: { readonly lacking: number; readonly made: Pretrained } | undefined;
  let first: unknown;
  for (const source of [...candidateSources(entry, path), own, { ...own, layout: 'torch' } as const]) {
    try {
      const made = await buildPretrained(entry, source, stored, { where: `weights "${path}"`, partial: true });
      const lacking = made.report.missing.length + made.report.misfits.length;
      if (lacking === 0) return made;
      if (best === undefined || lacking < best.lacking) best = { lacking, made };
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error;
      first ??= error;
    }
  }
  if (best === undefined) throw first;
  return best.made;
}
