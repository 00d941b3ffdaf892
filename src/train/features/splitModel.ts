import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { Model } from '../../model/model.js';
import { modelAbove, separates } from '../../model/modelAbove.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';

/** A network in two parts with the same layers, so that what the upper part learns is in the whole at once. */
export interface SplitModel {
  /** The lower part, in which nothing learns and nothing is random: examples → features. */
  readonly frozen: Model;
  /** The upper part: features → outputs. */
  readonly head: Model;
  /** The layer whose output the features are. */
  readonly layer: Layer;
}

/**
 * Parts a model as high as what lies below gives the same numbers in every step: below the lowest layer that learns, and
 * below the lowest dropout, which is drawn anew each time. Undefined where not even the first layer is like that.
 */
export function splitModel(model: Model): SplitModel | undefined {
  const [start, ...more] = model.inputs;
  if (start === undefined || more.length > 0) return undefined;
  const varying = varyingLayers(model);
  const constant = new Set<LayerOutput>();
  for (const node of model.nodes) {
    if (!varying.has(node.layer) && node.inputs.every((one) => constant.has(one))) constant.add(node);
  }
  const cut = model.nodes.findLast((node) => node !== start && constant.has(node) && separates(model, node));
  if (cut === undefined || model.outputs.includes(cut)) return undefined;
  const frozen = new Model('functional', { inputs: model.inputs, outputs: [cut] }, { name: model.name });
  return { frozen, head: modelAbove(model, cut), layer: cut.layer };
}

/** Layers that learn, or whose output while training is drawn at random. */
function varyingLayers(model: Model): Set<Layer> {
  const graph = new Graph(opTable);
  const inputs = model.inputShapes.map((shape, i) => graph.input(`x${i}`, [1, ...shape]));
  model.trace(graph, inputs, { training: true });
  const random = graph.inputs.get('random');
  const drawing = new Set(
    graph.nodes.filter((node) => random !== undefined && node.inputs.includes(random)).map(({ scope }) => scope),
  );
  return new Set(
    model.layers.filter((layer) => (layer.trainable && layer.weights.length > 0) || drawing.has(layer.name)),
  );
}
