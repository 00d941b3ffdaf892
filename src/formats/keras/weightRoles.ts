import type { Shape } from '../../tensor/shape.js';

/** Keras's names of a layer's weights. */
const ROLES = [
  'depthwise_kernel',
  'pointwise_kernel',
  'kernel',
  'bias',
  'gamma',
  'beta',
  'moving_mean',
  'moving_variance',
  'running_mean',
  'running_std',
];
const RENAMED: Readonly<Record<string, string>> = {
  W: 'kernel',
  b: 'bias',
  running_mean: 'moving_mean',
  running_std: 'moving_variance', // the variance, whatever Keras 1 called it
};

/**
 * What each weight of a layer is, in Keras 3's words: from its name where that tells (`conv1_W_1:0`, `conv1/kernel:0`), else
 * from the shapes and their order, which all Keras versions share. A weight that cannot be told keeps its number.
 */
export function weightRoles(names: readonly string[], shapes: readonly Shape[]): string[] {
  const named = names.map(roleOfName);
  if (named.every((role) => role !== undefined) && new Set(named).size === names.length) return named;
  const bySequence = rolesOfShapes(shapes);
  return names.map((_, i) => bySequence[i] ?? String(i));
}

function roleOfName(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1).replace(/(_\d+)?(:\d+)?$/, '');
  const role = [...ROLES, 'W', 'b'].find((one) => last === one || last.endsWith(`_${one}`));
  return role === undefined ? undefined : (RENAMED[role] ?? role);
}

function rolesOfShapes(shapes: readonly Shape[]): readonly string[] {
  const vectors = shapes.filter(({ length }) => length === 1).length;
  switch (`${shapes.length - vectors}+${vectors}`) {
    case '1+0':
    case '1+1':
      return ['kernel', 'bias'];
    case '2+0':
    case '2+1':
      return ['depthwise_kernel', 'pointwise_kernel', 'bias'];
    case '0+2':
      return ['gamma', 'beta'];
    case '0+3':
      return ['beta', 'moving_mean', 'moving_variance'];
    case '0+4':
      return ['gamma', 'beta', 'moving_mean', 'moving_variance'];
    default:
      return [];
  }
}
