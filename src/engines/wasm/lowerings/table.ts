import type { LoweringTable } from '../lowering.js';
import { convolutionLowerings } from './convolution.js';
import { matMulLowerings } from './matMul.js';

/** How the engine runs each op. */
export const lowerings: LoweringTable = {
  ...convolutionLowerings,
  ...matMulLowerings,
};
