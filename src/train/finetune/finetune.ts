import { Dense, dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { InputLayer } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';

export interface FinetuneOptions {
  /**
   * The layer that the new classifier takes its features from; everything above it is left out. Networks of the zoo say
   * which (`zooEntry(name).features`). @default what the last layer with weights takes
   */
  readonly features?: string | number;
  /** Rate of a dropout before the new layer; 0 for none. @default 0 */
  readonly dropout?: number;
  /** @default that of the model */
  readonly name?: string;
  /** Keys the first weights of the new layer. @default that of the model */
  readonly seed?: number;
}

/**
 * A model for other classes: the last dense layer with its softmax is left out, everything below is frozen, and a new dense
 * layer with softmax, `predictions`, is put on; feature maps [h, w, c] are averaged to [c] before it. The lower layers are
 * those of `model` itself, weights included: nothing is copied, and they are frozen there too.
 *
 * @throws FoveaError `option` for fewer than two classes, or where no classifier is found and `features` is not given.
 */
export function finetune(model: Model, classes: number, options: FinetuneOptions = {}): Model {
  const where = `finetune of model "${model.name}"`;
  if (!Number.isSafeInteger(classes) || classes < 2) {
    const rule = 'there must be at least two classes';
    throw new FoveaError('option', { where, rule, received: `${classes}` });
  }
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    const rule = 'the model must have one input and one output';
    throw new FoveaError('option', { where, rule, remedy: 'Make a model of the same layers with one of each' });
  }
  const features = options.features === undefined ? belowClassifier(model) : model.layerOutput(options.features);
  const kept = layersBelow(features);
  const head = headLayers(features, classes, options.dropout ?? 0, new Set(kept.map((layer) => layer.name)));
  for (const layer of kept) layer.trainable = false;
  const output = head.reduce((node, layer) => layer.apply(node), features);
  const { name = model.name, seed = model.seed } = options;
  return new Model(model.kind, { inputs: model.inputs, outputs: [output] }, { name, seed });
}

/** What the classifier takes: the input of the last dense layer, or of a last 1×1 convolution; the output where there is none. */
function belowClassifier(model: Model): LayerOutput {
  const [output] = model.outputs as [LayerOutput];
  // A network without its top ends with feature maps.
  if (output.shape.length === 3) return output;
  let node = output;
  while (node.layer.weights.length === 0 && node.inputs.length === 1) node = node.inputs[0] as LayerOutput;
  const [input] = node.inputs;
  const { layer } = node;
  const classifies = layer instanceof Dense || (layer.type === 'conv2d' && isPointwise(layer));
  if (input !== undefined && node.inputs.length === 1 && classifies) return input;
  throw new FoveaError('option', {
    where: `finetune of model "${model.name}"`,
    rule: 'the model must end with a dense layer or a 1×1 convolution that tells the classes apart',
    received: `${layer.where} as its last layer with weights`,
    remedy: 'Name the layer that the new classifier is to build on: { features: "…" }',
  });
}

function isPointwise(layer: Layer): boolean {
  const [h, w] = layer.weights[0]?.variable.shape ?? [];
  return h === 1 && w === 1;
}

function layersBelow(node: LayerOutput): Layer[] {
  const seen = new Set<LayerOutput>();
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...next.inputs);
  }
  return [...new Set([...seen].map(({ layer }) => layer))].filter((layer) => !(layer instanceof InputLayer));
}

function headLayers(features: LayerOutput, classes: number, rate: number, taken: ReadonlySet<string>): Layer[] {
  const name = (wanted: string): string => {
    let free = wanted;
    for (let i = 1; taken.has(free); i++) free = `${wanted}_${i}`;
    return free;
  };
  const [h, w, ...rest] = features.shape;
  const layers: Layer[] = [];
  if (rest.length === 1 && (h !== 1 || w !== 1)) layers.push(globalAveragePooling2d({ name: name('head_pool') }));
  else if (features.shape.length > 1) layers.push(flatten({ name: name('head_flatten') }));
  if (rate !== 0) layers.push(dropout({ name: name('head_dropout'), rate }));
  return [...layers, dense({ name: name('predictions'), units: classes, activation: 'softmax' })];
}
