import { align } from '../../../compile/arena.js';
import { batchOffset, type MatMulAttributes, type MatMulSizes, matMulSizes } from '../../../ops/matMul.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { activationNumber, COLUMNS, type KernelCall, type LowerCall, type LoweringTable } from '../lowering.js';

const ROWS = 6;
/** Rows that one item works on: a block of A that stays in the cache while panels pass. */
const ROWS_PER_ITEM = 96;
/** Items that a product should have, so that threads end together. */
const ITEMS = 16;

/** Rows of A up to which reading B takes the time, and numbers of B from which it is worth while. */
const STREAMED_ROWS = 32;
const STREAMED_SIZE = 2 ** 15;
/** Columns that one item of a streamed product reads: long enough stretches of each row of B. */
const STREAMED_COLUMNS = 512;

/** Whether B is read where it lies instead of being packed first. */
function isStreamed({ m, n, k }: MatMulSizes, { transposeA }: MatMulAttributes): boolean {
  return !transposeA && m <= STREAMED_ROWS && n * k >= STREAMED_SIZE && n >= COLUMNS;
}

function lower(call: LowerCall<'matMul'>): KernelCall[] {
  const { inputs, outputs, attributes } = call;
  const [aShape, bShape] = call.inputShapes as [Shape, Shape];
  const sizes = matMulSizes('matMul', aShape, bShape, attributes);
  const { m, n, k, batch } = sizes;
  const streamed = isStreamed(sizes, attributes);
  const groups = Math.ceil(n / COLUMNS);
  const rowsPerItem = Math.min(Math.ceil(m / ROWS) * ROWS, ROWS_PER_ITEM);
  const rowBlocks = Math.ceil(m / rowsPerItem);
  let groupsPerItem = groups;
  while (groupsPerItem > 1 && rowBlocks * Math.ceil(groups / groupsPerItem) < ITEMS) {
    groupsPerItem = Math.ceil(groupsPerItem / 2);
  }
  const items = rowBlocks * Math.ceil(groups / groupsPerItem);
  const calls: KernelCall[] = [];
  let packed = -1;
  for (let item = 0; item < sizeOf(batch); item++) {
    const a = (inputs[0] as number) + 4 * m * k * batchOffset(item, batch, aShape.slice(0, -2));
    const b = (inputs[1] as number) + 4 * k * n * batchOffset(item, batch, bShape.slice(0, -2));
    const y = (outputs[0] as number) + 4 * m * n * item;
    const activation = activationNumber(attributes.activation);
    if (streamed) {
      const width = Math.max(COLUMNS, Math.min(STREAMED_COLUMNS, Math.ceil(n / ITEMS / COLUMNS) * COLUMNS));
      const words = [a, b, y, inputs[2] ?? 0, activation, m, n, k, width];
      const kernel = attributes.transposeB ? 'matMulDots' : 'matMulStream';
      calls.push({ kernel, items: Math.ceil(n / width), words });
      continue;
    }
    if (b !== packed) {
      const [innerStep, columnStep] = attributes.transposeB ? [1, k] : [n, 1];
      calls.push({
        kernel: 'packPanels',
        items: groups,
        words: [b, call.workspace, 1, 9, k, n, 0, innerStep, columnStep, 0],
      });
      packed = b;
    }
    const words = [a, call.workspace, y, inputs[2] ?? 0, activation, m, n, k, rowsPerItem, rowBlocks];
    words.push(groupsPerItem * COLUMNS);
    if (attributes.transposeA) {
      calls.push({ kernel: 'matMulOuter', items, words });
    } else {
      for (let rows = 1; rows <= ROWS; rows++) {
        for (let r = 0; r < ROWS; r++) words.push(4 * k * Math.min(r, rows - 1));
      }
      for (let r = 0; r < ROWS; r++) words.push(4 * n * r);
      calls.push({ kernel: 'matMulRows', items, words: [...words, 0] });
    }
  }
  return calls;
}

/** Matrix products: the second factor is packed into panels, then tiles of six rows are summed; with few rows it is streamed. */
export const matMulLowerings: Pick<LoweringTable, 'matMul'> = {
  matMul: {
    workspace: ({ inputs, attributes }) => {
      const [a, b] = inputs.map((value) => value.shape) as [Shape, Shape];
      const sizes = matMulSizes('matMul', a, b, attributes);
      const { n, k } = sizes;
      if (isStreamed(sizes, attributes)) return 0;
      return align(4 * k * Math.ceil(n / COLUMNS) * COLUMNS);
    },
    lower,
  },
};
