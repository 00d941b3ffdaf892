import type { Node, Value } from '../../ops/graph.js';
import type { AttributesOf, OpName } from '../../ops/table.js';
import { effectiveKernel, type WindowAttributes } from '../../ops/windows.js';

/** Which positions of an op's input one position of its output is made of, along one axis. */
export interface AxisRule {
  /** Positions of the input, in rising order; none where the output is padding. */
  readonly inputsOf: (output: number) => readonly number[];
  /** The same without borders: output o covers `offset + o · stride` and the `extent − 1` positions behind it. */
  readonly extent: number;
  readonly stride: number;
  readonly offset: number;
}

/** For one input of an op: a rule for rows and columns; 'whole' where every output may see every position of the input. */
export type SpatialRule = { readonly rows: AxisRule; readonly columns: AxisRule } | 'whole';

/** Ops whose outputs see only the values at their own place, of inputs that may be repeated along axes of size 1. */
const POINTWISE: ReadonlySet<OpName> = new Set<OpName>([
  ...(['relu', 'relu6', 'leakyRelu', 'elu', 'gelu', 'silu', 'sigmoid', 'softplus', 'tanh', 'abs', 'clip'] as const),
  ...(['exp', 'log', 'negate', 'scale', 'sign', 'sqrt', 'square', 'dropout', 'bias', 'broadcastTo'] as const),
  ...(['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'power'] as const),
  ...(['squaredDifference', 'greaterEqual', 'batchNormalizationInference', 'localResponseNormalization'] as const),
]);

/** How the place of an output of `node` follows from places in its input number `index`; both are [n, h, w, c]. */
export function spatialRule(node: Node, index: number): SpatialRule {
  const input = node.inputs[index] as Value;
  const output = node.outputs[0] as Value;
  if (input.shape.length !== 4 || output.shape.length !== 4) return 'whole';
  const axes = (rule: (axis: 1 | 2, size: number, positions: number) => AxisRule): SpatialRule => {
    const [rows, columns] = ([1, 2] as const).map((axis) =>
      rule(axis, input.shape[axis] as number, output.shape[axis] as number),
    );
    return { rows: rows as AxisRule, columns: columns as AxisRule };
  };
  if (POINTWISE.has(node.op)) return axes((_, size, positions) => (size === positions ? same : toOne));
  switch (node.op) {
    case 'conv2d': {
      const kernel = (node.inputs[1] as Value).shape;
      return axes((axis, size) => windowRule(of(node, 'conv2d'), axis, kernel[axis - 1] as number, size));
    }
    case 'conv2dInputGradient': {
      const kernel = (node.inputs[1] as Value).shape;
      return axes((axis, size) =>
        transposedRule(of(node, 'conv2dInputGradient'), axis, kernel[axis - 1] as number, size),
      );
    }
    case 'maxPool':
    case 'averagePool': {
      const window = of(node as Node<'maxPool'>, 'maxPool');
      return axes((axis, size) => windowRule(window, axis, window.poolSize[axis - 1] as number, size));
    }
    case 'pad': {
      const { before, mode } = of(node, 'pad');
      return axes((axis, size) => padRule(before[axis] as number, size, mode));
    }
    case 'slice': {
      const { begin } = of(node, 'slice');
      return axes((axis) => shift(begin[axis] as number));
    }
    case 'upSample': {
      const { size: factors, interpolation } = of(node, 'upSample');
      return axes((axis, size) => enlargeRule(factors[axis - 1] as number, size, interpolation === 'bilinear'));
    }
    case 'concatenate':
      return of(node, 'concatenate').axis === 3 ? axes(() => same) : 'whole';
    case 'layerNormalization':
      return of(node, 'layerNormalization').axis === 3 ? axes(() => same) : 'whole';
    case 'softmax':
    case 'logSoftmax':
      return axes(() => same);
    case 'transpose': {
      const { permutation } = of(node, 'transpose');
      return permutation[1] === 1 && permutation[2] === 2 ? axes(() => same) : 'whole';
    }
    case 'sum':
    case 'mean':
    case 'max':
      return of(node as Node<'sum'>, 'sum').axes.every((axis) => axis === 3) ? axes(() => same) : 'whole';
    case 'reshape':
      return [0, 1, 2].every((axis) => input.shape[axis] === output.shape[axis]) ? axes(() => same) : 'whole';
    default:
      return 'whole';
  }
}

/** The attributes of a node whose op is known. */
function of<K extends OpName>(node: Node, _op: K): AttributesOf<K> {
  return (node as unknown as Node<K>).attributes;
}

const same: AxisRule = { inputsOf: (o) => [o], extent: 1, stride: 1, offset: 0 };
/** An input of size 1 that is repeated. */
const toOne: AxisRule = { inputsOf: () => [0], extent: 1, stride: 0, offset: 0 };

function shift(offset: number): AxisRule {
  return { inputsOf: (o) => [o + offset], extent: 1, stride: 1, offset };
}

function windowRule(window: WindowAttributes, axis: 1 | 2, kernel: number, size: number): AxisRule {
  const [stride, dilation] = [window.strides[axis - 1] as number, window.dilations[axis - 1] as number];
  const before = window.padding[2 * (axis - 1)] as number;
  return {
    inputsOf: (o) => inside(kernel, (j) => o * stride - before + j * dilation, size),
    ...{ extent: effectiveKernel(kernel, dilation), stride, offset: -before },
  };
}

/** The window's rule read backwards: input i reaches the outputs i · stride − before + j · dilation. */
function transposedRule(window: WindowAttributes, axis: 1 | 2, kernel: number, size: number): AxisRule {
  const [stride, dilation] = [window.strides[axis - 1] as number, window.dilations[axis - 1] as number];
  const before = window.padding[2 * (axis - 1)] as number;
  const reach = effectiveKernel(kernel, dilation) - 1;
  return {
    inputsOf: (o) => inside(kernel, (j) => (o + before - (kernel - 1 - j) * dilation) / stride, size),
    ...{ extent: reach / stride + 1, stride: 1 / stride, offset: (before - reach) / stride },
  };
}

function padRule(before: number, size: number, mode: AttributesOf<'pad'>['mode']): AxisRule {
  if (mode === 'constant') return { ...shift(-before), inputsOf: (o) => inside(1, () => o - before, size) };
  const source = (i: number): number => {
    if (mode === 'edge') return Math.min(size - 1, Math.max(0, i));
    return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
  };
  return { ...shift(-before), inputsOf: (o) => [source(o - before)] };
}

function enlargeRule(factor: number, size: number, bilinear: boolean): AxisRule {
  const step = 1 / factor;
  if (!bilinear) {
    return { inputsOf: (o) => [Math.floor(o * step)], extent: 2 - step, stride: step, offset: step - 1 };
  }
  return {
    inputsOf: (o) => {
      const at = (o + 0.5) * step - 0.5;
      const first = Math.floor(at);
      const clamp = (i: number): number => Math.min(size - 1, Math.max(0, i));
      const [a, b] = [clamp(first), clamp(first + 1)];
      return at === first || a === b ? [a] : [a, b];
    },
    ...{ extent: 3 - step, stride: step, offset: 1.5 * step - 1.5 },
  };
}

/** The whole positions among `count` of them that lie within an axis, in rising order. */
function inside(count: number, position: (j: number) => number, size: number): number[] {
  const found: number[] = [];
  for (let j = 0; j < count; j++) {
    const i = position(j);
    if (Number.isInteger(i) && i >= 0 && i < size) found.push(i);
  }
  return found;
}
