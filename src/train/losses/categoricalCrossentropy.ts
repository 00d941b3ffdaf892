import * as v from 'valibot';
import { flag, fraction, parseOptions } from '../../layers/options.js';
import type { Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape, sameShape, sizeOf, type TensorSpec } from '../../tensor/shape.js';
import type { Loss } from './loss.js';
import { clipProbabilities, logitsOf, meanPerExample } from './perExample.js';

export interface CrossentropyOptions {
  /** The model's outputs are logits, to which no softmax was applied. @default false */
  readonly fromLogits?: boolean;
  /** Share s of the target that is spread evenly over the c classes: t · (1 − s) + s / c. @default 0 */
  readonly labelSmoothing?: number;
}

/**
 * −Σ t · log p over the classes (the last axis), in nats, the mean over any axes between. A final softmax is folded in:
 * the loss is then computed from the logits, which is stable. Other outputs are taken for probabilities, clipped to
 * [1e-7, 1 − 1e-7] and made to sum to 1, as Keras does.
 *
 * Targets: float32 of the output's shape (one-hot or soft), or int32 class indices.
 */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  return crossentropy('categoricalCrossentropy', options, true);
}

/** {@link categoricalCrossentropy} for int32 class indices alone. */
export function sparseCategoricalCrossentropy(options: CrossentropyOptions = {}): Loss {
  return crossentropy('sparseCategoricalCrossentropy', options, false);
}

function crossentropy(type: string, options: CrossentropyOptions, soft: boolean): Loss {
  const where = `loss "${type}"`;
  const entries = { fromLogits: v.optional(flag(), false), labelSmoothing: v.optional(fraction(), 0) };
  const parsed = parseOptions(where, entries, options);
  const { fromLogits, labelSmoothing } = parsed;
  return {
    type,
    options: parsed,
    decision: 'classes',
    fromLogits,
    target: (given, output) => checkTarget(where, given, output, soft),
    emit: (output, target) => {
      const { graph } = output;
      const logits = logitsOf(where, output, 'softmax', fromLogits) ?? logOf(output);
      const classes = output.shape.at(-1) as number;
      const rows = sizeOf(output.shape) / classes;
      const flat = (x: Value, shape: Shape): Value =>
        sameShape(x.shape, shape) ? x : graph.emit('reshape', [x], { shape })[0];
      const inputs = [flat(logits, [rows, classes])];
      inputs.push(target.dtype === 'int32' ? flat(target, [rows]) : flat(target, [rows, classes]));
      const op = target.dtype === 'int32' ? 'sparseSoftmaxCrossEntropy' : 'softmaxCrossEntropy';
      const [losses] = graph.emit(op, inputs, { labelSmoothing });
      const n = output.shape[0] as number;
      return n === rows ? losses : meanPerExample(losses, n);
    },
  };
}

// The softmax of log p is p made to sum to 1.
function logOf(p: Value): Value {
  return p.graph.emit('log', [clipProbabilities(p)], {})[0];
}

function checkTarget(where: string, given: TensorSpec, output: Shape, soft: boolean): TensorSpec {
  const classes = output.at(-1) as number;
  if (output.length < 2 || classes < 2) {
    throw new FoveaError('shape', {
      where,
      rule: 'the last axis of the output must hold a number for each of at least 2 classes',
      received: `output ${formatShape(output)}`,
      remedy: 'End the model with dense({ units: classes }), or use binaryCrossentropy for one output',
    });
  }
  const labels = output.slice(0, -1);
  if (given.dtype === 'int32' && sameShape(given.shape, labels)) return { shape: labels, dtype: 'int32' };
  if (soft && given.dtype === 'float32' && sameShape(given.shape, output)) return { shape: output, dtype: 'float32' };
  const asLabels = `int32 class indices ${formatShape(labels)}`;
  throw new FoveaError(given.dtype === 'float32' && !soft ? 'dtype' : 'shape', {
    where,
    rule: `targets must be ${asLabels}${soft ? ` or float32 shares ${formatShape(output)}` : ''}`,
    received: `${given.dtype} ${formatShape(given.shape)}`,
    remedy:
      !soft && sameShape(given.shape, output)
        ? 'Use categoricalCrossentropy for one-hot targets'
        : 'Check the number of classes',
    data: { targets: given.shape, output },
  });
}
