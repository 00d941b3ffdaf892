import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { normalizeAxes } from '../tensor/shape.js';
import { real, specOption } from './options.js';

/** What a weight is put back to after each step, as plain JSON. Keras's names, formulas and defaults. */
export type Constraint =
  | { readonly type: 'nonNegative' }
  | { readonly type: 'maxNorm'; readonly maxValue?: number; readonly axis?: number | readonly number[] }
  | { readonly type: 'unitNorm'; readonly axis?: number | readonly number[] }
  | {
      readonly type: 'minMaxNorm';
      readonly minValue?: number;
      readonly maxValue?: number;
      /** How much of the way a norm outside the limits is moved, 0 to 1. */
      readonly rate?: number;
      readonly axis?: number | readonly number[];
    };

/** Guards the division by a norm of zero; Keras's value. */
const EPSILON = 1e-7;

/** Negative values become 0. */
export function nonNegative(): Constraint {
  return { type: 'nonNegative' };
}

/** Scales down what has a norm over `maxValue`, measured along `axis` (0 for dense, [0, 1, 2] for one filter). */
export function maxNorm(maxValue = 2, axis: number | readonly number[] = 0): Constraint {
  return { type: 'maxNorm', maxValue, axis };
}

/** Scales to a norm of 1, measured along `axis`. */
export function unitNorm(axis: number | readonly number[] = 0): Constraint {
  return { type: 'unitNorm', axis };
}

/** Scales towards a norm between two limits, measured along `axis`. */
export function minMaxNorm(
  options: { minValue?: number; maxValue?: number; rate?: number; axis?: number | readonly number[] } = {},
): Constraint {
  return { type: 'minMaxNorm', ...options };
}

const axis = v.optional(
  v.custom<number | readonly number[]>(
    (value) => Number.isInteger(value) || (Array.isArray(value) && value.length > 0 && value.every(Number.isInteger)),
    'must be a whole number or a list of them',
  ),
  0,
);

/** The option of a layer that names a constraint. */
export function constraintOption() {
  return specOption<Constraint>({
    nonNegative: {},
    maxNorm: { maxValue: v.optional(real(0), 2), axis },
    unitNorm: { axis },
    minMaxNorm: {
      minValue: v.optional(real(0), 0),
      maxValue: v.optional(real(0), 1),
      rate: v.optional(real(0, 1), 1),
      axis,
    },
  });
}

/** A weight put back to what its constraint allows: same shape. */
export function constrain(w: Value, constraint: Constraint): Value {
  const { graph } = w;
  if (constraint.type === 'nonNegative') return graph.emit('relu', [w], {})[0];
  const axes = normalizeAxes(`constraint "${constraint.type}"`, [constraint.axis ?? 0].flat(), w.shape.length);
  const [squares] = graph.emit('sum', graph.emit('square', [w], {}), { axes, keepDims: true });
  const [norm] = graph.emit('sqrt', [squares], {});
  const [divisor] = graph.emit('scale', [norm], { factor: 1, offset: EPSILON });
  if (constraint.type === 'unitNorm') return graph.emit('divide', [w, divisor], {})[0];
  const wanted = wantedNorm(norm, constraint);
  const [factor] = graph.emit('divide', [wanted, divisor], {});
  return graph.emit('multiply', [w, factor], {})[0];
}

function wantedNorm(norm: Value, constraint: Extract<Constraint, { type: 'maxNorm' | 'minMaxNorm' }>): Value {
  const { graph } = norm;
  if (constraint.type === 'maxNorm') return graph.emit('clip', [norm], { min: 0, max: constraint.maxValue ?? 2 })[0];
  const { minValue: min = 0, maxValue: max = 1, rate = 1 } = constraint;
  const clipped = graph.emit('clip', [norm], { min, max })[0];
  const [inside] = graph.emit('scale', [clipped], { factor: rate, offset: 0 });
  const [rest] = graph.emit('scale', [norm], { factor: 1 - rate, offset: 0 });
  return graph.emit('add', [inside, rest], {})[0];
}
