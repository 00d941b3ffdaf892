import { deciderFor } from './decide.js';
import type { Metric } from './metric.js';

/**
 * Share of right decisions, 0 to 1. With a cross-entropy over classes: the largest output (the first of equals) is the
 * true class. With binary cross-entropy: each output is on the right side of one half (of 0 for logits).
 */
export function accuracy(): Metric {
  return {
    name: 'accuracy',
    start: (context) => {
      const decider = deciderFor(context);
      const counts = new Float64Array(2);
      return {
        counts,
        update: (predictions, targets) =>
          decider.each(predictions, targets, (truth, predicted) => {
            counts[0] = (counts[0] as number) + (truth === predicted ? 1 : 0);
            counts[1] = (counts[1] as number) + 1;
          }),
        result: () => ratio(counts[0] as number, counts[1] as number),
      };
    },
  };
}

/** a / b, and 0 where there is nothing to divide. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
