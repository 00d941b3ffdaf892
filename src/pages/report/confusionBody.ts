import { htmlTable } from '../../draw/htmlTable.js';
import { html, type Markup } from '../../draw/markup.js';
import { matrixChart } from '../../draw/matrixChart.js';
import { type Measure, mostConfused } from '../../report/measure.js';
import type { Predictions } from '../../report/predictions.js';
import { seen } from '../../report/views.js';
import type { PictureShelf } from './pictureShelf.js';
import { percent } from './reportText.js';

/** So many pictures of a kind of mistake, and so many kinds. */
const [PICTURES, KINDS] = [6, 12];
/** With more classes the table would be larger than anybody reads. */
const MOST_CLASSES = 30;

/** The matrix, as a picture and as a table with shares, and the pictures behind its cells. */
export async function confusionBody(
  { confusion, classes }: Measure,
  predictions: Predictions,
  shelf: PictureShelf,
): Promise<Markup> {
  const names = classes.map(({ name }) => name);
  const pairs = mostConfused({ confusion, classes }, KINDS);
  const cellOf = (truth: number, predicted: number) => `cell-${truth}-${predicted}`;
  const shown = new Set(pairs.map(({ truth, predicted }) => cellOf(names.indexOf(truth), names.indexOf(predicted))));
  const sentence =
    pairs.length === 0
      ? 'Nothing was taken for anything else.'
      : `Most often “${pairs[0]?.truth}” was taken for “${pairs[0]?.predicted}”: ${pairs[0]?.count === 1 ? 'once' : `${pairs[0]?.count} times`}.`;
  const all = seen(predictions);
  const groups: Markup[] = [];
  for (const { truth, predicted, count } of pairs) {
    const [t, p] = [names.indexOf(truth), names.indexOf(predicted)];
    const list = all.filter((one) => one.truth === t && one.predicted === p).sort((a, b) => b.loss - a.loss);
    const few = count > PICTURES ? `, the ${PICTURES} with the highest loss` : '';
    groups.push(
      html`<h3 id="${cellOf(t, p)}">${truth} taken for ${predicted}: ${count}${few}</h3>${await shelf.row(list.slice(0, PICTURES))}`,
    );
  }
  const table =
    names.length > MOST_CLASSES
      ? undefined
      : htmlTable({
          columns: [{ label: 'is' }, ...names.map((label) => ({ label, numeric: true }))],
          rows: confusion.map((row, t) => {
            const sum = row.reduce((a, b) => a + b, 0);
            return [
              names[t],
              ...row.map((count, p) => {
                const text = count === 0 ? '·' : `${count} (${percent(count / sum)})`;
                return shown.has(cellOf(t, p)) ? html`<a href="#${cellOf(t, p)}">${text}</a>` : text;
              }),
            ];
          }),
        });
  const chart = matrixChart({
    ...{ title: 'Confusion matrix', sentence, counts: confusion, labels: names },
    width: Math.min(640, 200 + 60 * names.length),
    link: (t, p) => (shown.has(cellOf(t, p)) ? `#${cellOf(t, p)}` : undefined),
  });
  return html`<div class="row"><figure>${chart}<figcaption>${sentence}${pairs.length > 0 && ' A cell leads to its pictures.'}</figcaption></figure></div><p class="muted">Rows are true classes, columns what they were taken for: counts, and shares of the row.</p>${table}${groups}`;
}
