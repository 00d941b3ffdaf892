import { Hdf5Group } from '../hdf5/hdf5File.js';
import type { StoredTensor } from '../safetensors.js';
import type { KerasLayerWeights } from './kerasFile.js';
import { weightRoles } from './weightRoles.js';

/** Where Keras 3 keeps layers, and where Keras 2.13 did. */
const ROOTS = ['layers', '_layer_checkpoint_dependencies'];

/**
 * The layers of Keras 3: groups `layers/conv2d_1/vars/0`, named by class and number; models within models repeat the pattern.
 * The paths given begin with `layers` in any case. undefined where a file is built otherwise.
 */
export async function readVariables(root: Hdf5Group): Promise<KerasLayerWeights[] | undefined> {
  const layers: KerasLayerWeights[] = [];
  const name = ROOTS.find((one) => root.group(one) !== undefined);
  if (name === undefined) return root.group('vars') === undefined ? undefined : layers;
  await collect(root.group(name) as Hdf5Group, 'layers', layers);
  return layers;
}

async function collect(group: Hdf5Group, path: string, layers: KerasLayerWeights[]): Promise<void> {
  const vars = group.group('vars');
  if (vars !== undefined) await add(vars, path, layers);
  for (const name of group.names) {
    if (name === 'vars' || name === 'seed_generator') continue;
    const member = group.get(name);
    if (member instanceof Hdf5Group) await collect(member, `${path}/${name}`, layers);
  }
}

async function add(vars: Hdf5Group, path: string, layers: KerasLayerWeights[]): Promise<void> {
  const names: string[] = [];
  while (vars.get(String(names.length)) !== undefined) names.push(String(names.length));
  if (names.length === 0) return;
  const tensors: StoredTensor[] = [];
  for (const name of names) tensors.push(await vars.dataset(name).read());
  const roles = weightRoles(
    names,
    tensors.map(({ shape }) => shape),
  );
  const given = vars.attributes.get('name');
  layers.push({
    name: typeof given === 'string' && given !== '' ? given : path.slice(path.lastIndexOf('/') + 1),
    path,
    weights: tensors.map((tensor, i) => ({ name: names[i] as string, role: roles[i] as string, tensor })),
  });
}
