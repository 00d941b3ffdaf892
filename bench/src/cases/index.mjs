import { lectureCnn, mobileNet, resNet18, vgg16, vggConvolutions } from '../networks/index.mjs';
import { algorithmError } from './algorithmError.mjs';
import { bundleSize } from './bundleSize.mjs';
import { catsAndDogs } from './catsAndDogs.mjs';
import { coachAuto } from './coachAuto.mjs';
import { eventLoop } from './eventLoop.mjs';
import { explain } from './explain.mjs';
import { finetuneMemory } from './finetuneMemory.mjs';
import { installSize } from './installSize.mjs';
import { machinePeak } from './machinePeak.mjs';
import { mnistAccuracy } from './mnistAccuracy.mjs';
import { mnistEpoch } from './mnistEpoch.mjs';
import { peakMemory } from './peakMemory.mjs';
import { photoWaiting } from './photoWaiting.mjs';
import { sideBySide } from './sideBySide.mjs';
import { singleLayers } from './singleLayers.mjs';
import { startUp } from './startUp.mjs';
import { threadScaling } from './threadScaling.mjs';
import { topPatches } from './topPatches.mjs';

const INFERENCE = ['onnxruntime-node', 'onnxruntime-web', 'tfjs-backend-wasm', 'PyTorch'];

/** All cases by name, in the order in which they run. */
export const CASES = {
  machinePeak,
  vggForward8: sideBySide({
    ...{ network: vggConvolutions, mode: 'forward', batch: 8 },
    ...{ peers: INFERENCE, steps: 3, blockSeconds: 6 },
  }),
  vggForward1: sideBySide({ network: vggConvolutions, mode: 'forward', batch: 1, peers: INFERENCE, steps: 5 }),
  vggGradient8: sideBySide({ network: vggConvolutions, mode: 'gradient', batch: 8, peers: ['PyTorch'], steps: 2 }),
  vgg16Forward1: sideBySide({ network: vgg16, mode: 'forward', batch: 1, peers: INFERENCE, steps: 5 }),
  mnistStep: sideBySide({
    ...{ network: lectureCnn, mode: 'train', batch: 64 },
    ...{ peers: ['PyTorch', 'tfjs-backend-cpu'], blockSeconds: 3 },
  }),
  mnistEpoch,
  mobileNetForward8: sideBySide({
    ...{ network: mobileNet, mode: 'forward', batch: 8, steps: 5 },
    ...{ peers: [...INFERENCE, 'tfjs-backend-cpu'], blockSeconds: 3 },
  }),
  resNetForward8: sideBySide({ network: resNet18, mode: 'forward', batch: 8, peers: INFERENCE, steps: 3 }),
  singleLayers,
  threadScaling,
  algorithmError,
  startUp,
  peakMemory,
  finetuneMemory,
  eventLoop,
  photoWaiting,
  topPatches,
  explain,
  mnistAccuracy,
  catsAndDogs,
  coachAuto,
  installSize,
  bundleSize,
};
