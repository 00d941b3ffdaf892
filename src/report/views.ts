import { RandomStream } from '../tensor/random.js';
import { decisions, lossesOf, type Predictions } from './predictions.js';

/** One example in a view: what it is, what it was taken for, and how sure the network was. */
export interface Seen {
  /** Row of the predictions. */
  readonly row: number;
  /** Index in the data set. */
  readonly index: number;
  readonly name: string | undefined;
  readonly truth: number;
  readonly predicted: number;
  /** Probability of what it was taken for. */
  readonly probability: number;
  /** Probability of what it is. */
  readonly truthProbability: number;
  /** −ln of that, in nats. */
  readonly loss: number;
}

/** The five views of predictions that the course looks at, and the examples with the highest loss. */
export interface Views {
  /** Right, drawn at random. */
  readonly right: readonly Seen[];
  /** Wrong, drawn at random. */
  readonly wrong: readonly Seen[];
  /** Of each class those that were rightly taken for it most surely, by class. */
  readonly surestRight: readonly (readonly Seen[])[];
  /** Of each class those that were wrongly taken for it most surely, by the class that they were taken for. */
  readonly surestWrong: readonly (readonly Seen[])[];
  /** Those with the least distance between the two likeliest classes: for two classes those nearest to one half. */
  readonly leastCertain: readonly Seen[];
  /** Those with the highest loss. */
  readonly topLosses: readonly Seen[];
}

export interface ViewsOptions {
  /** Examples in a view, and of each class in a view by class. @default 4 */
  readonly count?: number;
  /** Draws those that are taken at random. @default 0 */
  readonly seed?: number;
}

/** Chooses examples worth looking at: the course's five views, and top losses. */
export function views(predictions: Predictions, { count = 4, seed = 0 }: ViewsOptions = {}): Views {
  const { labels, classNames } = predictions;
  const all = seen(predictions);
  const [right, wrong] = [all.filter(isRight), all.filter((one) => !isRight(one))];
  const drawn = (from: readonly Seen[], purpose: string): Seen[] =>
    new RandomStream(seed, purpose).shuffle([...from]).slice(0, count);
  const surest = (from: readonly Seen[]): Seen[][] =>
    classNames.map((_, c) => first(from, count, (one) => (one.predicted === c ? one.probability : undefined)));
  const margins = marginsOf(predictions);
  return {
    right: drawn(right, 'right at random'),
    wrong: drawn(wrong, 'wrong at random'),
    ...{ surestRight: surest(right), surestWrong: surest(wrong) },
    leastCertain: first(all, Math.min(count, labels.length), ({ row }) => -(margins[row] as number)),
    topLosses: first(wrong.length >= count ? wrong : all, count, ({ loss }) => loss),
  };
}

/** Every example with what was made of it, in the order of the predictions. */
export function seen(predictions: Predictions): Seen[] {
  const { labels, probabilities, classNames, indices, names } = predictions;
  const [decided, losses, k] = [decisions(predictions), lossesOf(predictions), classNames.length];
  return Array.from(labels, (truth, row) => {
    const predicted = decided[row] as number;
    const probability = probabilities[row * k + predicted] as number;
    const truthProbability = probabilities[row * k + truth] as number;
    const [index, name, loss] = [indices[row] as number, names?.[row], losses[row] as number];
    return { row, index, name, truth, predicted, probability, truthProbability, loss };
  });
}

/** How far the likeliest class is ahead of the next, for each example, [n]. */
export function marginsOf({ labels, probabilities, classNames }: Predictions): Float64Array {
  const k = classNames.length;
  return Float64Array.from(labels, (_, i) => {
    let [most, next] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let c = i * k; c < (i + 1) * k; c++) {
      const p = probabilities[c] as number;
      if (p > most) [most, next] = [p, most];
      else if (p > next) next = p;
    }
    return most - next;
  });
}

function isRight({ truth, predicted }: Seen): boolean {
  return truth === predicted;
}

/** Those with the highest score, the first of equals first; those without a score are left out. */
function first(from: readonly Seen[], count: number, score: (one: Seen) => number | undefined): Seen[] {
  const scored = from.flatMap((one) => {
    const value = score(one);
    return value === undefined ? [] : [{ one, value }];
  });
  return scored
    .sort((a, b) => b.value - a.value || a.one.row - b.one.row)
    .slice(0, count)
    .map(({ one }) => one);
}
