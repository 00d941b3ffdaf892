import { input } from '../layers/input.js';
import { LayerOutput } from '../layers/layerOutput.js';
import { Model } from './model.js';

/** Whether every way from the outputs down to the inputs goes through a node. */
export function separates(model: Model, cut: LayerOutput): boolean {
  const starts = new Set(model.inputs);
  const seen = new Set<LayerOutput>([cut]);
  const waiting = [...model.outputs];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (starts.has(node)) return false;
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...node.inputs);
  }
  return true;
}

/** What lies above a node that {@link separates}, as a model of the same layers with an input of its own. */
export function modelAbove(model: Model, cut: LayerOutput): Model {
  const features = input(cut.shape);
  const nodes = new Map([[cut, features]]);
  for (const node of model.nodes) {
    const below = node.inputs.map((one) => nodes.get(one));
    if (node === cut || below.length === 0 || below.includes(undefined)) continue;
    nodes.set(node, new LayerOutput(node.layer, below as LayerOutput[], node.shape));
  }
  const outputs = model.outputs.map((node) => nodes.get(node) as LayerOutput);
  return new Model('functional', { inputs: [features], outputs }, { name: `${model.name}_head`, seed: model.seed });
}
