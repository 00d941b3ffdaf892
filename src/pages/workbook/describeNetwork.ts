import type { Layer } from '../../layers/layer.js';
import type { Model } from '../../model/model.js';
import { singlePorts } from '../../model/singlePorts.js';
import { pair, resolvePadding, type Size2d } from '../../ops/windows.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import type { CellActivation, NetworkDescription, NetworkStep } from './networkDescription.js';

const ACTIVATIONS: readonly string[] = ['linear', 'relu', 'sigmoid', 'tanh'] satisfies CellActivation[];
/** They do nothing when a network is used. */
const IDLE: ReadonlySet<string> = new Set(['input', 'flatten', 'dropout', 'spatialDropout2d']);

/**
 * A chain of layers with its present weights, as a workbook can show it, for inference.
 *
 * @throws FoveaError `option` for a network that is no chain or has a layer that a workbook has no formula for.
 */
export async function describeNetwork(model: Model): Promise<NetworkDescription> {
  const { inputShape, outputShape } = singlePorts(model);
  if (inputShape.length !== 3 || outputShape.length !== 1) {
    refuse(model.name, 'a workbook shows networks that turn pictures [h, w, c] into scores', formatShape(inputShape));
  }
  const chain = model.nodes.filter(({ inputs }) => inputs.length > 0);
  const straight = chain.every(
    ({ inputs }, i) => inputs.length === 1 && (i === 0 ? inputs[0] === model.inputs[0] : inputs[0] === chain[i - 1]),
  );
  if (!straight) refuse(model.name, 'a workbook shows chains of layers, without branches', 'a network with branches');
  const steps: NetworkStep[] = [];
  let softmax = false;
  for (const { layer, inputs } of chain) {
    if (IDLE.has(layer.type)) continue;
    if (softmax) refuse(layer.where, 'softmax can only be the last step', 'a layer after it');
    const made = await describeLayer(layer, inputs[0]?.shape ?? []);
    steps.push(...made.steps);
    softmax = made.softmax;
  }
  return { name: model.name, inputShape, steps, softmax };
}

interface Described {
  readonly steps: readonly NetworkStep[];
  readonly softmax: boolean;
}

