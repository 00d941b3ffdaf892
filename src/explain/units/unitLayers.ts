import { ActivationLayer } from '../../layers/activation.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model } from '../../model/model.js';

const MAKERS: ReadonlySet<string> = new Set([
  ...['conv2d', 'depthwiseConv2d', 'separableConv2d', 'conv2dTranspose', 'dense', 'add', 'multiply'],
]);
const FINISHERS: ReadonlySet<string> = new Set([
  ...['activation', 'relu', 'relu6', 'leakyRelu', 'elu', 'gelu', 'silu', 'sigmoid', 'tanh', 'softplus'],
  ...['batchNormalization', 'layerNormalization'],
]);

/**
 * The layers whose channels are units worth a look: for each convolution, dense layer or sum what comes out at the end of the
 * normalization and activation behind it. Poolings, paddings and concatenations only pass units on, and a final softmax only
 * weighs them.
 */
export function unitLayers(model: Model): Layer[] {
  const found: Layer[] = [];
  for (const node of model.nodes) {
    const { layer } = node;
    const maker = MAKERS.has(layer.type);
    const finisher = finishes(layer) && node.inputs.some(({ layer: before }) => isUnit(before));
    if (!maker && !finisher) continue;
    const readers = model.nodes.filter(({ inputs }) => inputs.includes(node));
    const finished = readers.length === 1 && finishes((readers[0] as LayerOutput).layer);
    if (!finished && !found.includes(layer)) found.push(layer);
  }
  return found;
}

function isUnit(layer: Layer): boolean {
  return MAKERS.has(layer.type) || finishes(layer) || layer.type === 'concatenate';
}

function finishes(layer: Layer): boolean {
  if (!(layer instanceof ActivationLayer)) return FINISHERS.has(layer.type);
  const { activation } = layer.options;
  const type = typeof activation === 'string' ? activation : activation.type;
  return type !== 'softmax' && type !== 'logSoftmax';
}
