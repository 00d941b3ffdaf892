import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { PadAttributes, PadMode } from '../pad.js';
import type { ReductionAttributes } from '../reductions.js';
import type { OpName } from '../table.js';
import { type CaseInput, constant, type Draw, outputsOf } from './draw.js';
import type { CaseGenerator } from './opCase.js';
import { fusedInputs } from './windowCases.js';

/** A shape and some of its axes: all, the last, all but the last, the images' own, the first, any. */
function reduction(draw: Draw): { shape: number[]; attributes: ReductionAttributes } {
  const shape = draw.shape(draw.cycle([4, 2, 3, 4, 1]));
  const all = shape.map((_, axis) => axis);
  const some = all.filter(() => draw.pick([true, false]));
  const forms: [number[], ...number[][]] = [all, all.slice(-1), all.slice(0, -1), all.slice(1, -1), [0], some];
  const axes = draw.cycle(forms);
  return { shape, attributes: { axes: axes.length > 0 ? axes : [0], keepDims: draw.pick([true, false]) } };
}

function smoothReduction(draw: Draw) {
  const { shape, attributes } = reduction(draw);
  return { inputs: [draw.normal(shape)], attributes };
}

/** Padding of any axis by each mode; reflected padding stays below the size. */
function padding(draw: Draw): { shape: number[]; attributes: PadAttributes } {
  const mode = draw.cycle<PadMode>(['constant', 'edge', 'reflect']);
  const shape = draw.shape(draw.cycle([4, 2, 1, 3], 3));
  const amount = (size: number): number => draw.between(0, mode === 'reflect' ? Math.min(3, size - 1) : 3);
  const before = shape.map(amount);
  return { shape, attributes: { before, after: shape.map(amount), mode, value: draw.pick([0, -1.5]) } };
}

/** Leading axes of two factors, every way to broadcast them in turn. */
function leadingAxes(draw: Draw): [Shape, Shape] {
  const [p, q] = [draw.between(2, 3), draw.between(2, 4)];
  return draw.cycle<[Shape, Shape]>(
    [
      [[], []],
      [[p], [p]],
      [[p], []],
      [[], [p]],
      [[p, 1], [q]],
      [[], []],
      [[1], [p]],
    ],
    2,
  );
}

type Names = Extract<
  OpName,
  | 'broadcastTo'
  | 'concatenate'
  | 'fill'
  | 'matMul'
  | 'max'
  | 'maxGradient'
  | 'mean'
  | 'pad'
  | 'padGradient'
  | 'reshape'
  | 'slice'
  | 'sum'
  | 'sumOfSquares'
  | 'transpose'
>;

/** Products, reductions, and ops that move or copy elements. */
export const movementCases: { readonly [K in Names]: CaseGenerator<K> } = {
  broadcastTo: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const ones = shape.map((size) => (draw.pick([true, false]) ? 1 : size));
    const from = draw.cycle<Shape>([ones, shape.slice(-1), [], ones.slice(1), shape]);
    return { inputs: [draw.normal(from)], attributes: { shape } };
  },
  concatenate: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 1, 3]));
    const axis = draw.cycle([shape.length - 1, 0, draw.between(0, shape.length - 1)]);
    const inputs = Array.from({ length: draw.between(1, 4) }, () => draw.normal(shape.with(axis, draw.channels())));
    return { inputs, attributes: { axis } };
  },
  fill: (draw) => ({
    inputs: [],
    attributes: { shape: draw.shape(draw.cycle([4, 0, 1, 2])), value: draw.pick([0, 1, -2.5]) },
  }),
  matMul: (draw) => {
    const [m, n] = [draw.pick([draw.size(), draw.channels()]), draw.channels()];
    const k = draw.pick([draw.size(), draw.channels(), draw.large ? 130 : 9]);
    const [leadA, leadB] = leadingAxes(draw);
    // Transposes change every fourth case, so that each meets every fused form.
    const transposeA = draw.cycle([false, false, true, true], 4);
    const transposeB = draw.cycle([false, true], 4);
    const a = [...leadA, ...(transposeA ? [k, m] : [m, k])];
    const b = [...leadB, ...(transposeB ? [n, k] : [k, n])];
    const { inputs, activation } = fusedInputs(draw, [a, b], n);
    return { inputs, attributes: { transposeA, transposeB, activation } };
  },
  max: (draw) => {
    const { shape, attributes } = reduction(draw);
    const ties = draw.number % 3 === 2;
    return { inputs: ties ? constant(draw.grid(shape, 1, -1, 1)) : [draw.distinct(shape)], attributes };
  },
  maxGradient: (draw) => {
    const { shape, attributes } = reduction(draw);
    const x = draw.number % 3 === 2 ? draw.grid(shape, 1, -1, 1) : draw.distinct(shape);
    const [y] = outputsOf('max', [x], attributes);
    return { inputs: constant(x, y, draw.normal(y.shape)), attributes };
  },
  mean: smoothReduction,
  pad: (draw) => {
    const { shape, attributes } = padding(draw);
    return { inputs: [draw.normal(shape)], attributes };
  },
  padGradient: (draw) => {
    const { shape, attributes } = padding(draw);
    const { before, after } = attributes;
    const padded = shape.map((size, axis) => size + (before[axis] as number) + (after[axis] as number));
    return { inputs: [draw.normal(padded)], attributes: { ...attributes, inputShape: shape } };
  },
  reshape: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const to = draw.cycle<Shape>([[sizeOf(shape)], shape.slice().reverse(), [1, ...shape], [sizeOf(shape), 1]]);
    return { inputs: [draw.normal(shape)], attributes: { shape: to } };
  },
  slice: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 1, 3]));
    const begin = shape.map((size) => draw.between(0, size - 1));
    const size = shape.map((length, axis) => draw.between(1, length - (begin[axis] as number)));
    return { inputs: [draw.normal(shape)], attributes: { begin, size } };
  },
  sum: smoothReduction,
  sumOfSquares: (draw): { inputs: CaseInput[]; attributes: Record<string, never> } => ({
    inputs: [draw.normal(draw.shape(draw.cycle([4, 1, 2])))],
    attributes: {},
  }),
  transpose: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const rest = shape.map((_, axis) => axis);
    const permutation = shape.map(() => rest.splice(draw.between(0, rest.length - 1), 1)[0] as number);
    return { inputs: [draw.normal(shape)], attributes: { permutation } };
  },
};
