import { differentiate } from '../compile/differentiate.js';
import type { Model, ModelWeight } from '../model/model.js';
import { singlePorts } from '../model/singlePorts.js';
import type { Trace, TraceOptions } from '../model/trace.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import type { TensorSpec } from '../tensor/shape.js';
import type { Loss } from './losses/loss.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { TrainingState } from './state.js';

/** What a step is made for. */
export interface TrainingSetup {
  readonly model: Model;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Share of the old average that is kept, where weights are averaged. */
  readonly averageMomentum: number | undefined;
}

/** The network, its loss and its gradients, before any update. */
export interface Gradients {
  readonly graph: Graph;
  readonly trace: Trace;
  /** The array that a batch's targets are given as. */
  readonly target: TensorSpec;
  /** Mean loss of the batch with penalties: [1]. */
  readonly loss: Value;
  /** The weights that learn, each with its gradient. */
  readonly learned: readonly { readonly entry: ModelWeight; readonly w: Value; readonly dw: Value }[];
  /** Sum of the squares of all gradients: [1]; undefined where nothing learns. */
  readonly squaredNorm: Value | undefined;
}

/** Emits the forward and the backward pass of a training step for `n` examples with the given kind of targets. */
export function traceGradients({ model, loss }: TrainingSetup, n: number, given: TensorSpec, taps = false): Gradients {
  const graph = new Graph(opTable);
  const { inputShape, outputShape } = singlePorts(model);
  const x = graph.input('x', [n, ...inputShape]);
  const tap: TraceOptions['onLayer'] = ({ name }, value) => graph.output(`layer/${name}`, value);
  const trace = model.trace(graph, [x], { training: true, onLayer: taps ? tap : undefined });
  const target = loss.target(given, [n, ...outputShape]);
  const losses = loss.emit(trace.outputs[0] as Value, graph.input('y', target.shape, target.dtype));
  const [weighted] = graph.emit('multiply', [losses, graph.input('sampleWeights', [n])], {});
  const [sum] = graph.emit('sum', [weighted], { axes: [0], keepDims: true });
  const [mean] = graph.emit('scale', [sum], { factor: 1 / n, offset: 0 });
  const total = trace.penalties.reduce((a, b) => graph.emit('add', [a, b], {})[0], mean);

  const entries = model.weights.filter(({ layer, weight }) => layer.trainable && weight.learned);
  const values = entries.map(({ weight }) => graph.variable(weight.variable));
  const gradients = differentiate(graph, total, values);
  const learned = entries.flatMap((entry, i) => {
    const dw = gradients[i];
    return dw === undefined ? [] : [{ entry, w: values[i] as Value, dw }];
  });
  const squaredNorm = graph.phase('backward', () => sumOfAll(learned.map(({ dw }) => dw)));
  return { graph, trace, target, loss: total, learned, squaredNorm };
}

/**
 * Emits a whole training step: loss, gradients, updates of the weights and of running statistics. Outputs: `loss` [1],
 * `squaredNorm` [1] of all gradients, and `predictions` where wanted. Where loss or gradients are not finite the updates
 * are left out.
 */
export function traceTrainingStep(
  setup: TrainingSetup,
  state: TrainingState,
  n: number,
  given: TensorSpec,
  predictions: boolean,
): Gradients {
  const step = traceGradients(setup, n, given);
  const { graph, trace, loss, learned, squaredNorm } = step;
  graph.output('loss', loss);
  if (predictions) graph.output('predictions', trace.outputs[0] as Value);
  if (squaredNorm !== undefined) graph.output('squaredNorm', squaredNorm);
  graph.guard = graph.phase('backward', () => finiteOnlyIfBoth(loss, squaredNorm));
  const gradientScale = graph.phase('backward', () => clippingScale(graph, setup.optimizer.clipNorm, squaredNorm));
  graph.phase('update', () => {
    for (const { entry, w, dw } of learned) {
      graph.scope(entry.layer.name, () => emitUpdate(setup, state, entry, w, dw, gradientScale));
    }
    trace.emitUpdates();
  });
  return step;
}

/**
 * The graph's input with learning rate, weight decay and corrections for a weight: one for all, or one per layer where
 * layers have learning rates of their own.
 */
export function hyperName(optimizer: Optimizer, { layer, path }: ModelWeight): string {
  const name = optimizer.decays(path) ? 'hyper' : 'hyperWithoutDecay';
  return optimizer.learningRateMultipliers === undefined ? name : `${name}/${layer.name}`;
}

function emitUpdate(
  { optimizer, averageMomentum }: TrainingSetup,
  state: TrainingState,
  entry: ModelWeight,
  w: Value,
  gradient: Value,
  gradientScale: Value,
): void {
  const { graph } = w;
  const { variable, constraint } = entry.weight;
  const { clipValue } = optimizer;
  const dw =
    clipValue === undefined ? gradient : graph.emit('clip', [gradient], { min: -clipValue, max: clipValue })[0];
  const slotVariables = state.slotsOf(entry, optimizer.slots);
  const hyper = graph.input(hyperName(optimizer, entry), [4]);
  const slots = slotVariables.map((slot) => graph.variable(slot));
  const [updated, ...newSlots] = optimizer.update({ graph, w, dw, hyper, gradientScale, slots }) as [Value, ...Value[]];
  const next = constraint === undefined ? updated : constraint(updated);
  graph.assign(variable, next);
  for (const [i, slot] of slotVariables.entries()) graph.assign(slot, newSlots[i] as Value);
  const average = state.averages.get(entry.path);
  if (averageMomentum === undefined || average === undefined) return;
  const [averaged] = graph.emit('movingAverage', [graph.variable(average), next], { momentum: averageMomentum });
  graph.assign(average, averaged);
}

/** Sum of the squares of all numbers of all arrays: [1]. */
function sumOfAll(arrays: readonly Value[]): Value | undefined {
  const parts = arrays.map((array) => array.graph.emit('sumOfSquares', [array], {})[0]);
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first;
  const [all] = first.graph.emit('concatenate', parts, { axis: 0 });
  return first.graph.emit('sum', [all], { axes: [0], keepDims: true })[0];
}

// 0 times a number that is not finite is NaN.
function finiteOnlyIfBoth(loss: Value, squaredNorm: Value | undefined): Value {
  if (squaredNorm === undefined) return loss;
  const [nothing] = loss.graph.emit('scale', [squaredNorm], { factor: 0, offset: 0 });
  return loss.graph.emit('add', [loss, nothing], {})[0];
}

/** min(1, clipNorm / norm), or 1 where gradients are not clipped: [1]. */
function clippingScale(graph: Graph, clipNorm: number | undefined, squaredNorm: Value | undefined): Value {
  const one = graph.emit('fill', [], { shape: [1], value: 1 })[0];
  if (clipNorm === undefined || squaredNorm === undefined) return one;
  const limit = graph.emit('fill', [], { shape: [1], value: clipNorm })[0];
  const [norm] = graph.emit('sqrt', [squaredNorm], {});
  return graph.emit('minimum', [graph.emit('divide', [limit, norm], {})[0], one], {})[0];
}
