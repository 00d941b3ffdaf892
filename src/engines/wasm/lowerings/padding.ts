import { align } from '../../../compile/arena.js';
import type { PadAttributes, PadGradientAttributes } from '../../../ops/pad.js';
import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.js';
import { CHUNK, floatBits, type KernelCall, type LoweringTable } from '../lowering.js';
import { copyRowsCall } from './movement.js';
import { gatherCall } from './reductions.js';

const MODES = { constant: 0, edge: 1, reflect: 2 } as const;

/** An axis as the padding kernel reads it; neighbours without padding are one axis. */
interface PaddedAxis {
  readonly before: number;
  readonly size: number;
  readonly after: number;
}

function paddedAxes(shape: Shape, { before, after }: PadAttributes): PaddedAxis[] {
  const axes: PaddedAxis[] = [];
  shape.forEach((size, i) => {
    const axis = { before: before[i] as number, size, after: after[i] as number };
    const last = axes.at(-1);
    if (last !== undefined && !isPadded(last) && !isPadded(axis)) {
      axes[axes.length - 1] = { ...last, size: last.size * size };
    } else {
      axes.push(axis);
    }
  });
  return axes;
}

function isPadded({ before, after }: PaddedAxis): boolean {
  return before + after > 0;
}

function padCalls(x: number, y: number, shape: Shape, attributes: PadAttributes): KernelCall[] {
  const axes = paddedAxes(shape, attributes);
  const tail = axes.at(-1);
  const inner = tail === undefined ? 1 : isPadded(tail) ? 1 : (axes.pop() as PaddedAxis).size;
  const last = axes.at(-1);
  if (last === undefined) return [copyRowsCall(x, y, 1, inner, inner)];
  const sizes = axes.map((axis) => axis.before + axis.size + axis.after);
  const strides = stridesOf(axes.map((axis) => axis.size));
  const rows = sizeOf(sizes.slice(0, -1));
  const rowsPerItem = Math.max(1, Math.floor(CHUNK / ((sizes.at(-1) as number) * inner)));
  const words = [x, y, rows, rowsPerItem, inner, floatBits(attributes.value), axes.length, MODES[attributes.mode]];
  for (let i = axes.length - 1; i >= 0; i--) {
    const { before, size } = axes[i] as PaddedAxis;
    words.push(sizes[i] as number, before, size, (strides[i] as number) * inner);
  }
  return [{ kernel: 'pad', items: Math.ceil(rows / rowsPerItem), words }];
}

/** One axis after another is folded back: [outer, before + size + after, inner] → [outer, size, inner]. */
interface Fold extends PaddedAxis {
  readonly outer: number;
  readonly inner: number;
}

function foldsOf({ inputShape, before, after, mode }: PadGradientAttributes): Fold[] {
  if (mode === 'constant') return [];
  const current = inputShape.map((size, i) => (before[i] as number) + size + (after[i] as number));
  const folds: Fold[] = [];
  inputShape.forEach((size, i) => {
    if (current[i] === size) return;
    const [outer, inner] = [sizeOf(current.slice(0, i)), sizeOf(current.slice(i + 1))];
    folds.push({ outer, inner, before: before[i] as number, size, after: after[i] as number });
    current[i] = size;
  });
  return folds;
}

function foldBytes({ outer, size, inner }: Fold): number {
  return align(4 * outer * size * inner);
}

/** Padding and its gradient. */
export const paddingLowerings: Pick<LoweringTable, 'pad' | 'padGradient'> = {
  pad: {
    lower: ({ inputs, outputs, inputShapes, attributes }) =>
      padCalls(inputs[0] as number, outputs[0] as number, inputShapes[0] as Shape, attributes),
  },
  padGradient: {
    workspace: ({ attributes }) =>
      foldsOf(attributes)
        .slice(0, -1)
        .reduce((bytes, fold) => bytes + foldBytes(fold), 0),
    lower: ({ inputs, outputs, inputShapes, attributes, workspace }) => {
      const { before, inputShape, mode } = attributes;
      const dx = outputs[0] as number;
      let dy = inputs[0] as number;
      const folds = foldsOf(attributes);
      if (folds.length === 0) {
        const strides = stridesOf(inputShapes[0] as Shape);
        const start = before.reduce((offset, n, axis) => offset + n * (strides[axis] as number), 0);
        return [gatherCall(dy + 4 * start, dx, inputShape, strides)];
      }
      let scratch = workspace;
      return folds.map((fold, i): KernelCall => {
        const { outer, size, inner } = fold;
        const target = i === folds.length - 1 ? dx : scratch;
        const rowsPerItem = Math.max(1, Math.floor(CHUNK / inner));
        const words = [dy, target, outer, size, fold.before, fold.after, inner, MODES[mode], rowsPerItem];
        dy = target;
        scratch += foldBytes(fold);
        return { kernel: 'foldAxis', items: Math.ceil((outer * size) / rowsPerItem), words };
      });
    },
  },
};
