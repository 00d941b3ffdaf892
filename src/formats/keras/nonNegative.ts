import type { Json } from '../../layers/json.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model } from '../../model/model.js';

/** Layers that keep values not below 0 where all their inputs are. */
const KEEP: ReadonlySet<string> = new Set([
  'add',
  'averagePooling2d',
  'concatenate',
  'cropping2d',
  'dropout',
  'flatten',
  'globalAveragePooling2d',
  'globalMaxPooling2d',
  'maxPooling2d',
  'multiply',
  'reshape',
  'spatialDropout2d',
  'upSampling2d',
  'zeroPadding2d',
]);

/** Layers whose inputs are known not to be below 0 wherever they are applied. */
export function layersOfNonNegative(model: Model): ReadonlySet<Layer> {
  const known = new Map<LayerOutput, boolean>();
  const all = new Map<Layer, boolean>();
  for (const node of model.nodes) {
    const inputs = node.inputs.every((input) => known.get(input) === true);
    known.set(node, isFromZero(node.layer) || (inputs && node.inputs.length > 0 && KEEP.has(node.layer.type)));
    all.set(node.layer, (all.get(node.layer) ?? true) && inputs);
  }
  return new Set([...all].filter(([, inputs]) => inputs).map(([layer]) => layer));
}

/** Whether a layer makes nothing below 0 of anything. */
function isFromZero(layer: Layer): boolean {
  const config = layer.config();
  if (layer.type === 'relu') return config.negativeSlope === 0;
  if (['relu6', 'sigmoid', 'softmax', 'softplus'].includes(layer.type)) return true;
  const activation: Json | undefined = config.activation;
  if (activation === undefined) return false;
  const spec = (typeof activation === 'string' ? { type: activation } : activation) as {
    type: string;
    negativeSlope?: number;
  };
  return ['relu', 'relu6', 'sigmoid', 'softmax', 'softplus'].includes(spec.type) && (spec.negativeSlope ?? 0) === 0;
}
