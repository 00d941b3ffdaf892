/** What a run came to: views of its predictions, intervals, findings and the next step. */

export { type BootstrapOptions, bootstrapIntervals, meanInterval } from './bootstrap.js';
export { type Calibration, calibration, type ReliabilityBin } from './calibration.js';
export { advise } from './coach/advise.js';
export { copiesOf } from './coach/copies.js';
export type { Advice, Evidence, Finding, FindingName, Step } from './coach/finding.js';
export type { RunEvidence, RunSetup } from './coach/runEvidence.js';
export { ensemble } from './ensemble.js';
export type { Interval } from './interval.js';
export { type ClassMeasure, type Measure, type Mixup, measure, mostConfused, type WrongExample } from './measure.js';
export { type OutOfFoldOptions, outOfFold } from './outOfFold.js';
export { type KaggleOptions, kaggleCsv, predictionsCsv, type UnlabelledPredictions } from './predictionFiles.js';
export {
  type CollectOptions,
  collectPredictions,
  decisions,
  lossesOf,
  type Predictions,
  somePredictions,
} from './predictions.js';
export { type SuspectedLabels, suspectedLabels } from './suspectedLabels.js';
export { type Seen, type Views, type ViewsOptions, views } from './views.js';
export { differenceInterval, type Rate, wilsonInterval } from './wilson.js';
