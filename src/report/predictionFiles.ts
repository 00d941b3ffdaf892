import { FoveaError } from '../tensor/errors.js';
import { csvCell } from './csvCell.js';
import type { Predictions } from './predictions.js';
import { seen } from './views.js';

/** All predictions as CSV: the example, what it is, what it was taken for, its loss in nats, and the probability of each class. */
export function predictionsCsv(predictions: Predictions): string {
  const { classNames, probabilities } = predictions;
  const k = classNames.length;
  const head = ['example', 'truth', 'predicted', 'probability', 'loss', ...classNames.map((name) => `p(${name})`)];
  const rows = seen(predictions).map(({ row, index, name, truth, predicted, probability, loss }) => [
    ...[name ?? `${index}`, classNames[truth] ?? '', classNames[predicted] ?? '', `${probability}`, loss.toFixed(6)],
    ...Array.from(probabilities.subarray(row * k, (row + 1) * k), String),
  ]);
  return [head, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}

export interface KaggleOptions {
  /** The class whose probability is the label, of two. @default the last by name */
  readonly positive?: string;
  /**
   * Highest probability that is written; what is left goes to the other classes in equal parts, as in the course:
   * at least (1 − clip) / (classes − 1). Log loss punishes a sure mistake without limit. @default none
   */
  readonly clip?: number;
}

/** What is predicted about one example that need not be labelled. */
export interface UnlabelledPredictions extends Pick<Predictions, 'classNames' | 'probabilities'> {
  readonly ids: readonly string[];
}

/**
 * Predictions in the form of a Kaggle submission: of two classes `id,label` with the probability of one of them, as in Dogs
 * vs Cats; of more `img` and one column for each class, as in State Farm.
 *
 * @throws FoveaError `option` for a class that there is not, or a clip outside 0.5 to 1.
 */
export function kaggleCsv(
  { classNames, probabilities, ids }: UnlabelledPredictions,
  { positive, clip = 1 }: KaggleOptions = {},
): string {
  const k = classNames.length;
  if (!(clip > 1 / k && clip <= 1)) {
    const rule = `the highest probability must be more than 1 / ${k} and at most 1`;
    throw new FoveaError('option', { where: 'clip', rule, received: `${clip}` });
  }
  const column = positive === undefined ? k - 1 : classNames.indexOf(positive);
  if (column < 0) {
    const rule = `there is no class "${positive}"`;
    throw new FoveaError('option', { where: 'positive', rule, received: classNames.join(', ') });
  }
  const clipped = (p: number): string => `${Number(Math.min(clip, Math.max((1 - clip) / (k - 1), p)).toPrecision(7))}`;
  const binary = k === 2;
  const head = binary ? ['id', 'label'] : ['img', ...classNames];
  const rows = ids.map((id, i) => {
    const row = Array.from(probabilities.subarray(i * k, (i + 1) * k), clipped);
    return [id, ...(binary ? [row[column] as string] : row)];
  });
  return [head, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('');
}
