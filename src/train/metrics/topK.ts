import { FoveaError } from '../../tensor/errors.js';
import { ratio } from './accuracy.js';
import { largest } from './decide.js';
import type { Metric } from './metric.js';

/** Share of examples whose true class is among the k largest outputs; of equal outputs the first counts as larger. */
export function topK(k = 5): Metric {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new FoveaError('option', {
      where: 'metric "topK"',
      rule: 'k must be a whole number of at least 1',
      received: `${k}`,
    });
  }
  return {
    name: `top${k}Accuracy`,
    start: ({ outputShape }) => {
      const columns = outputShape.at(-1) ?? 1;
      const counts = new Float64Array(2);
      return {
        counts,
        update: (p, t) => {
          for (let row = 0; row < p.length / columns; row++) {
            const start = row * columns;
            const truth = t instanceof Int32Array ? (t[row] as number) : largest(t, start, columns);
            counts[0] = (counts[0] as number) + (rank(p, start, columns, truth) < k ? 1 : 0);
            counts[1] = (counts[1] as number) + 1;
          }
        },
        result: () => ratio(counts[0] as number, counts[1] as number),
      };
    },
  };
}

/** How many outputs come before the one of the true class; NaN comes last. */
function rank(p: Float32Array, start: number, columns: number, truth: number): number {
  const own = p[start + truth] as number;
  if (Number.isNaN(own)) return columns;
  let before = 0;
  for (let i = 0; i < columns; i++) {
    const other = p[start + i] as number;
    if (other > own || (other === own && i < truth)) before++;
  }
  return before;
}
