import { barChart } from '../../draw/barChart.js';
import { htmlPage, type PageSection } from '../../draw/htmlPage.js';
import { htmlTable } from '../../draw/htmlTable.js';
import { html, type Markup } from '../../draw/markup.js';
import { calibration } from '../../report/calibration.js';
import type { Advice } from '../../report/coach/finding.js';
import { type Measure, measure } from '../../report/measure.js';
import type { Predictions } from '../../report/predictions.js';
import type { SuspectedLabels } from '../../report/suspectedLabels.js';
import { views } from '../../report/views.js';
import type { EpochRecord } from '../../train/history.js';
import { adviceBody } from './adviceBody.js';
import { calibrationBody } from './calibrationBody.js';
import { confusionBody } from './confusionBody.js';
import { curvesBody } from './curvesBody.js';
import { type Picture, PictureShelf } from './pictureShelf.js';
import { bounds, commas, percent } from './reportText.js';

/** Epochs of one part of a training. */
export interface ReportStage {
  /** `new layer`, `more layers`; undefined where there is one stage alone. */
  readonly name?: string;
  readonly epochs: readonly EpochRecord[];
}

export interface ReportOptions {
  readonly title: string;
  readonly predictions: Predictions;
  /** What these are: `validation photos`, `test examples`. */
  readonly examples: string;
  /** What one of them is called. @default 'photo' */
  readonly example?: string;
  readonly stages?: readonly ReportStage[];
  readonly advice?: Advice | undefined;
  /** The command that takes the next step, ready to be copied. */
  readonly nextCommand?: string | undefined;
  readonly suspects?: SuspectedLabels | undefined;
  /** What the model was made from and how, in rows of a table. */
  readonly configuration: readonly (readonly [name: string, value: string])[];
  /** Files that were left out, and why. */
  readonly leftOut?: readonly { readonly file: string; readonly message: string }[];
  /** A small picture of an example, by its index in the data set: bytes of PNG or JPEG; undefined where there is none. */
  readonly picture?: (index: number) => Promise<Picture | undefined>;
  /** What made the page: the program and its version. */
  readonly madeBy: string;
}

/** So many pictures are in a view, and of each class in a view by class. */
const [IN_VIEW, OF_CLASS] = [12, 4];
/** With more classes, views by class would be endless. */
const MOST_CLASSES = 20;

/** What a run came to, as one file of HTML that opens anywhere: figures with their intervals, curves, mistakes, configuration. */
export async function reportPage(options: ReportOptions): Promise<string> {
  const { predictions, examples, example = 'photo', stages = [], advice, configuration, leftOut = [] } = options;
  const result = measure(predictions);
  const shelf = new PictureShelf(predictions.classNames, options.picture);
  const sections: PageSection[] = [
    ...(advice === undefined
      ? []
      : [{ id: 'coach', title: 'What the coach says', body: adviceBody(advice, options.nextCommand) }]),
    ...(stages.some(({ epochs }) => epochs.length > 0)
      ? [{ id: 'curves', title: 'Learning curves', body: curvesBody(stages, result.examples) }]
      : []),
    { id: 'classes', title: 'Each class', body: classesBody(result, examples) },
    { id: 'confusion', title: 'What is taken for what', body: await confusionBody(result, predictions, shelf) },
    ...(await viewSections(options, shelf)),
    ...(await suspectSection(options, shelf)),
    { id: 'calibration', title: 'Can probabilities be believed?', body: calibrationBody(calibration(predictions)) },
    { id: 'configuration', title: 'Configuration', body: configurationBody(configuration, leftOut) },
  ];
  return htmlPage({
    title: options.title,
    intro: introOf(result, examples, example),
    sections,
    footer: html`${options.madeBy}. Intervals have 95 % confidence: of rates by Wilson, of the rest by the bootstrap, seeded.`,
  });
}

function introOf(
  { accuracy, interval, examples: n, correct, loss, lossInterval }: Measure,
  examples: string,
  example: string,
): Markup {
  const one = n < 1000 ? ` One ${example} is ${(100 / n).toFixed(n < 200 ? 1 : 2)} points.` : '';
  return html`<strong>${percent(accuracy)}</strong> of ${commas(n)} ${examples} right (95 % interval ${bounds(interval)}): ${commas(n - correct)} wrong.${one} Loss ${loss.toFixed(3)} nats (${lossInterval.low.toFixed(3)} to ${lossInterval.high.toFixed(3)}).`;
}

