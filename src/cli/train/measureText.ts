import type { Interval } from '../../report/interval.js';
import { type Measure, mostConfused } from '../../report/measure.js';
import { columns, commas, percent } from '../format.js';

/** `98.85 % of 2,000 right (95 % interval 98.28 to 99.23 %), loss 0.0374` */
export function accuracyText({
  accuracy,
  examples,
  interval,
  loss,
}: Pick<Measure, 'accuracy' | 'examples' | 'interval' | 'loss'>): string {
  const { low, high } = interval;
  const bounds = `95 % interval ${(100 * low).toFixed(2)} to ${percent(high)}`;
  return `${percent(accuracy)} of ${commas(examples)} right (${bounds}), loss ${loss.toFixed(4)}`;
}

/** `4 taken for 9 (5 times), 7 for 1 (3)`; empty where nothing went wrong. */
export function mixupText(measure: Measure, most = 4): string {
  return mostConfused(measure, most)
    .map(({ truth, predicted, count }, i) => {
      if (i === 0) return `${truth} taken for ${predicted} (${count === 1 ? 'once' : `${commas(count)} times`})`;
      return `${truth} for ${predicted} (${commas(count)})`;
    })
    .join(', ');
}

/** One line per class: how many there are, precision, recall and F1. */
export function classTable({ classes }: Pick<Measure, 'classes'>): string[] {
  return columns(
    [
      ['class', 'examples', 'precision', '(95 %)', 'recall', '(95 %)', 'F1'],
      ...classes.map(({ name, examples, precision, precisionInterval, recall, recallInterval, f1 }) => [
        ...[name, commas(examples), percent(precision), boundsText(precisionInterval)],
        ...[percent(recall), boundsText(recallInterval), percent(f1)],
      ]),
    ],
    new Set([1, 2, 3, 4, 5, 6]),
  );
}

/** `95.7–99.5` */
function boundsText({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`;
}

/** Rows are true classes, columns what they were taken for; zeros off the diagonal are dots. */
export function confusionTable({ classes, confusion }: Pick<Measure, 'classes' | 'confusion'>): string[] {
  const short = classes.map(({ name }) => name.slice(0, 8));
  const rows = confusion.map((row, truth) => [
    classes[truth]?.name ?? `${truth}`,
    ...row.map((count, predicted) => (count === 0 && truth !== predicted ? '·' : `${count}`)),
  ]);
  return columns([['', ...short], ...rows], new Set(short.map((_, i) => i + 1)));
}
