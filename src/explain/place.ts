import type { Model } from '../model/model.js';
import type { Trace } from '../model/trace.js';
import type { Graph, Value } from '../ops/graph.js';
import type { OpName } from '../ops/table.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';

/**
 * A place in a network whose numbers can be read: what goes in, what comes out, what goes into a final softmax or sigmoid, what
 * a layer makes, or what goes into the activation that a layer ends with (for a layer without one, what it makes).
 */
export type Place = 'input' | 'output' | 'logits' | LayerPlace;

/** What a layer makes, or what it makes before its activation. */
export interface LayerPlace {
  readonly layer: string;
  /** @default false */
  readonly beforeActivation?: boolean;
}

/** What a network does with its scores at the end. */
export type ScoreActivation = 'softmax' | 'sigmoid' | 'none';

/** A place as sentences call it. */
export function placeText(place: Place): string {
  if (typeof place === 'string') return place;
  return place.beforeActivation === true ? `${place.layer} before its activation` : place.layer;
}

/** One text for each place, for keys of what is kept. */
export function placeKey(place: Place): string {
  return typeof place === 'string' ? place : JSON.stringify([place.layer, place.beforeActivation === true]);
}

/** A traced network, ready to be asked for places. */
export interface TracedModel {
  readonly model: Model;
  readonly graph: Graph;
  readonly trace: Trace;
  readonly x: Value;
}

const ACTIVATIONS: ReadonlySet<OpName> = new Set<OpName>([
  ...(['relu', 'relu6', 'leakyRelu', 'elu', 'gelu', 'silu', 'sigmoid', 'tanh', 'softplus', 'softmax'] as const),
  ...(['logSoftmax', 'clip'] as const),
]);

/** The value at a place. @throws FoveaError `name` for a layer that does not exist. */
export function valueAt(traced: TracedModel, place: Place): Value {
  const { model, trace, x } = traced;
  if (place === 'input') return x;
  if (place === 'output') return trace.outputs[0] as Value;
  if (place === 'logits') return scoresOf(traced).logits;
  const layer = model.layer(place.layer);
  const value = trace.layerOutputs.get(layer) as Value;
  return place.beforeActivation === true ? beforeActivation(value, layer.name) : value;
}

/** The class scores of a model, [n, classes], before a final softmax or sigmoid. */
export function scoresOf({ model, graph, trace }: TracedModel): { logits: Value; activation: ScoreActivation } {
  const output = trace.outputs[0] as Value;
  const last = skip(output, (op) => op === 'reshape');
  const made = last.source.kind === 'node' ? last.source.node : undefined;
  const softmax = made?.op === 'softmax' || made?.op === 'logSoftmax';
  const activation = softmax ? 'softmax' : made?.op === 'sigmoid' ? 'sigmoid' : 'none';
  const scores = activation === 'none' ? output : (made?.inputs[0] as Value);
  const n = scores.shape[0] as number;
  const classes = sizeOf(scores.shape) / n;
  if (scores.shape.slice(1).filter((size) => size > 1).length > 1) {
    throw new FoveaError('shape', {
      where: `model "${model.name}"`,
      rule: 'scores of classes are one number for each class, but its output has several axes',
      received: formatShape([null, ...output.shape.slice(1)]),
      remedy: 'Ask for a unit of a layer instead of a class',
    });
  }
  const logits = scores.shape.length === 2 ? scores : graph.emit('reshape', [scores], { shape: [n, classes] })[0];
  return { logits, activation };
}

/** Back over the activation that a layer ends with. */
function beforeActivation(value: Value, layer: string): Value {
  const found = skip(value, (op, scope) => scope === layer && (ACTIVATIONS.has(op) || op === 'reshape'));
  const direct = skip(value, (op, scope) => scope === layer && op === 'reshape');
  // Without an activation nothing is skipped: a reshape alone would be another shape of the same.
  if (found === direct) return value;
  const { shape, graph } = value;
  return sameShape(found.shape, shape) ? found : graph.emit('reshape', [found], { shape })[0];
}

function skip(value: Value, matches: (op: OpName, scope: string) => boolean): Value {
  let at = value;
  while (at.source.kind === 'node' && matches(at.source.node.op, at.source.node.scope)) {
    at = at.source.node.inputs[0] as Value;
  }
  return at;
}
