import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.js';
import { CHUNK, type KernelCall, type LoweringTable } from '../lowering.js';
import { gatherCall } from './reductions.js';
import { walkAxes } from './strides.js';

/** Columns of x that one item turns into rows; the same number stands in kernels/movement.ts. */
const SQUARE = 32;

/** Copies `rows` rows of `length` floats to rows that start `yStep` floats apart. */
export function copyRowsCall(x: number, y: number, rows: number, length: number, yStep: number): KernelCall {
  const columnsPerItem = Math.min(length, CHUNK);
  const rowsPerItem = Math.max(1, Math.floor(CHUNK / length));
  const items = Math.ceil(rows / rowsPerItem) * Math.ceil(length / columnsPerItem);
  return { kernel: 'copyRows', items, words: [x, y, rows, length, length, yStep, rowsPerItem, columnsPerItem] };
}

function transposeCall(x: number, y: number, shape: Shape, strides: readonly number[]): KernelCall {
  const axes = walkAxes(shape, [strides]);
  const rows = axes.at(-1);
  const columns = axes.at(-2);
  const matrices = axes.at(-3);
  const isMatrix = axes.length <= 3 && columns?.steps[0] === 1 && rows?.steps[0] === columns.size;
  if (isMatrix && (matrices === undefined || matrices.steps[0] === rows.size * columns.size)) {
    const count = matrices?.size ?? 1;
    const items = count * Math.ceil(columns.size / SQUARE);
    return { kernel: 'transposeMatrices', items, words: [x, y, count, rows.size, columns.size] };
  }
  return gatherCall(x, y, shape, strides);
}

/** Ops that move numbers without changing them. */
export const movementLowerings: Pick<LoweringTable, 'reshape' | 'transpose' | 'concatenate' | 'slice'> = {
  reshape: {
    lower: ({ inputs, outputs, outputShapes }) => {
      const [x, y] = [inputs[0] as number, outputs[0] as number];
      const size = sizeOf(outputShapes[0] as Shape);
      return x === y ? [] : [copyRowsCall(x, y, 1, size, size)];
    },
  },
  transpose: {
    lower: ({ inputs, outputs, inputShapes, outputShapes, attributes: { permutation } }) => {
      const strides = stridesOf(inputShapes[0] as Shape);
      const permuted = permutation.map((axis) => strides[axis] as number);
      return [transposeCall(inputs[0] as number, outputs[0] as number, outputShapes[0] as Shape, permuted)];
    },
  },
  concatenate: {
    lower: ({ inputs, outputs, inputShapes, outputShapes, attributes: { axis } }) => {
      const shape = outputShapes[0] as Shape;
      const rows = sizeOf(shape.slice(0, axis));
      const yStep = sizeOf(shape.slice(axis));
      let y = outputs[0] as number;
      return inputs.map((x, i) => {
        const length = sizeOf((inputShapes[i] as Shape).slice(axis));
        const call = copyRowsCall(x, y, rows, length, yStep);
        y += 4 * length;
        return call;
      });
    },
  },
  slice: {
    lower: ({ inputs, outputs, inputShapes, attributes: { begin, size } }) => {
      const strides = stridesOf(inputShapes[0] as Shape);
      const start = begin.reduce((offset, from, axis) => offset + from * (strides[axis] as number), 0);
      return [gatherCall((inputs[0] as number) + 4 * start, outputs[0] as number, size, strides)];
    },
  },
};
