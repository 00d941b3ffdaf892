import type { JsonObject } from '../layers/json.js';
import type { Model } from './model.js';

/** The description of a model as JSON, without its weights. `modelFromConfig` reads it. */
export function modelConfig(model: Model): JsonObject {
  const { kind, name, seed, layers, nodes } = model;
  const described = layers.map((layer) => ({ type: layer.type, config: layer.config() }));
  const common = { kind, name, seed, layers: described };
  if (kind === 'sequential') {
    const [inputShape] = model.inputShapes;
    return inputShape === undefined ? common : { ...common, inputShape };
  }
  const numberOf = new Map(nodes.map((node, i) => [node, i]));
  const numbers = (list: Model['nodes']): number[] => list.map((node) => numberOf.get(node) as number);
  return {
    ...common,
    nodes: nodes.map((node) => ({ layer: layers.indexOf(node.layer), inputs: numbers(node.inputs) })),
    inputs: numbers(model.inputs),
    outputs: numbers(model.outputs),
  };
}