function classesBody({ classes }: Measure, examples: string): Markup {
  const chart =
    classes.length > MOST_CLASSES * 2
      ? undefined
      : barChart({
          title: 'Share of each class that was found (recall)',
          sentence: recallSentence(classes),
          valueLabel: 'recall, with 95 % interval',
          ...{ min: 0, max: 1 },
          bars: classes.map(({ name, recall, recallInterval, examples: n }) => ({
            ...{ label: name, value: recall, low: recallInterval.low, high: recallInterval.high },
            text: `${percent(recall)} of ${commas(n)}`,
          })),
        });
  return html`${chart !== undefined && html`<figure>${chart}<figcaption>${recallSentence(classes)}</figcaption></figure>`}<p class="muted">Precision: of those taken for a class, the share that is of it. Recall: of a class, the share that was found. F1: their harmonic mean. Measured on the ${examples}.</p>${htmlTable(
    {
      columns: [
        { label: 'class' },
        ...['examples', 'precision', '95 %', 'recall', '95 %', 'F1', '95 %'].map((label) => ({ label, numeric: true })),
      ],
      rows: classes.map((one) => [
        ...[one.name, commas(one.examples), percent(one.precision), bounds(one.precisionInterval)],
        ...[percent(one.recall), bounds(one.recallInterval), percent(one.f1), bounds(one.f1Interval)],
      ]),
    },
  )}`;
}

function recallSentence(classes: Measure['classes']): string {
  const seen = classes.filter(({ examples }) => examples > 0);
  const worst = seen.reduce((a, b) => (b.recall < a.recall ? b : a), seen[0] as (typeof seen)[number]);
  const best = seen.reduce((a, b) => (b.recall > a.recall ? b : a), worst);
  if (worst === best || worst === undefined) return 'All classes are found equally often.';
  const apart = worst.recallInterval.high < best.recallInterval.low;
  return `“${best.name}” is found most often (${percent(best.recall)}), “${worst.name}” least (${percent(worst.recall)}); the intervals ${apart ? 'are apart, so that this is no chance' : 'overlap, so that this may be chance'}.`;
}

async function viewSections(options: ReportOptions, shelf: PictureShelf): Promise<PageSection[]> {
  const { predictions } = options;
  const all = views(predictions, { count: IN_VIEW });
  const byClass = predictions.classNames.length <= MOST_CLASSES ? views(predictions, { count: OF_CLASS }) : undefined;
  const section = async (id: string, title: string, text: string, rows: Parameters<PictureShelf['row']>[0]) =>
    rows.length === 0 ? [] : [{ id, title, body: html`<p class="muted">${text}</p>${await shelf.row(rows)}` }];
  const classRows = async (id: string, title: string, text: string, lists: (typeof all)['surestRight']) => {
    const parts: Markup[] = [];
    for (const [c, list] of lists.entries()) {
      if (list.length === 0) continue;
      parts.push(html`<h3>${predictions.classNames[c]}</h3>`, await shelf.row(list));
    }
    return parts.length === 0 ? [] : [{ id, title, body: html`<p class="muted">${text}</p>${parts}` }];
  };
  return [
    ...(await section('top-losses', 'Top losses', 'Those about which the network was most wrong.', all.topLosses)),
    ...(await section('wrong', 'Wrong, at random', 'Drawn from all that are wrong.', all.wrong)),
    ...(await section('right', 'Right, at random', 'Drawn from all that are right.', all.right)),
    ...(byClass === undefined
      ? []
      : [
          ...(await classRows(
            'surest-wrong',
            'Most confident, and wrong',
            'By the class that they were taken for.',
            byClass.surestWrong,
          )),
          ...(await classRows('surest-right', 'Most confident, and right', 'By class.', byClass.surestRight)),
        ]),
    ...(await section(
      'least-certain',
      'Least certain',
      'The two likeliest classes are nearest to each other.',
      all.leastCertain,
    )),
  ];
}

async function suspectSection({ suspects }: ReportOptions, shelf: PictureShelf): Promise<PageSection[]> {
  if (suspects === undefined || suspects.suspects.length === 0) return [];
  const { share, shareInterval } = suspects;
  const text = `Another class is given at least the probability that examples labelled as that class get on average (confident learning), by a network that had not learned from these examples: ${suspects.suspects.length} of them, ${percent(share)} (${bounds(shareInterval)}). A suspect is a question, not a verdict: look at each.`;
  return [
    {
      id: 'suspected-labels',
      title: 'Labels that may be wrong',
      body: html`<p class="muted">${text}</p>${await shelf.row(suspects.suspects.slice(0, IN_VIEW))}`,
    },
  ];
}

function configurationBody(
  rows: ReportOptions['configuration'],
  leftOut: readonly { readonly file: string; readonly message: string }[],
): Markup {
  const table = htmlTable({ columns: [{ label: 'what' }, { label: 'value' }], rows });
  if (leftOut.length === 0) return table;
  const list = htmlTable({
    caption: `${leftOut.length === 1 ? 'One file was' : `${leftOut.length} files were`} left out.`,
    columns: [{ label: 'file' }, { label: 'why' }],
    rows: leftOut.slice(0, 200).map(({ file, message }) => [file, message]),
  });
  return html`${table}${list}`;
}
