import type { Loss } from './loss.js';
import { meanPerExample } from './perExample.js';
import { valueTarget } from './valueTargets.js';

/** (output − target)², the mean over all outputs of an example. Targets of the output's shape; [n] suits [n, 1]. */
export function meanSquaredError(): Loss {
  return {
    type: 'meanSquaredError',
    options: {},
    decision: 'values',
    fromLogits: false,
    target: (given, output) => valueTarget('loss "meanSquaredError"', given, output),
    emit: (output, target) => {
      const [squares] = output.graph.emit('squaredDifference', [output, target], {});
      return meanPerExample(squares, output.shape[0] as number);
    },
  };
}