async function describeLayer(layer: Layer, shape: Shape): Promise<Described> {
  const { name } = layer;
  const options = layer.config() as Record<string, unknown>;
  const tensors = await layer.getWeights();
  const weights = new Map(layer.weights.map((weight, i) => [weight.name, tensors[i]?.data as Float32Array]));
  const bias = weights.get('bias');
  const known = {
    name,
    ...(bias === undefined ? {} : { bias }),
  };
  const steps = (...made: NetworkStep[]): Described => ({ steps: made, softmax: false });
  const channels = shape.at(-1) as number;
  const ones = new Array<number>(channels).fill(1);
  const zeros = new Array<number>(channels).fill(0);
  switch (layer.type) {
    case 'conv2d': {
      const kernelSize = pair(layer.where, 'kernelSize', options.kernelSize as Size2d);
      const strides = pair(layer.where, 'strides', options.strides as Size2d);
      const dilations = pair(layer.where, 'dilationRate', (options.dilationRate ?? 1) as Size2d);
      if (options.groups !== 1 || dilations.some((one) => one !== 1)) {
        refuse(layer.where, 'there is no formula for groups and dilations', JSON.stringify(options).slice(0, 200));
      }
      const sides = resolvePadding(
        layer.where,
        options.padding as 'valid',
        shape.slice(0, 2) as [number, number],
        kernelSize,
        strides,
        [1, 1],
      );
      const kernelShape = [...kernelSize, channels, options.filters as number] as const;
      const { activation, softmax } = activationOf(layer, options.activation);
      const kernel = weights.get('kernel') as Float32Array;
      const padded = sides.some((side) => side > 0);
      return {
        softmax,
        steps: [
          ...(padded ? [{ kind: 'padding', name: `${name}: zeros around`, sides } as const] : []),
          { kind: 'convolution', ...known, kernel, kernelShape, strides, activation },
        ],
      };
    }
    case 'dense': {
      if (shape.length !== 1) refuse(layer.where, 'flatten must come before it', formatShape(shape));
      const { activation, softmax } = activationOf(layer, options.activation);
      const kernel = weights.get('kernel') as Float32Array;
      return { softmax, steps: [{ kind: 'dense', ...known, kernel, units: options.units as number, activation }] };
    }
    case 'maxPooling2d':
    case 'averagePooling2d': {
      const size = pair(layer.where, 'poolSize', options.poolSize as Size2d);
      const strides = pair(layer.where, 'strides', (options.strides ?? options.poolSize) as Size2d);
      const sides = resolvePadding(
        layer.where,
        options.padding as 'valid',
        shape.slice(0, 2) as [number, number],
        size,
        strides,
        [1, 1],
      );
      if (sides.some((side) => side > 0)) refuse(layer.where, 'pooling with padding has no formula', 'padding');
      const fn = layer.type === 'maxPooling2d' ? 'MAX' : 'AVERAGE';
      return steps({ kind: 'pooling', name, function: fn, size, strides });
    }
    case 'globalMaxPooling2d':
    case 'globalAveragePooling2d': {
      const size = [shape[0] as number, shape[1] as number] as const;
      const fn = layer.type === 'globalMaxPooling2d' ? 'MAX' : 'AVERAGE';
      return steps({ kind: 'pooling', name, function: fn, size, strides: size });
    }
    case 'zeroPadding2d': {
      const sides = resolvePadding(layer.where, borderOf(options.padding), [0, 0], [1, 1], [1, 1], [1, 1]);
      return steps({ kind: 'padding', name, sides });
    }
    case 'batchNormalization': {
      const mean = weights.get('movingMean') as Float32Array;
      const variance = weights.get('movingVariance') as Float32Array;
      const scale = Array.from(variance, (value, i) => {
        return (weights.get('gamma')?.[i] ?? 1) / Math.sqrt(value + (options.epsilon as number));
      });
      const shift = scale.map((one, i) => (weights.get('beta')?.[i] ?? 0) - (mean[i] as number) * one);
      return steps({ kind: 'affine', name, scale, shift, activation: 'linear' });
    }
    case 'normalization': {
      if (options.channelOrder === 'bgr') refuse(layer.where, 'there is no formula for turned channels', 'bgr');
      const means = [options.mean as number | number[]].flat();
      const scale = [options.standardDeviation as number | number[]].flat().map((one) => 1 / one);
      const n = Math.max(means.length, scale.length);
      const at = (list: readonly number[], i: number) => list[list.length === 1 ? 0 : i] as number;
      const scales = Array.from({ length: n }, (_, i) => at(scale, i));
      return steps({
        ...{ kind: 'affine', name, scale: scales, activation: 'linear' },
        shift: scales.map((one, i) => -at(means, i) * one),
      });
    }
    case 'rescaling': {
      const [scale, shift] = [[options.scale as number], [options.offset as number]];
      return steps({ kind: 'affine', name, scale, shift, activation: 'linear' });
    }
    case 'softmax':
      return { steps: [], softmax: true };
    default: {
      const asked = layer.type === 'activation' ? options.activation : layer.type;
      const limited = layer.type === 'relu' && (options.maxValue !== undefined || options.negativeSlope !== 0);
      const { activation, softmax } = activationOf(layer, limited ? 'a limited relu' : asked);
      if (softmax || activation === 'linear') return { steps: [], softmax };
      return steps({ kind: 'affine', name, scale: ones, shift: zeros, activation });
    }
  }
}

function activationOf(
  layer: Layer,
  asked: unknown,
): { readonly activation: CellActivation; readonly softmax: boolean } {
  if (asked === undefined || asked === null) return { activation: 'linear', softmax: false };
  const type = typeof asked === 'string' ? asked : (asked as { type?: unknown }).type;
  const plain = typeof asked === 'string' || Object.keys(asked as object).length === 1;
  if (type === 'softmax') return { activation: 'linear', softmax: true };
  if (plain && typeof type === 'string' && ACTIVATIONS.includes(type)) {
    return { activation: type as CellActivation, softmax: false };
  }
  return refuse(
    layer.where,
    `a workbook has formulas for ${ACTIVATIONS.join(', ')} and softmax`,
    JSON.stringify(asked),
  );
}

/** Pixels [top, bottom, left, right] of what `zeroPadding2d` takes. */
function borderOf(border: unknown): [number, number, number, number] {
  const both = (one: unknown) => (Array.isArray(one) ? one : [one, one]) as [unknown, unknown];
  const [vertical, horizontal] = both(border);
  return [...both(vertical), ...both(horizontal)] as [number, number, number, number];
}

function refuse(where: string, rule: string, received: string): never {
  throw new FoveaError('option', { where, rule, received, remedy: 'Use a small chain of plain layers' });
}
