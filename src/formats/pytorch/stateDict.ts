import { PickleObject, type PickleValue, TensorReference } from './pickleValues.js';

/** The tensors of a checkpoint and where in it they were found. */
export interface StateDict {
  readonly tensors: Map<string, TensorReference>;
  /** Keys that lead from the file's object to the tensors, joined by dots; empty where they are the object itself. */
  readonly path: string;
  /** What all names began with, as `module.`, which was taken off. */
  readonly prefix: string;
  /** Numbers and short texts that stand beside the state dict: `epoch`, `best_prec1` … */
  readonly extras: Record<string, string>;
}

/** Keys under which training scripts keep their weights, the likeliest first. */
const KEYS = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'params', 'weights', 'module', 'model_ema'];
/** Wrappers put these before every name: DataParallel, and compiled modules. */
const PREFIXES = ['module.', '_orig_mod.', 'model.'];
const MAX_DEPTH = 16;

/** Finds the state dict in what a file holds: the object itself, an entry of it, or a whole module's parameters. */
export function findStateDict(root: PickleValue): StateDict | undefined {
  const found = search(root, [], new Set());
  if (found === undefined) return undefined;
  const names = [...found.tensors.keys()];
  let prefix = '';
  for (let next = shared(names, prefix); next !== ''; next = shared(names, prefix)) prefix += next;
  const tensors = new Map([...found.tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  return { tensors, path: found.path.join('.'), prefix, extras: found.path.length === 0 ? {} : plainEntries(root) };
}

function shared(names: readonly string[], prefix: string): string {
  return (
    PREFIXES.find((one) =>
      names.every((name) => name.length > prefix.length + one.length && name.startsWith(one, prefix.length)),
    ) ?? ''
  );
}

interface Found {
  readonly tensors: Map<string, TensorReference>;
  readonly path: readonly string[];
}

/** Depth first; a value that was seen before is not entered again, so circles end. */
function search(value: PickleValue, path: readonly string[], seen: Set<PickleValue>): Found | undefined {
  if (path.length > MAX_DEPTH || seen.has(value)) return undefined;
  seen.add(value);
  const tensors = new Map<string, TensorReference>();
  if (value instanceof PickleObject) {
    collectModule(value, '', tensors, new Set());
    if (tensors.size > 0) return { tensors, path };
    return value.state instanceof Map ? search(value.state, path, seen) : undefined;
  }
  if (!(value instanceof Map)) return undefined;
  for (const [name, one] of value) {
    if (typeof name === 'string' && one instanceof TensorReference) tensors.set(name, one);
  }
  if (tensors.size > 0) return { tensors, path };
  const keys = [...value.keys()].filter((key) => typeof key === 'string');
  for (const key of [...KEYS, ...keys.filter((one) => !KEYS.includes(one) && !one.startsWith('optim'))]) {
    const found = search(value.get(key) ?? null, [...path, key], seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parameters and buffers of a module that was saved whole, by the names that its state dict would have. */
function collectModule(
  module: PickleObject,
  prefix: string,
  tensors: Map<string, TensorReference>,
  within: Set<PickleObject>,
): void {
  if (within.has(module) || within.size > MAX_DEPTH || !(module.state instanceof Map)) return;
  within.add(module);
  for (const part of ['_parameters', '_buffers']) {
    for (const [name, tensor] of entries(module.state.get(part))) {
      if (tensor instanceof TensorReference) tensors.set(`${prefix}${name}`, tensor);
    }
  }
  for (const [name, child] of entries(module.state.get('_modules'))) {
    if (child instanceof PickleObject) collectModule(child, `${prefix}${name}.`, tensors, within);
  }
}

function entries(value: PickleValue | undefined): [string, PickleValue][] {
  if (!(value instanceof Map)) return [];
  return [...value].filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
}

function plainEntries(root: PickleValue): Record<string, string> {
  const plain: [string, string][] = [];
  for (const [key, value] of entries(root)) {
    const kept = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
    if (kept && key !== '__proto__' && `${value}`.length <= 200) plain.push([key, `${value}`]);
  }
  return Object.fromEntries(plain);
}
