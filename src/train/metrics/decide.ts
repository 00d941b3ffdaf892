import type { TensorData } from '../../tensor/tensor.js';
import type { MetricContext } from './metric.js';

/** One decision: which class is true, and which was predicted. `column` is the output, where each decides by itself. */
export type Visit = (truth: number, predicted: number, column: number) => void;

/** How predictions become decisions. */
export interface Decider {
  /** One class out of several; or yes (1) and no (0), for each output by itself. */
  readonly kind: 'classes' | 'binary';
  /** Number of classes, or of outputs that decide by themselves. */
  readonly columns: number;
  each(predictions: Float32Array, targets: TensorData, visit: Visit): void;
}

/** Classes by the largest output, yes and no by a threshold: what the loss says; without a say, by the number of outputs. */
export function deciderFor({ outputShape, decision, fromLogits }: MetricContext): Decider {
  const columns = outputShape.at(-1) ?? 1;
  if (decision === 'binary' || (decision === 'values' && columns === 1)) {
    const threshold = fromLogits ? 0 : 0.5;
    return { kind: 'binary', columns, each: (p, t, visit) => eachOutput(p, t, columns, threshold, visit) };
  }
  return { kind: 'classes', columns, each: (p, t, visit) => eachRow(p, t, columns, visit) };
}

function eachOutput(p: Float32Array, t: TensorData, columns: number, threshold: number, visit: Visit): void {
  for (let i = 0; i < p.length; i++) {
    visit((t[i] as number) > 0.5 ? 1 : 0, (p[i] as number) > threshold ? 1 : 0, i % columns);
  }
}

function eachRow(p: Float32Array, t: TensorData, columns: number, visit: Visit): void {
  for (let row = 0; row < p.length / columns; row++) {
    const truth = t instanceof Int32Array ? (t[row] as number) : largest(t, row * columns, columns);
    visit(truth, largest(p, row * columns, columns), 0);
  }
}

/** Place of the largest of `length` values, the first of equals; −1 where all are NaN. */
export function largest(values: Float32Array, start: number, length: number): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const value = values[start + i] as number;
    if (value > most || (best === -1 && value === most)) [best, most] = [i, value];
  }
  return best;
}
