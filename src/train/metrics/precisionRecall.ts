import * as v from 'valibot';
import { oneOf, parseOptions } from '../../layers/options.js';
import { ratio } from './accuracy.js';
import { type Decider, deciderFor } from './decide.js';
import type { Metric } from './metric.js';

export interface AverageOptions {
  /**
   * 'macro': the mean over the classes that occur among targets or predictions; 'micro': all decisions counted together;
   * 'perClass': one number for each class. @default 'macro'
   */
  readonly average?: 'macro' | 'micro' | 'perClass';
}

/**
 * Of what was predicted as a class, the share that is of it; 0 where nothing was predicted. With one output that says yes
 * or no, of the yes alone. Named `precision`, `precisionMicro`, `precisionPerClass`.
 */
export function precision(options: AverageOptions = {}): Metric {
  return counted('precision', options, (tp, fp) => ratio(tp, tp + fp));
}

/** Of what is of a class, the share that was predicted as it; 0 where nothing is. Options and names as {@link precision}. */
export function recall(options: AverageOptions = {}): Metric {
  return counted('recall', options, (tp, _, fn) => ratio(tp, tp + fn));
}

/** The harmonic mean of precision and recall; 'macro' is the mean of the classes' own. Options as {@link precision}. */
export function f1(options: AverageOptions = {}): Metric {
  return counted('f1', options, (tp, fp, fn) => ratio(2 * tp, 2 * tp + fp + fn));
}

/** From true positives, false positives and false negatives. */
type Formula = (tp: number, fp: number, fn: number) => number;

function counted(type: string, options: AverageOptions, formula: Formula): Metric {
  const entries = { average: v.optional(oneOf(['macro', 'micro', 'perClass']), 'macro') };
  const { average } = parseOptions(`metric "${type}"`, entries, options);
  return {
    name: average === 'macro' ? type : `${type}${average === 'micro' ? 'Micro' : 'PerClass'}`,
    start: (context) => {
      const decider = deciderFor(context);
      const { columns } = decider;
      const counts = new Float64Array(3 * columns);
      return {
        counts,
        update: (predictions, targets) => {
          const add = (what: number, column: number): void => {
            counts[what * columns + column] = (counts[what * columns + column] as number) + 1;
          };
          count(decider, predictions, targets, add);
        },
        result: () => {
          const of = (what: number, c: number): number => counts[what * columns + c] as number;
          const classes = Array.from({ length: columns }, (_, c) => c);
          const all = (what: number): number => classes.reduce((sum, c) => sum + of(what, c), 0);
          if (average === 'micro') return formula(all(TRUE_POSITIVE), all(FALSE_POSITIVE), all(FALSE_NEGATIVE));
          const perClass = classes.map((c) =>
            formula(of(TRUE_POSITIVE, c), of(FALSE_POSITIVE, c), of(FALSE_NEGATIVE, c)),
          );
          if (average === 'perClass') return perClass;
          const occur = classes.filter((c) => of(TRUE_POSITIVE, c) + of(FALSE_POSITIVE, c) + of(FALSE_NEGATIVE, c) > 0);
          return ratio(
            occur.reduce((sum, c) => sum + (perClass[c] as number), 0),
            occur.length,
          );
        },
      };
    },
  };
}

const TRUE_POSITIVE = 0;
const FALSE_POSITIVE = 1;
const FALSE_NEGATIVE = 2;

function count(
  { kind, each }: Decider,
  predictions: Float32Array,
  targets: Parameters<Decider['each']>[1],
  add: (what: number, column: number) => void,
): void {
  each(predictions, targets, (truth, predicted, column) => {
    if (kind === 'binary') {
      if (truth === 1) add(predicted === 1 ? TRUE_POSITIVE : FALSE_NEGATIVE, column);
      else if (predicted === 1) add(FALSE_POSITIVE, column);
      return;
    }
    if (truth === predicted) return add(TRUE_POSITIVE, truth);
    add(FALSE_NEGATIVE, truth);
    if (predicted >= 0) add(FALSE_POSITIVE, predicted);
  });
}
