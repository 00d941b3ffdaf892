import type { Model } from '../model/model.js';
import { singlePorts } from '../model/singlePorts.js';
import type { Trace, TraceOptions } from '../model/trace.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import type { TensorSpec } from '../tensor/shape.js';
import type { Loss } from './losses/loss.js';

/** A network as it is used: no dropout, batch normalization by its running statistics. */
export interface Inference {
  readonly graph: Graph;
  readonly trace: Trace;
}

/** Emits a model for `n` examples. Output: `predictions` [n, ...outputShape]. */
export function traceInference(model: Model, n: number, onLayer?: TraceOptions['onLayer']): Inference {
  const graph = new Graph(opTable);
  const x = graph.input('x', [n, ...singlePorts(model).inputShape]);
  const trace = model.trace(graph, [x], { training: false, onLayer });
  graph.output('predictions', trace.outputs[0] as Value);
  return { graph, trace };
}

/**
 * {@link traceInference} with the loss. More outputs: `losses` [n], and `penalty` [1] where a layer that learns has one, so
 * that the loss is the same sum as while training.
 */
export function traceEvaluation(
  model: Model,
  n: number,
  loss: Loss,
  given: TensorSpec,
  onLayer?: TraceOptions['onLayer'],
) {
  const inference = traceInference(model, n, onLayer);
  const { graph, trace } = inference;
  const target = loss.target(given, [n, ...singlePorts(model).outputShape]);
  graph.output('losses', loss.emit(trace.outputs[0] as Value, graph.input('y', target.shape, target.dtype)));
  const penalties = model.weights.flatMap(({ layer, weight }) =>
    layer.trainable && weight.regularizer !== undefined ? [weight.regularizer(graph.variable(weight.variable))] : [],
  );
  const [first, ...rest] = penalties;
  if (first !== undefined)
    graph.output(
      'penalty',
      rest.reduce((a, b) => graph.emit('add', [a, b], {})[0], first),
    );
  return { ...inference, target };
}
