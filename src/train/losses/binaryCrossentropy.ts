import * as v from 'valibot';
import { flag, fraction, parseOptions } from '../../layers/options.js';
import type { Value } from '../../ops/graph.js';
import type { CrossentropyOptions } from './categoricalCrossentropy.js';
import type { Loss } from './loss.js';
import { clipProbabilities, logitsOf, meanPerExample } from './perExample.js';
import { valueTarget } from './valueTargets.js';

/**
 * −t · log p − (1 − t) · log(1 − p), in nats, the mean over all outputs of an example. A final sigmoid is folded in: the
 * loss is then computed from the logits, which is stable. Other outputs are taken for probabilities and clipped to
 * [1e-7, 1 − 1e-7], as Keras does. Label smoothing: t · (1 − s) + s / 2.
 *
 * Targets: 0 to 1, of the output's shape; [n] suits an output [n, 1].
 */
export function binaryCrossentropy(options: CrossentropyOptions = {}): Loss {
  const where = 'loss "binaryCrossentropy"';
  const entries = { fromLogits: v.optional(flag(), false), labelSmoothing: v.optional(fraction(), 0) };
  const parsed = parseOptions(where, entries, options);
  const { fromLogits, labelSmoothing } = parsed;
  return {
    type: 'binaryCrossentropy',
    options: parsed,
    decision: 'binary',
    fromLogits,
    target: (given, output) => valueTarget(where, given, output),
    emit: (output, target) => {
      const logits = logitsOf(where, output, 'sigmoid', fromLogits) ?? logitOf(output);
      const [losses] = output.graph.emit('binaryCrossEntropy', [logits, target], { labelSmoothing });
      return meanPerExample(losses, output.shape[0] as number);
    },
  };
}

/** log(p / (1 − p)), whose sigmoid is p. */
function logitOf(p: Value): Value {
  const { graph } = p;
  const clipped = clipProbabilities(p);
  const [rest] = graph.emit('scale', [clipped], { factor: -1, offset: 1 });
  return graph.emit('subtract', [graph.emit('log', [clipped], {})[0], graph.emit('log', [rest], {})[0]], {})[0];
}
