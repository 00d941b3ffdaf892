import { formatError } from '../formatError.js';
import type { Hdf5Group } from '../hdf5/hdf5File.js';
import type { StoredTensor } from '../safetensors.js';
import type { KerasLayerWeights } from './kerasFile.js';
import { weightRoles } from './weightRoles.js';

/** The layers of Keras 1 and 2 (and 3, where it writes `.h5`): a group for each, with the names of its weights in order. */
export async function readNamedLayers(group: Hdf5Group, where: string): Promise<KerasLayerWeights[]> {
  const layers: KerasLayerWeights[] = [];
  const names = nameList(group, 'layer_names');
  if (new Set(names).size !== names.length) {
    throw formatError(where, 'layer_names must be unique', 'a name twice', 'The file is damaged: write it anew');
  }
  for (const name of names) {
    const layer = group.group(name);
    if (layer === undefined) {
      const rule = 'each name in layer_names must have a group';
      throw formatError(
        where,
        rule,
        `none for ${JSON.stringify(name.slice(0, 60))}`,
        'The file is damaged: write it anew',
      );
    }
    const weights = nameList(layer, 'weight_names');
    const found = await layerWeights(layer, name, weights);
    if (found.weights.length > 0) layers.push(found);
  }
  return layers;
}

/** Whether layers are numbered `layer_0`, `layer_1`, as before Keras 1. */
export function hasLayerNumbers(group: Hdf5Group): boolean {
  return group.group('layer_0') !== undefined;
}

/** The layers of Keras before 1.0: numbered groups of numbered parameters. */
export async function readLayerNumbers(group: Hdf5Group): Promise<KerasLayerWeights[]> {
  const layers: KerasLayerWeights[] = [];
  for (let k = 0; ; k++) {
    const layer = group.group(`layer_${k}`);
    if (layer === undefined) return layers;
    const names: string[] = [];
    while (layer.get(`param_${names.length}`) !== undefined) names.push(`param_${names.length}`);
    if (names.length > 0) layers.push(await layerWeights(layer, `layer_${k}`, names));
  }
}

async function layerWeights(group: Hdf5Group, name: string, names: readonly string[]): Promise<KerasLayerWeights> {
  const tensors: StoredTensor[] = [];
  for (const weight of names) tensors.push(await group.dataset(weight).read());
  const roles = weightRoles(
    names,
    tensors.map(({ shape }) => shape),
  );
  const weights = tensors.map((tensor, i) => ({ name: names[i] as string, role: roles[i] as string, tensor }));
  return { name, path: name, weights };
}

/** A list of names; one that is too long for an attribute is split into `layer_names0`, `layer_names1` … */
function nameList(group: Hdf5Group, attribute: string): string[] {
  const whole = group.attributes.get(attribute);
  if (whole !== undefined) return [whole].flat() as string[];
  const names: string[] = [];
  for (let k = 0; ; k++) {
    const part = group.attributes.get(`${attribute}${k}`);
    if (part === undefined) return names;
    names.push(...([part].flat() as string[]));
  }
}
