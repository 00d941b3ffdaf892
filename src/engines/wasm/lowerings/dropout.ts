import { align } from '../../../compile/arena.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { chunks, type KernelCall, type LowerCall, type LoweringTable } from '../lowering.js';
import { rowsPerItem } from './rows.js';

/** Bytes in which a thread keeps the words that it has drawn. */
function scratchBytes(shape: Shape, spatial: boolean): number {
  return align(spatial ? 4 * (shape.at(-1) as number) + 128 : 64);
}

function lower({ inputs, outputs, inputShapes, attributes, workspace }: LowerCall<'dropout'>): KernelCall[] {
  const [x, rate, random] = inputs as [number, number, number];
  const shape = inputShapes[0] as Shape;
  const size = sizeOf(shape);
  const { stream, spatial } = attributes;
  const scratch = [workspace, scratchBytes(shape, spatial)];
  if (!spatial) {
    const words = [x, outputs[0] as number, size, rate, random, stream | 0, ...scratch];
    return [{ kernel: 'dropoutElements', items: chunks(size), words }];
  }
  const n = shape[0] as number;
  const c = shape.at(-1) as number;
  const pixels = size / n / c;
  const rows = rowsPerItem(pixels, c);
  const blocks = Math.ceil(pixels / rows);
  const words = [x, outputs[0] as number, pixels, rate, random, stream | 0, ...scratch, c, rows, blocks];
  return [{ kernel: 'dropoutChannels', items: n * blocks, words }];
}

/** Dropout: the mask is drawn from counters as it is applied, never stored. */
export const dropoutLowerings: Pick<LoweringTable, 'dropout'> = {
  dropout: {
    workspace: ({ inputs, attributes }, threads) =>
      threads * scratchBytes(inputs[0]?.shape as Shape, attributes.spatial),
    lower,
  },
};
