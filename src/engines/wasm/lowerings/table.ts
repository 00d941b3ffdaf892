import type { LoweringTable } from '../lowering.js';
import { activationLowerings } from './activations.js';
import { convolutionLowerings } from './convolution.js';
import { convolutionPooledLowerings } from './convolutionPooled.js';
import { crossEntropyLowerings } from './crossEntropy.js';
import { withDepthwise } from './depthwise.js';
import { dropoutLowerings } from './dropout.js';
import { elementwiseLowerings } from './elementwise.js';
import { matMulLowerings } from './matMul.js';
import { movementLowerings } from './movement.js';
import { normalizationLowerings } from './normalization.js';
import { paddingLowerings } from './padding.js';
import { poolingLowerings } from './pooling.js';
import { reductionLowerings } from './reductions.js';
import { softmaxLowerings } from './softmax.js';
import { updateLowerings } from './updates.js';
import { upSampleLowerings } from './upSample.js';

/** How the engine runs each op. */
export const lowerings: LoweringTable = {
  ...activationLowerings,
  ...withDepthwise(convolutionLowerings),
  ...convolutionPooledLowerings,
  ...crossEntropyLowerings,
  ...dropoutLowerings,
  ...elementwiseLowerings,
  ...matMulLowerings,
  ...movementLowerings,
  ...normalizationLowerings,
  ...paddingLowerings,
  ...poolingLowerings,
  ...reductionLowerings,
  ...softmaxLowerings,
  ...updateLowerings,
  ...upSampleLowerings,
};
