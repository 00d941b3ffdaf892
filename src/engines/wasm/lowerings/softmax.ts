import type { Shape } from '../../../tensor/shape.js';
import type { KernelCall, KernelName, LowerCall, LoweringTable } from '../lowering.js';
import { rowsOf, rowsPerItem } from './rows.js';

type SoftmaxOp = 'softmax' | 'logSoftmax' | 'softmaxGradient' | 'logSoftmaxGradient';

/** Reads and writes that an exponential is worth when rows are cut into items. */
const EXP_COST = 4;

function rowsCall(kernel: KernelName, call: LowerCall<SoftmaxOp>): KernelCall[] {
  const [first, ...rest] = call.inputs as [number, ...number[]];
  const { rows, c } = rowsOf(call.inputShapes[0] as Shape);
  const perItem = rowsPerItem(rows, EXP_COST * c);
  const words = [first, call.outputs[0] as number, rows, c, perItem, ...rest];
  return [{ kernel, items: Math.ceil(rows / perItem), words }];
}

/** Softmax over the last axis and its gradients: a row belongs to one item. */
export const softmaxLowerings: Pick<LoweringTable, SoftmaxOp> = {
  softmax: { lower: (call) => rowsCall('softmaxRows', call) },
  logSoftmax: { lower: (call) => rowsCall('logSoftmaxRows', call) },
  softmaxGradient: { lower: (call) => rowsCall('softmaxGradientRows', call) },
  logSoftmaxGradient: { lower: (call) => rowsCall('logSoftmaxGradientRows', call) },
};
