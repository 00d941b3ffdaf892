import { InputLayer } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { FoveaError } from '../tensor/errors.js';

/**
 * All outputs of layers that lead to the given ones, each after what it is made of. Inputs come first.
 *
 * @throws FoveaError `option` where a model's outputs depend on an input that the model does not list.
 */
export function orderNodes(inputs: readonly LayerOutput[], outputs: readonly LayerOutput[]): LayerOutput[] {
  const done = new Set<LayerOutput>(inputs);
  const waiting = [...outputs].reverse();
  for (let node = waiting.at(-1); node !== undefined; node = waiting.at(-1)) {
    const missing = node.inputs.filter((one) => !done.has(one));
    if (!done.has(node) && missing.length > 0) {
      waiting.push(...missing.reverse());
      continue;
    }
    waiting.pop();
    if (!done.has(node) && node.layer instanceof InputLayer) {
      throw new FoveaError('option', {
        where: 'model',
        rule: `an output depends on ${node.layer.where}, which is not among the model's inputs`,
        remedy: 'List it in `inputs`',
      });
    }
    done.add(node);
  }
  return [...done];
}

/** Gives each unnamed layer a name from its type: `conv2d`, `conv2d_1`. @throws FoveaError `name` for a name twice. */
export function nameLayers(layers: readonly Layer[]): void {
  const taken = new Set<string>();
  for (const layer of layers) {
    if (!layer.named) continue;
    if (taken.has(layer.name)) {
      throw new FoveaError('name', {
        where: `model, layer "${layer.name}"`,
        rule: 'two layers have the same name',
        remedy: 'Give one of them another name, or none',
      });
    }
    taken.add(layer.name);
  }
  for (const layer of layers) {
    if (layer.named) continue;
    let name = layer.type;
    for (let i = 1; taken.has(name); i++) name = `${layer.type}_${i}`;
    layer.giveName(name);
    taken.add(name);
  }
}
