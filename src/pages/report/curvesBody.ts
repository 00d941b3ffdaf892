import { htmlTable } from '../../draw/htmlTable.js';
import { type LineSeries, lineChart } from '../../draw/lineChart.js';
import { html, type Markup } from '../../draw/markup.js';
import { wilsonInterval } from '../../report/wilson.js';
import { numberIn } from '../../train/history.js';
import type { ReportStage } from './reportPage.js';
import { percent } from './reportText.js';

/** Prefix of a log, and what it is. */
const kinds = [
  ['train', 'training, clean'],
  ['val', 'validation'],
  ['', 'while training'],
] as const;

/** Loss and accuracy over the epochs, all stages after each other. @param held number of validation examples. */
export function curvesBody(stages: readonly ReportStage[], held: number): Markup {
  const epochs = stages.flatMap((stage) => stage.epochs);
  let passed = 0;
  const marks = stages.flatMap(({ name, epochs: own }) => {
    const mark = { x: passed + 1, label: name ?? '' };
    passed += own.length;
    return name === undefined || stages.length < 2 ? [] : [mark];
  });
  const value = (i: number, prefix: string, name: string): number =>
    numberIn(epochs[i]?.logs ?? {}, prefix === '' ? name : `${prefix}${name[0]?.toUpperCase()}${name.slice(1)}`) ??
    Number.NaN;
  const series = (name: string): LineSeries[] =>
    kinds.flatMap(([prefix, title]) => {
      const points = epochs.map((_, i) => [i + 1, value(i, prefix, name)] as const);
      if (!points.some(([, y]) => Number.isFinite(y))) return [];
      const band = points.map(([, y]) => {
        const { low, high } = wilsonInterval(Math.round(y * held), held);
        return [low, high] as const;
      });
      return [{ name: title, points, ...(name === 'accuracy' && prefix === 'val' ? { band } : {}) }];
    });
  const x = { label: 'epoch', min: 1, max: Math.max(2, epochs.length) };
  const end = epochs.length - 1;
  const accuracySentence = `After ${epochs.length} epochs ${percent(value(end, 'train', 'accuracy'))} of the training examples are right in inference mode, and ${percent(value(end, 'val', 'accuracy'))} of the validation examples; the band is the 95 % interval of the latter.`;
  const lossSentence = `The loss ends at ${value(end, 'train', 'loss').toFixed(3)} nats on training examples and ${value(end, 'val', 'loss').toFixed(3)} on validation examples.`;
  const chart = (
    title: string,
    sentence: string,
    label: string,
    lines: LineSeries[],
    ends: { min?: number; max?: number },
  ) =>
    html`<figure>${lineChart({ title, sentence, x, y: { label, ...ends }, series: lines, marks, width: 480 })}<figcaption>${sentence}</figcaption></figure>`;
  return html`<p class="muted">“Clean” is measured in inference mode, without dropout and augmentation, on a fixed sample: only that can be compared with validation.</p>
<div class="row">${chart('Accuracy', accuracySentence, 'share right', series('accuracy'), { max: 1 })}${chart('Loss', lossSentence, 'nats', series('loss'), { min: 0 })}</div>
<details><summary>The figures</summary>${htmlTable({
    columns: [
      { label: 'epoch' },
      ...kinds.flatMap(([, title]) => [
        { label: `loss, ${title}`, numeric: true },
        { label: `accuracy, ${title}`, numeric: true },
      ]),
      { label: 'learning rate', numeric: true },
    ],
    rows: epochs.map(({ learningRate }, i) => [
      i + 1,
      ...kinds.flatMap(([prefix]) => [
        Number.isFinite(value(i, prefix, 'loss')) ? value(i, prefix, 'loss').toFixed(4) : '–',
        percent(value(i, prefix, 'accuracy')),
      ]),
      learningRate.toPrecision(3),
    ]),
  })}</details>`;
}
