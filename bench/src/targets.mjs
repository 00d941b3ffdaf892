import { round } from './tools/stats.mjs';

/** Least ratios of throughput, ours ÷ theirs, for the builds with 128-bit and 256-bit multiply-adds. */
const THROUGHPUT = [
  { work: 'vggForward8', against: 'onnxruntime-node', narrow: 0.65, wide: 1.1 },
  { work: 'vggForward8', against: 'onnxruntime-web', narrow: 4, wide: 7 },
  { work: 'vggForward8', against: 'tfjs-backend-wasm', narrow: 7, wide: 12 },
  { work: 'vggForward8', against: 'PyTorch', narrow: 0.9, wide: 1.5 },
  { work: 'vggGradient8', against: 'PyTorch', narrow: 0.8, wide: 1.3 },
  { work: 'mnistStep', against: 'PyTorch', narrow: 1.5, wide: 2 },
  { work: 'mobileNetForward8', against: 'onnxruntime-web', narrow: 1.5, wide: 2 },
];
/** How many times as fast two threads are as one, at least. */
const SCALING = 1.85;
/** Most memory, ours ÷ PyTorch's. */
const MEMORY = 1;
/** Most seconds from import to the first prediction of VGG16. */
const START_UP = 1.5;
/** Most of the time that computing may stand still for photos. */
const WAITING = 0.05;
/** Most time of an evaluation that also finds top patches, ÷ that of one that does not. */
const TOP_PATCHES = 1.2;
/** Most seconds for the activations and Grad-CAM of a photo with MobileNet, the first time. */
const EXPLAIN = 0.5;

/** Whether a build has 128-bit multiply-adds (`narrow`) or 256-bit ones (`wide`). */
export const bitsOf = (build) => (/wide|256/.test(build ?? '') ? 'wide' : 'narrow');
const BITS = { narrow: '128', wide: '256' };

/** What was measured beside what is asked for, a row for each pair; empty where nothing of it was measured. */
export function targetRows(cases) {
  const rows = [];
  const add = (work, against, of, build, sign, target, measured, spare = '') => {
    const met = sign === '≥' ? measured >= target : measured <= target;
    rows.push({
      ...{ work, against, of, build: `${BITS[bitsOf(build)]} bits`, target: `${sign} ${target}` },
      ...{ median: String(round(measured, 2)), min: spare, met: met ? 'yes' : 'no' },
    });
  };
  for (const { work, against, ...least } of THROUGHPUT) {
    for (const ratio of cases[work]?.ratios ?? []) {
      if (ratio.against !== against) continue;
      add(work, against, ratio.of, ratio.build, '≥', least[bitsOf(ratio.build)], ratio.byMedian, String(ratio.byMin));
    }
  }
  for (const { mode, of, build, threads, byMedian, byMin } of cases.threadScaling?.scaling ?? []) {
    if (threads === 2) add(`${mode} on 2 threads`, 'one thread', of, build, '≥', SCALING, byMedian, String(byMin));
  }
  for (const { of, build, ratio } of cases.peakMemory?.memoryRatios ?? []) {
    add('peakMemory', 'PyTorch', of, build, '≤', MEMORY, ratio);
  }
  if (cases.topPatches?.byTime !== undefined) {
    add('topPatches', 'evaluating', 'Fovea', undefined, '≤', TOP_PATCHES, cases.topPatches.byTime);
  }
  for (const { of, share } of cases.photoWaiting?.waitingShares ?? []) {
    add('photoWaiting, share', '', of, undefined, '≤', WAITING, share);
  }
  if (cases.explain?.firstSeconds !== undefined) {
    add('explain, seconds', '', 'Fovea', undefined, '≤', EXPLAIN, cases.explain.firstSeconds);
  }
  for (const [of, { medianSeconds, minSeconds, runs }] of Object.entries(cases.startUp?.measured ?? {})) {
    if (!of.startsWith('Fovea')) continue;
    add('startUp, seconds', '', of, runs[0].build, '≤', START_UP, medianSeconds, String(minSeconds));
  }
  return rows;
}
