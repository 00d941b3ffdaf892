import { type Shape, sizeOf } from '../../../tensor/shape.js';
import {
  chunks,
  floatBits,
  type KernelCall,
  type KernelName,
  type LowerCall,
  type LoweringTable,
} from '../lowering.js';
import { rowsOf, rowsPerItem } from './rows.js';

type RowLossOp =
  | 'softmaxCrossEntropy'
  | 'softmaxCrossEntropyGradient'
  | 'sparseSoftmaxCrossEntropy'
  | 'sparseSoftmaxCrossEntropyGradient';

/** Reads and writes that an exponential is worth when rows are cut into items. */
const EXP_COST = 4;

/** Smoothed targets are t · keep + spread. */
function smoothing(labelSmoothing: number, classes: number): [keep: number, spread: number] {
  return [floatBits(1 - labelSmoothing), floatBits(labelSmoothing / classes)];
}

function rowsCall(kernel: KernelName, call: LowerCall<RowLossOp>): KernelCall[] {
  const [logits, targets, ...rest] = call.inputs as [number, number, ...number[]];
  const { rows, c } = rowsOf(call.inputShapes[0] as Shape);
  const perItem = rowsPerItem(rows, EXP_COST * c);
  const words = [logits, targets, call.outputs[0] as number, rows, c, perItem];
  words.push(...smoothing(call.attributes.labelSmoothing, c), ...rest);
  return [{ kernel, items: Math.ceil(rows / perItem), words }];
}

function lowerBinary({ inputs, outputs, inputShapes, attributes }: LowerCall<'binaryCrossEntropy'>): KernelCall[] {
  const size = sizeOf(inputShapes[0] as Shape);
  const words = [inputs[0] as number, inputs[1] as number, outputs[0] as number, size];
  words.push(...smoothing(attributes.labelSmoothing, 2));
  return [{ kernel: 'binaryCrossEntropyElements', items: chunks(size), words }];
}

/** Losses from logits and their gradients: a row belongs to one item. */
export const crossEntropyLowerings: Pick<LoweringTable, RowLossOp | 'binaryCrossEntropy'> = {
  softmaxCrossEntropy: { lower: (call) => rowsCall('softmaxCrossEntropyRows', call) },
  softmaxCrossEntropyGradient: { lower: (call) => rowsCall('softmaxCrossEntropyGradientRows', call) },
  sparseSoftmaxCrossEntropy: { lower: (call) => rowsCall('sparseCrossEntropyRows', call) },
  sparseSoftmaxCrossEntropyGradient: { lower: (call) => rowsCall('sparseCrossEntropyGradientRows', call) },
  binaryCrossEntropy: { lower: lowerBinary },
};
