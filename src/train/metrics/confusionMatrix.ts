import { FoveaError } from '../../tensor/errors.js';
import { deciderFor } from './decide.js';
import type { Metric } from './metric.js';

/**
 * How often each class (row) was predicted as each class (column): [classes][classes] counts. With one output that says
 * yes or no there are two classes, no first.
 */
export function confusionMatrix(): Metric {
  return {
    name: 'confusionMatrix',
    start: (context) => {
      const decider = deciderFor(context);
      if (decider.kind === 'binary' && decider.columns > 1) {
        throw new FoveaError('option', {
          where: 'metric "confusionMatrix"',
          rule: 'it needs one class for each example',
          received: `${decider.columns} outputs that decide by themselves`,
          remedy: "Use precision({ average: 'perClass' }) and recall",
        });
      }
      const classes = decider.kind === 'binary' ? 2 : decider.columns;
      const counts = new Float64Array(classes * classes);
      return {
        counts,
        update: (predictions, targets) =>
          decider.each(predictions, targets, (truth, predicted) => {
            if (predicted < 0) return;
            const at = truth * classes + predicted;
            counts[at] = (counts[at] as number) + 1;
          }),
        result: () =>
          Array.from({ length: classes }, (_, row) => [...counts.subarray(row * classes, (row + 1) * classes)]),
      };
    },
  };
}
