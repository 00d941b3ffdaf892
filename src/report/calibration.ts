import { bootstrapIntervals } from './bootstrap.js';
import type { Interval } from './interval.js';
import { decisions, type Predictions } from './predictions.js';
import { wilsonInterval } from './wilson.js';

/** The examples to which a network gave much the same probability. */
export interface ReliabilityBin {
  /** Bounds of the probability of the class that was chosen. */
  readonly from: number;
  readonly to: number;
  readonly examples: number;
  /** Mean probability of the class that was chosen; NaN where there is no example. */
  readonly confidence: number;
  /** Share that is right; NaN where there is no example. */
  readonly accuracy: number;
  /** Of that share (Wilson). */
  readonly interval: Interval;
}

/** Whether probabilities are what they say: of those to which 80 % is given, 80 % should be right. */
export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error (Naeini et al., 2015): mean distance of confidence and accuracy over the bins, by examples. */
  readonly ece: number;
  /** By the bootstrap. The error of few examples is never 0, also where a network is calibrated perfectly. */
  readonly eceInterval: Interval;
  /**
   * By what logits should be divided so that probabilities say the most about these examples (Guo et al., 2017): above 1 the
   * network is too sure of itself, below 1 not sure enough.
   */
  readonly temperature: number;
  /** By the bootstrap. */
  readonly temperatureInterval: Interval;
}

/** Most examples that the bootstrap looks at: temperatures take time, and are sure enough of fewer. */
const MOST = 1000;

/** Measures how far probabilities can be believed. @param bins of equal width. */
export function calibration(predictions: Predictions, bins = 10): Calibration {
  const { labels } = predictions;
  const n = labels.length;
  const [confidence, right] = confidences(predictions);
  const all = Uint32Array.from({ length: n }, (_, i) => i);
  const logits = logProbabilities(predictions);
  const step = Math.ceil(n / MOST);
  const some = all.filter((i) => i % step === 0);
  const [temperatureInterval] = bootstrapIntervals(
    some.length,
    (indices) => [
      temperatureOf(
        logits,
        predictions,
        indices.map((i) => some[i] as number),
      ),
    ],
    { resamples: 200 },
  );
  const [eceInterval] = bootstrapIntervals(
    some.length,
    (indices) => [
      eceOf(
        binned(
          confidence,
          right,
          indices.map((i) => some[i] as number),
          bins,
        ),
        indices.length,
      ),
    ],
    {},
  );
  const sums = binned(confidence, right, all, bins);
  return {
    bins: sums.map(({ examples, confidence: sum, right: hits }, b) => ({
      ...{ from: b / bins, to: (b + 1) / bins, examples },
      confidence: sum / examples,
      accuracy: hits / examples,
      interval: wilsonInterval(hits, examples),
    })),
    ece: eceOf(sums, n),
    eceInterval: eceInterval as Interval,
    temperature: temperatureOf(logits, predictions, all),
    temperatureInterval: temperatureInterval as Interval,
  };
}

interface BinSums {
  examples: number;
  confidence: number;
  right: number;
}

function confidences(predictions: Predictions): [Float64Array, Uint8Array] {
  const { labels, probabilities, classNames } = predictions;
  const decided = decisions(predictions);
  const k = classNames.length;
  return [
    Float64Array.from(labels, (_, i) => probabilities[i * k + (decided[i] as number)] as number),
    Uint8Array.from(labels, (label, i) => (decided[i] === label ? 1 : 0)),
  ];
}

function binned(confidence: Float64Array, right: Uint8Array, indices: Uint32Array, bins: number): BinSums[] {
  const sums = Array.from({ length: bins }, () => ({ examples: 0, confidence: 0, right: 0 }));
  for (const i of indices) {
    const p = confidence[i] as number;
    const bin = sums[Math.min(bins - 1, Math.floor(p * bins))] as BinSums;
    bin.examples++;
    bin.confidence += p;
    bin.right += right[i] as number;
  }
  return sums;
}

function eceOf(sums: readonly BinSums[], n: number): number {
  return sums.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right) / n, 0);
}

/** A probability that is 0 in float32 would be a logit of −∞. */
const FLOOR = 2 ** -149;

function logProbabilities({ probabilities }: Predictions): Float64Array {
  return Float64Array.from(probabilities, (p) => Math.log(Math.max(FLOOR, p)));
}

/** Range in which a temperature is looked for: further out, nothing is left of the probabilities, or of the doubt. */
const [COLDEST, HOTTEST] = [0.05, 20];

/** The temperature with the least mean loss: the loss is convex in its inverse, so the slope there is brought to 0. */
function temperatureOf(logits: Float64Array, { labels, classNames }: Predictions, indices: Uint32Array): number {
  const k = classNames.length;
  const slope = (inverse: number): number => {
    let sum = 0;
    for (const i of indices) {
      let most = Number.NEGATIVE_INFINITY;
      for (let c = i * k; c < (i + 1) * k; c++) most = Math.max(most, logits[c] as number);
      let [total, mean] = [0, 0];
      for (let c = i * k; c < (i + 1) * k; c++) {
        const weight = Math.exp(((logits[c] as number) - most) * inverse);
        total += weight;
        mean += weight * (logits[c] as number);
      }
      sum += mean / total - (logits[i * k + (labels[i] as number)] as number);
    }
    return sum;
  };
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  if (slope(low) >= 0) return HOTTEST;
  if (slope(high) <= 0) return COLDEST;
  for (let i = 0; i < 16; i++) {
    const middle = Math.sqrt(low * high);
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 1 / Math.sqrt(low * high);
}
