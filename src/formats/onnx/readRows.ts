import { batchNormalization } from '../../layers/batchNormalization.js';
import { Conv2d } from '../../layers/conv2d.js';
import { Dense, dense } from '../../layers/dense.js';
import { layerNormalization } from '../../layers/layerNormalization.js';
import { layerFromConfig } from '../../layers/registry.js';
import { gatherStrided } from '../strided.js';
import type { Constant } from './constants.js';
import type { NodeReader, OnnxNode, WeightNumbers } from './importer.js';
import { biasNumbers } from './readWindows.js';
import { type AxisOrder, type LayerValue, rowPlaces } from './values.js';

export const readGemm: NodeReader = (node) => {
  const input = node.layer();
  const weights = node.constant(1);
  const { attributes } = node;
  if (attributes.whole('transA', 0) !== 0 || input.output.shape.length !== 1 || weights.shape.length !== 2) {
    return node.unsupported('a product of rows [n, c] with a constant matrix is read');
  }
  const transposed = attributes.whole('transB', 0) === 1;
  const alpha = attributes.real('alpha', 1);
  const beta = attributes.real('beta', 1);
  const units = weights.shape[transposed ? 0 : 1] as number;
  const useBias = node.has(2);
  const numbers = denseNumbers(node, weights, transposed, input);
  const all: WeightNumbers[] = [scaled(numbers, alpha)];
  if (useBias) {
    const bias = node.constant(2);
    if (bias.size !== units && bias.size !== 1)
      return node.unsupported(`input 2 must hold ${units} numbers`, `${bias.size}`);
    const repeated = () =>
      bias.size === units ? bias.floats() : new Float32Array(units).fill(bias.floats()[0] as number);
    all.push(scaled(repeated, beta));
  }
  return node.apply(dense({ name: node.name(weights), units, useBias }), input.output, 'plain', all);
};

export const readMatMul: NodeReader = (node) => {
  const input = node.layer();
  const weights = node.constant(1);
  if (weights.shape.length !== 2 || input.order === 'channelsFirst') {
    return node.unsupported('a product along the last axis with a constant matrix is read');
  }
  const layer = dense({ name: node.name(weights), units: weights.shape[1] as number, useBias: false });
  return node.apply(layer, input.output, 'plain', [denseNumbers(node, weights, false, input)]);
};

/** [in, out] with the rows in our order. */
function denseNumbers(
  node: OnnxNode,
  weights: Constant,
  transposed: boolean,
  { output, order }: LayerValue,
): WeightNumbers {
  const [first, second] = weights.shape as [number, number];
  const [inputs, units] = transposed ? [second, first] : [first, second];
  if (inputs !== output.shape.at(-1)) {
    return node.unsupported(`the matrix takes rows of ${inputs} numbers`, `rows of ${output.shape.at(-1)}`);
  }
  return () => {
    const data = weights.floats();
    const places = rowPlaces(order);
    const strides = transposed ? [1, inputs] : [units, 1];
    if (places === undefined)
      return transposed ? (gatherStrided(data, [inputs, units], strides) as Float32Array) : data;
    const result = new Float32Array(data.length);
    for (let row = 0; row < inputs; row++) {
      const from = (places[row] as number) * (strides[0] as number);
      for (let u = 0; u < units; u++) result[row * units + u] = data[from + u * (strides[1] as number)] as number;
    }
    return result;
  };
}

function scaled(numbers: WeightNumbers, factor: number): WeightNumbers {
  return factor === 1 ? numbers : () => numbers().map((value) => value * factor);
}

/** A product or convolution without bias that is followed by a constant sum: the same layer with a bias. */
export function withBias(node: OnnxNode, input: LayerValue, bias: WeightNumbers): LayerValue | undefined {
  const { layer, inputs } = input.output;
  const kernel = node.state.weights.get(layer);
  if (kernel?.length !== 1 || !(layer instanceof Dense || layer instanceof Conv2d) || layer.options.useBias)
    return undefined;
  const biased = layerFromConfig({ type: layer.type, config: { ...layer.config(), name: layer.name, useBias: true } });
  return node.apply(biased, inputs, input.order, [kernel[0] as WeightNumbers, bias]);
}

/** One number per channel, or per number of a row, in our order. */
export function channelNumbers(numbers: WeightNumbers, order: AxisOrder): WeightNumbers {
  const places = rowPlaces(order);
  if (places === undefined) return numbers;
  return () => {
    const data = numbers();
    return Float32Array.from(places, (place) => data[place] as number);
  };
}

/** How many numbers of its own each of a value's channels has: the file's axis 1. */
function channelsOf(node: OnnxNode, { output, order }: LayerValue): number {
  if (output.shape.length !== 1 && order !== 'channelsFirst') return node.unsupported('its channels must be axis 1');
  return output.shape.at(-1) as number;
}

export const readBatchNormalization: NodeReader = (node) => {
  const input = node.layer();
  if (node.attributes.whole('training_mode', 0) === 1) return node.unsupported('it must be in inference mode');
  const channels = channelsOf(node, input);
  const layer = batchNormalization({
    name: node.name(node.constant(1)),
    epsilon: node.attributes.real('epsilon', 1e-5),
    momentum: node.attributes.real('momentum', 0.9),
  });
  const numbers = [1, 2, 3, 4].map((i) => channelNumbers(biasNumbers(node, i, channels), input.order));
  return node.apply(layer, input.output, input.order, numbers);
};

export const readLayerNormalization: NodeReader = (node) => {
  const { output, order } = node.layer();
  const { attributes } = node;
  const axis = attributes.whole('axis', -1);
  if (order !== 'plain' || (axis !== -1 && axis !== output.shape.length)) {
    return node.unsupported('normalization over the last axis is read', `axis ${axis}`);
  }
  const channels = output.shape.at(-1) as number;
  const center = node.has(2);
  const layer = layerNormalization({
    name: node.name(node.constant(1)),
    epsilon: attributes.real('epsilon', 1e-5),
    center,
  });
  const numbers = (center ? [1, 2] : [1]).map((i) => biasNumbers(node, i, channels));
  return node.apply(layer, output, order, numbers);
};
