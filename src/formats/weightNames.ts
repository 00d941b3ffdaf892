import type { Layer, Weight } from '../layers/layer.js';
import type { Model, ModelWeight } from '../model/model.js';

/** What other frameworks call the weights of a layer, by the last part of a tensor's name. The layer's kind decides. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  kernel: ['kernel'],
  W: ['kernel'],
  weight: ['kernel', 'gamma'],
  bias: ['bias', 'beta'],
  b: ['bias'],
  gamma: ['gamma'],
  beta: ['beta'],
  moving_mean: ['movingMean'],
  running_mean: ['movingMean'],
  moving_variance: ['movingVariance'],
  running_var: ['movingVariance'],
  running_std: ['movingVariance'], // Keras 1 called it so; it is the variance all the same
  depthwise_kernel: ['kernel', 'depthwiseKernel'],
  depthwise_weight: ['kernel', 'depthwiseKernel'],
  pointwise_kernel: ['pointwiseKernel'],
};

/** A tensor's name taken apart: `fire2/squeeze1x1.weight` → layer `fire2_squeeze1x1`, roles kernel or gamma. */
export interface TensorName {
  readonly layer: string;
  readonly roles: readonly string[];
}

/** Names of layers are compared without regard to the separators / . - and _. */
function plainLayerName(name: string): string {
  return name.replace(/[/.-]/g, '_');
}

/**
 * Takes apart the name of a tensor in any of the forms of Keras (`conv1/kernel:0`, `conv1/conv1/kernel:0`,
 * `conv1/conv1_W_1:0`), PyTorch and Caffe (`layer1.0.conv1.weight`).
 */
export function parseTensorName(name: string): TensorName {
  const plain = name.replace(/:\d+$/, '');
  const at = Math.max(plain.lastIndexOf('/'), plain.lastIndexOf('.'));
  const layer = withoutRepetition(plain.slice(0, Math.max(0, at)));
  let last = plain.slice(at + 1);
  const prefix = `${layer.slice(layer.lastIndexOf('/') + 1)}_`;
  if (layer !== '' && last.startsWith(prefix)) last = last.slice(prefix.length);
  const known = Object.hasOwn(ROLES, last) ? last : last.replace(/_\d+$/, '');
  return { layer: plainLayerName(layer), roles: Object.hasOwn(ROLES, known) ? (ROLES[known] as string[]) : [last] };
}

/** `conv1/conv1` → `conv1`: Keras 2 repeats a layer's name. */
function withoutRepetition(layer: string): string {
  const half = (layer.length - 1) / 2;
  const repeated = layer[half] === '/' && layer.slice(0, half) === layer.slice(half + 1);
  return repeated ? layer.slice(0, half) : layer;
}

/** Finds the weights of a model by the names that files give them. */
export class WeightFinder {
  readonly #layers = new Map<string, Layer>();

  constructor(model: Model) {
    for (const layer of model.layers) {
      if (layer.weights.length > 0) this.#layers.set(plainLayerName(layer.name), layer);
    }
  }

  find(tensor: string): ModelWeight | undefined {
    const { layer: name, roles } = parseTensorName(tensor);
    const layer = this.#layers.get(name);
    const weight: Weight | undefined = layer?.weights.find((one) => roles.includes(one.name));
    if (layer === undefined || weight === undefined) return undefined;
    return { layer, weight, path: `${layer.name}/${weight.name}` };
  }
}
