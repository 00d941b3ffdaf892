import type { Interval } from './interval.js';
import type { Mixup } from './measure.js';
import { decisions, type Predictions } from './predictions.js';
import { wilsonInterval } from './wilson.js';

/** How a model fares on photos that one transform changed up to one strength, one draw a photo. */
export interface SweptPoint {
  /** Share of the strength that is configured. */
  readonly strength: number;
  /** What was drawn from, in words. */
  readonly range: string;
  readonly examples: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Wilson's, 95 %. */
  readonly interval: Interval;
  /** Share of photos that are taken for something else than as they are. */
  readonly flipped: number;
  /** Median of the true class's probability. */
  readonly probability: number;
  /** Accuracy is surely lower than on the same photos as they are, photo by photo. */
  readonly isLower: boolean;
  /** What is taken for what most often, of those that were right before. */
  readonly mixup: Mixup | undefined;
}

/** One transform alone, from weak to strong. */
export interface SweptTransform {
  readonly transform: string;
  readonly points: readonly SweptPoint[];
  /** What it comes to, in a sentence or two that may follow its name. */
  readonly sentence: string;
}

/** Flipped shares between which a strength teaches something and still leaves most photos recognizable to the model. */
const WORTH = [0.05, 0.4] as const;
/** One-sided: that a difference is taken for real that is none. */
const DOUBT = 0.025;

/** @param clean,changed what the same photos were taken for as they are, and changed. */
export function sweptPoint(strength: number, range: string, clean: Predictions, changed: Predictions): SweptPoint {
  const { labels, probabilities, classNames } = changed;
  const [before, after] = [decisions(clean), decisions(changed)];
  let [correct, flipped, better] = [0, 0, 0];
  const lost: number[] = [];
  for (const [i, label] of labels.entries()) {
    if (after[i] === label) correct++;
    if (after[i] !== before[i]) flipped++;
    if (after[i] === label && before[i] !== label) better++;
    if (after[i] !== label && before[i] === label) lost.push(i);
  }
  const examples = labels.length;
  return {
    ...{ strength, range, examples, correct, accuracy: correct / examples, flipped: flipped / examples },
    interval: wilsonInterval(correct, examples),
    probability: median(Array.from(labels, (label, i) => probabilities[i * classNames.length + label] as number)),
    isLower: signTest(lost.length, lost.length + better) <= DOUBT,
    mixup: mostFrequent(
      lost.map((i) => ({
        truth: classNames[labels[i] as number] as string,
        predicted: classNames[after[i] as number] as string,
      })),
    ),
  };
}

/** What one transform comes to, from weak to strong. */
export function sweptTransform(transform: string, points: readonly SweptPoint[]): SweptTransform {
  return {
    transform,
    points,
    sentence: `${limitSentence(points)} ${worthSentence(points)}`.trim(),
  };
}

/**
 * How likely at least so many of n would be worse if being worse and better were equally likely: the exact sign test, of
 * pairs McNemar's (1947), one-sided.
 */
export function signTest(worse: number, n: number): number {
  // ln of the number of ways to choose i of n, less n ln 2, from i = n downward.
  let [log, sum] = [-n * Math.LN2, 0];
  for (let i = n; i >= worse; i--) {
    sum += Math.exp(log);
    log += Math.log(i) - Math.log(n - i + 1);
  }
  return Math.min(1, sum);
}

function limitSentence(points: readonly SweptPoint[]): string {
  const first = points.find(({ isLower }) => isLower);
  const last = points.at(-1);
  if (last === undefined) return '';
  if (first === undefined) {
    const up = points.length === 1 ? '' : ` up to ${nameOf(last)}`;
    return `accuracy is not surely lower${up}.`;
  }
  const mixed = first.mixup === undefined ? '' : `, most often ${first.mixup.truth} taken for ${first.mixup.predicted}`;
  const from = points.length === 1 ? '' : ` from ${nameOf(first)} on`;
  return `accuracy is surely lower${from}: ${rateText(first)}${mixed}.`;
}

function worthSentence(points: readonly SweptPoint[]): string {
  const worth = points.filter(({ flipped }) => flipped >= WORTH[0] && flipped <= WORTH[1]);
  const [first, last] = [worth[0], worth.at(-1)];
  if (points.length < 2) return '';
  if (first === undefined || last === undefined) {
    return points.every(({ flipped }) => flipped < WORTH[0])
      ? 'Even the strongest flips fewer than 5 %, so there is room for more.'
      : '';
  }
  const span = first === last ? nameOf(first) : `${nameOf(first)} to ${nameOf(last)}`;
  return `Worth training with, as far as you would still recognize the photos: ${span}, where 5 to 40 % are flipped.`;
}

function nameOf({ strength, range }: SweptPoint): string {
  return range === '' ? `×${strength}` : `×${strength} (${range})`;
}

function rateText({ accuracy, interval, correct, examples }: SweptPoint): string {
  const percent = (share: number): string => (100 * share).toFixed(1);
  return `${percent(accuracy)} % (${percent(interval.low)} to ${percent(interval.high)} %, ${correct} of ${examples})`;
}

function mostFrequent(mistakes: readonly Omit<Mixup, 'count'>[]): Mixup | undefined {
  const counts = new Map<string, Mixup>();
  for (const { truth, predicted } of mistakes) {
    const key = JSON.stringify([truth, predicted]);
    counts.set(key, { truth, predicted, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
