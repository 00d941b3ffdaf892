import { html, htmlPage, htmlTable, lineChart, type Markup } from '../../draw/index.js';
import type { Interval } from '../../report/interval.js';
import type { SweptPoint, SweptTransform } from '../../report/strengthSweep.js';
import { bounds, commas, percent } from '../report/reportText.js';
import { type AugmentVariant, variantFigure } from './variantFigure.js';

/** One transform with one photo as an example, changed at each of its strengths. */
export interface ShownTransform extends SweptTransform {
  readonly shown: readonly AugmentVariant[];
}

export interface SweepPageOptions {
  /** What the photos are: `validation photos of ~/photos`. */
  readonly examples: string;
  /** The model, by a short name. */
  readonly model: string;
  /** On the photos as they are. */
  readonly clean: {
    readonly examples: number;
    readonly correct: number;
    readonly accuracy: number;
    readonly interval: Interval;
  };
  /** The photo that is shown, as it is. */
  readonly original: AugmentVariant;
  /** What that photo is called, and of which class it is. */
  readonly originalName: string;
  readonly originalClass: string;
  readonly transforms: readonly ShownTransform[];
  readonly seed: number;
  /** What the augmentation is, as JSON. */
  readonly config: string;
  /** Questions about choices that may be unwise. */
  readonly questions: readonly string[];
}

/** How a model fares on photos as augmentation gets stronger, as one file of HTML. */
export async function sweepPage(options: SweepPageOptions): Promise<string> {
  const { examples, model, clean, original, originalName, originalClass, transforms, seed, config, questions } =
    options;
  const first = await variantFigure(original, {
    name: 'As it is',
    text: originalName,
    flipped: isWrong(original, originalClass),
  });
  const bodies: { readonly title: string; readonly body: Markup }[] = [];
  for (const one of transforms) bodies.push({ title: one.transform, body: await transformBody(one, options) });
  return htmlPage({
    title: 'How strong may augmentation be?',
    intro: `${model} on ${commas(clean.examples)} ${examples}: ${percent(clean.accuracy)} right as they are (95 % interval ${bounds(clean.interval)}). Each transform alone, drawn once for each photo, with seed ${seed}. Train with strengths at which you would still give every photo its label, and the model not always does.`,
    sections: [
      {
        title: 'In short',
        body: html`<ul>${transforms.map(({ transform, sentence }) => html`<li><strong>${transform}:</strong> ${sentence}</li>`)}</ul><p class="muted">“Surely lower” compares photo by photo: so many more became wrong than right that chance does it once in 40 times or less (exact sign test).</p>`,
      },
      ...(questions.length === 0
        ? []
        : [{ title: 'Questions', body: html`<ul>${questions.map((question) => html`<li>${question}</li>`)}</ul>` }]),
      {
        title: 'One of the photos',
        body: html`<p>Of class “${originalClass}”, shown below at each strength; in an orange frame where the model takes it for something else. Would you still give it its label?</p><div class="row tiles">${first}</div>`,
      },
      ...bodies,
      { title: 'Configuration', body: html`<pre>${config}</pre>` },
    ],
    footer: 'Made by fovea augment --sweep. This page needs no network and no other file.',
  });
}

async function transformBody(
  { transform, points, sentence, shown }: ShownTransform,
  { clean, originalClass }: SweepPageOptions,
): Promise<Markup> {
  const figures = await Promise.all(
    shown.map((variant, i) =>
      variantFigure(variant, {
        name: points.length === 1 ? 'Always done' : `× ${points[i]?.strength}`,
        text: variant.steps.map(({ text }) => text).join(', ') || 'nothing drawn',
        flipped: isWrong(variant, originalClass),
      }),
    ),
  );
  return html`<p>${capitalized(sentence)}</p>
<div class="row tiles">${figures}</div>
${points.length > 1 && accuracyChart(transform, points, clean, sentence)}
${htmlTable({
  columns: [
    { label: 'strength' },
    { label: 'drawn from' },
    { label: 'right', numeric: true },
    { label: '95 % interval', numeric: true },
    { label: 'median of the true class', numeric: true },
    { label: 'flipped', numeric: true },
    { label: 'most often' },
  ],
  rows: [
    ['as it is', '', rate(clean), bounds(clean.interval), '', '', ''],
    ...points.map((point) => [
      `× ${point.strength}`,
      point.range,
      html`${rate(point)}${point.isLower && html` <strong>surely lower</strong>`}`,
      bounds(point.interval),
      percent(point.probability),
      percent(point.flipped),
      point.mixup === undefined ? '' : `${point.mixup.truth} for ${point.mixup.predicted} (${point.mixup.count})`,
    ]),
  ],
})}`;
}

function accuracyChart(
  transform: string,
  points: readonly SweptPoint[],
  clean: SweepPageOptions['clean'],
  sentence: string,
): Markup {
  const all = [{ strength: 0, ...clean }, ...points];
  const lower = points.find(({ isLower }) => isLower);
  const chart = lineChart({
    title: `${transform}: photos that are still right`,
    sentence,
    x: { label: 'share of the strength that is configured', min: 0 },
    y: { label: 'share right, with its 95 % interval', max: 1 },
    series: [
      {
        name: 'accuracy',
        points: all.map(({ strength, accuracy }) => [strength, accuracy] as const),
        band: all.map(({ interval }) => [interval.low, interval.high] as const),
      },
    ],
    marks: lower === undefined ? [] : [{ x: lower.strength, label: 'surely lower' }],
    ...{ width: 520, height: 260 },
  });
  return html`<figure style="width:fit-content"><div class="scroll">${chart}</div></figure>`;
}

function isWrong({ prediction }: AugmentVariant, truth: string): boolean {
  return prediction !== undefined && prediction.className !== truth;
}

function rate({ accuracy, correct, examples }: Pick<SweptPoint, 'accuracy' | 'correct' | 'examples'>): string {
  return `${percent(accuracy)}, ${commas(correct)} of ${commas(examples)}`;
}

function capitalized(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}
