import { align } from '../../../compile/arena.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { LoweringTable } from '../lowering.js';
import { convolvedShape, forwardMemory, forwardWinograd, lowerForward } from './convolution.js';
import { maxPoolCall } from './pooling.js';

type Dimensions = readonly [n: number, h: number, w: number, c: number];

const WINDOWS = { poolSize: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0], dilations: [1, 1] } as const;

/**
 * A convolution with 2 × 2 max pooling: Winograd's algorithm pools its squares of 4 × 4 pixels before it writes them; without it
 * the whole result is kept in scratch memory, which is why plans are not made so.
 */
export const convolutionPooledLowerings: Pick<LoweringTable, 'conv2dMaxPool'> = {
  conv2dMaxPool: {
    prepared: forwardMemory.prepared,
    workspace: (node, threads, options) => {
      const scratch = forwardMemory.workspace(node, threads, options);
      if (forwardWinograd(node, options) !== undefined) return scratch;
      return align(scratch) + 4 * sizeOf(convolvedShape(node));
    },
    algorithm: (node, options) => (forwardWinograd(node, options) ? 'Winograd F(4×4, 3×3)' : 'direct'),
    lower: (call) => {
      const { node, outputs, outputShapes, threads, options, workspace } = call;
      const y = outputs[0] as number;
      if (forwardWinograd(node, options) !== undefined) return lowerForward(call, y, true);
      const whole = workspace + align(forwardMemory.workspace(node, threads, options));
      const pooling = maxPoolCall([whole, y, 0], convolvedShape(node), outputShapes[0] as Dimensions, WINDOWS);
      return [...lowerForward(call, whole), pooling];
    },
  },
};
