import type { JsonValue } from './jsonValue.js';

/** The output of a layer's application number `node`. */
export interface TensorReference {
  readonly name: string;
  readonly node: number;
}

/** One reference of a description, `[name, node, tensor]`, or several in a list or an object. */
export function tensorReferences(value: JsonValue): TensorReference[] {
  if (!value.isList) return value.values().flatMap(tensorReferences);
  const items = value.list();
  return typeof items[0]?.value === 'string' ? [reference(value)] : items.flatMap(tensorReferences);
}

function reference(value: JsonValue): TensorReference {
  const [name, node, tensor] = value.list();
  if (name === undefined || node === undefined) value.fail('must be [name, node, tensor]: it');
  if (tensor !== undefined && tensor.value !== 0) tensor.fail('must be 0: layers have one output here. It');
  if (!Number.isSafeInteger(node.number()) || node.number() < 0) node.fail('must be a whole number of at least 0');
  return { name: name.text(), node: node.number() };
}

/**
 * The inputs of each application of a layer. Keras 1 and 2 list `[name, node, tensor, options]` for each application; Keras 3
 * writes the arguments of the call, with tensors among them.
 */
export function inboundNodes(nodes: JsonValue): TensorReference[][] {
  if (!nodes.present) return [];
  return nodes.list().map((node) => {
    if (node.isList) return tensorReferences(node);
    return tensorArguments(node.get('args'), 8);
  });
}

function tensorArguments(value: JsonValue, depth: number): TensorReference[] {
  if (value.isList)
    return depth === 0
      ? value.fail('is nested too deeply: it')
      : value.list().flatMap((one) => tensorArguments(one, depth - 1));
  if (value.get('class_name').value !== '__keras_tensor__') return [];
  return [reference(value.get('config').get('keras_history'))];
}

/** The shape of an example that a layer or a model states, without the batch; null where a size is left open. */
export function inputShapeOf(entry: JsonValue, depth = 8): (number | null)[] | undefined {
  const config = entry.get('config');
  const inner = config.isList ? config : config.get('layers');
  if (inner.isList && depth > 0) {
    const layers = inner.list();
    const first = layers.find((layer) => layer.get('class_name').value === 'InputLayer') ?? layers[0];
    const found = first === undefined ? undefined : inputShapeOf(first, depth - 1);
    if (found !== undefined) return found;
  }
  const whole = config.get('batch_shape', 'batch_input_shape', 'build_input_shape');
  if (!whole.isList) {
    const built = entry.get('build_config').get('input_shape');
    if (built.isList && built.list().every(({ value }) => value === null || typeof value === 'number'))
      return sizes(built);
    const width = config.get('input_dim');
    return width.present ? [width.number()] : undefined;
  }
  return sizes(whole);
}

function sizes(shape: JsonValue): (number | null)[] {
  return shape
    .list()
    .slice(1)
    .map((item) => (item.present ? item.number() : null));
}
