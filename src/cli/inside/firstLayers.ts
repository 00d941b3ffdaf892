import { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { buildPretrained } from '../../zoo/pretrained.js';
import { zooEntry } from '../../zoo/zoo.js';
import type { BaseNetwork } from '../models/baseNetwork.js';
import { candidateSources, readStoredWeights } from '../models/storedWeights.js';

/**
 * The first layers of a network of the zoo, as far as a file has weights for them: files with a part of a network are enough
 * to look into that part.
 *
 * @throws FoveaError `name` where the file has no weights of the first layers.
 */
export async function openFirstLayers(
  name: string,
  file: string,
): Promise<Pick<BaseNetwork, 'model' | 'preprocessing'>> {
  const entry = zooEntry(name);
  const stored = await readStoredWeights(file);
  const [source] = candidateSources(entry, file);
  if (source === undefined) {
    throw new FoveaError('name', { where: `network "${entry.name}"`, rule: 'no trained weights are known' });
  }
  const where = `weights "${file}"`;
  const { model, preprocessing, report } = await buildPretrained(entry, source, stored, { where, partial: true });
  const matched = new Set(report.matched.map(({ weight }) => weight));
  const complete = (path: string): boolean => matched.has(path);
  const pathsOf = new Map<unknown, string[]>();
  for (const { layer, path } of model.weights) pathsOf.set(layer, [...(pathsOf.get(layer) ?? []), path]);
  const known = new Set(model.inputs);
  let last: (typeof model.nodes)[number] | undefined;
  for (const node of model.nodes) {
    if (node.inputs.length === 0) continue;
    const paths = pathsOf.get(node.layer) ?? [];
    if (!node.inputs.every((input) => known.has(input)) || !paths.every(complete)) continue;
    known.add(node);
    if (paths.length > 0) last = node;
  }
  if (last === undefined) {
    throw new FoveaError('name', { where, rule: `it has no weights of the first layers of ${entry.name}` });
  }
  return {
    model: new Model('functional', { inputs: model.inputs, outputs: [last] }, { name: `${entry.name}-first-layers` }),
    preprocessing,
  };
}
