import type { Interval } from './interval.js';
import { decisions, type Predictions } from './predictions.js';
import { marginsOf, type Seen, seen } from './views.js';
import { wilsonInterval } from './wilson.js';

/** Examples whose label may be wrong, the likeliest first. */
export interface SuspectedLabels {
  readonly suspects: readonly Seen[];
  /** Share of all examples that are suspected. */
  readonly share: number;
  readonly shareInterval: Interval;
  /**
   * How often the label disagrees where the network is surest (the quarter with the widest margins): about the share of
   * labels that are wrong, as errors of the network itself are rare there.
   */
  readonly floor: { readonly wrong: number; readonly examples: number; readonly interval: Interval };
}

/**
 * Looks for labels that are likely wrong by confident learning (Northcutt et al., 2021): an example is suspected where the
 * network gives another class at least the probability that it gives, on average, to examples labelled as that class.
 *
 * @param predictions by a network that has not learned from these examples: out of fold, or held out. About examples that
 *   it learned from a network says little else than their labels.
 */
export function suspectedLabels(predictions: Predictions): SuspectedLabels {
  const { labels, probabilities, classNames } = predictions;
  const k = classNames.length;
  const thresholds = meanOwnProbability(predictions);
  const suspects = seen(predictions).filter(({ row, truth, predicted }) => {
    if (truth === predicted) return false;
    for (let c = 0; c < k; c++) {
      if (c !== truth && (probabilities[row * k + c] as number) >= (thresholds[c] as number)) return true;
    }
    return false;
  });
  suspects.sort((a, b) => b.probability - b.truthProbability - (a.probability - a.truthProbability) || a.row - b.row);
  const n = labels.length;
  const decided = decisions(predictions);
  const margins = marginsOf(predictions);
  const surest = [...margins.keys()].sort((a, b) => (margins[b] as number) - (margins[a] as number) || a - b);
  const quarter = surest.slice(0, Math.max(1, Math.round(n / 4)));
  const wrong = quarter.filter((i) => decided[i] !== labels[i]).length;
  return {
    ...{ suspects, share: suspects.length / n, shareInterval: wilsonInterval(suspects.length, n) },
    floor: { wrong, examples: quarter.length, interval: wilsonInterval(wrong, quarter.length) },
  };
}

/** For each class the mean probability of it among the examples labelled so; 1 where there are none. */
function meanOwnProbability({ labels, probabilities, classNames }: Predictions): Float64Array {
  const k = classNames.length;
  const [sums, counts] = [new Float64Array(k), new Float64Array(k)];
  for (const [i, label] of labels.entries()) {
    sums[label] = (sums[label] as number) + (probabilities[i * k + label] as number);
    counts[label] = (counts[label] as number) + 1;
  }
  return sums.map((sum, c) => (counts[c] === 0 ? 1 : sum / (counts[c] as number)));
}
