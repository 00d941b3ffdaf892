import { barChart } from '../../draw/barChart.js';
import { figure } from '../../draw/figure.js';
import { histogram } from '../../draw/histogram.js';
import { htmlPage, type PageSection } from '../../draw/htmlPage.js';
import { htmlTable } from '../../draw/htmlTable.js';
import { legendSvg } from '../../draw/legend.js';
import { html, type Markup } from '../../draw/markup.js';
import { numberText } from '../../draw/numberText.js';
import { rasterFromPixels } from '../../draw/raster.js';
import type { FilterStatistics } from '../../explain/filters/filterStatistics.js';
import type { NumberStep } from '../../explain/number/explainNumber.js';
import type { Inspection } from './inspection.js';
import {
  type ActivationScale,
  paintActivations,
  paintColorFilters,
  paintOptimized,
  paintProjections,
  paintSignedFilters,
  paintUnit,
} from './inspectPictures.js';
import {
  activationsSentence,
  comparisonSentences,
  contributionsSentence,
  fieldSentence,
  filtersSentence,
  healthSentences,
  numberSentence,
  optimizedSentences,
  projectionSentences,
  shiftSentence,
  staleSentences,
  unitSentence,
} from './inspectTexts.js';
import type { InspectedUnit } from './inspectUnits.js';

export interface InspectPageOptions {
  /** @default 'rgb' */
  readonly channelOrder?: 'rgb' | 'bgr';
  /** Colors of activations: one scale for a layer, or one for each channel. @default 'shared' */
  readonly scale?: ActivationScale;
  /** What made the page: `fovea 0.1.0`. */
  readonly madeBy?: string;
}

/** One self-contained page of what `inspectModel` found: every picture with its scale and a sentence from the same numbers. */
export async function inspectPage(inspection: Inspection, options: InspectPageOptions = {}): Promise<string> {
  const { model, parameters, inputShape, photos } = inspection;
  const [h, w] = inputShape;
  const with_ =
    photos === undefined
      ? 'No photos were given, so this shows weights and what units can see.'
      : `It was shown ${photos.count} photos${photos.classNames.length > 1 ? ` of ${photos.classNames.length} classes (${photos.classNames.slice(0, 10).join(', ')}${photos.classNames.length > 10 ? ', …' : ''})` : ''}.`;
  const sections: (PageSection | undefined)[] = [
    await filterSection(inspection, options.channelOrder ?? 'rgb'),
    await unitSection(inspection, options.channelOrder ?? 'rgb'),
    await activationSection(inspection, options.scale ?? 'shared'),
    numberSection(inspection),
    contributionSection(inspection),
    shiftSection(inspection),
    comparisonSection(inspection),
    layerSection(inspection),
  ];
  return htmlPage({
    title: `Inside ${model}`,
    intro: `${model} has ${parameters.toLocaleString('en-US')} parameters and sees photos of ${h} × ${w} pixels. ${with_}`,
    sections: sections.filter((section) => section !== undefined),
    footer: options.madeBy === undefined ? 'Made by Fovea.' : `Made by ${options.madeBy}.`,
  });
}

async function filterSection({ layers, colorFilters, banks, inputShape }: Inspection, channelOrder: 'rgb' | 'bgr') {
  const statistics = (layer: string): FilterStatistics | undefined =>
    layers.find(({ name }) => name === layer)?.filters;
  const figures: Markup[] = [];
  const sentence = (layer: string): string => {
    const row = layers.find(({ name }) => name === layer);
    return row?.filters === undefined ? '' : `${filtersSentence(row.filters)} ${fieldSentence(row, inputShape)}`;
  };
  if (colorFilters !== undefined) {
    const { picture } = paintColorFilters(colorFilters, channelOrder);
    const limit = numberText(statistics(colorFilters.layer)?.scale ?? 0);
    const more = colorFilters.filters > 64 ? ' The first 64 are shown.' : '';
    figures.push(
      await figure(picture, {
        caption: `The filters of ${colorFilters.layer}, as colors.`,
        sentence: `${sentence(colorFilters.layer)}${more}`,
        legend: html`<p class="muted">Mid-gray is a weight of 0, full color ${limit}, none −${limit}: one scale for the layer.</p>`,
        pixelated: true,
      }),
    );
  }
  for (const bank of banks) {
    if (bank.layer === colorFilters?.layer) continue;
    const { picture, scale, filters, channels } = paintSignedFilters(bank);
    const what =
      bank.channels === 1
        ? `${filters} of ${bank.filters} filters, each of one channel.`
        : `A row for each of ${filters} of ${bank.filters} filters, a column for each of ${channels} of the ${bank.channels} channels that it sees.`;
    figures.push(
      await figure(picture, {
        caption: `The filters of ${bank.layer}.`,
        sentence: `${sentence(bank.layer)} ${what}`,
        ...(scale === undefined ? {} : { legend: legendSvg(scale, { label: 'weight' }) }),
        pixelated: true,
      }),
    );
  }
  return figures.length === 0 ? undefined : { title: 'Filters', body: figures };
}

async function unitSection(
  { units, layers, inputShape, photos }: Inspection,
  channelOrder: 'rgb' | 'bgr',
): Promise<PageSection | undefined> {
  if (units.length === 0) return undefined;
  const parts: Markup[] = [
    html`<p>The patches of your own photos that excite a unit most, one from each photo, and below them weaker ones: at 90, 75, 50 and 25 % of the other photos, as far as there are different ones. Judge a unit by both; nine best photos always look as if it had one subject.</p>`,
  ];
  let layer = '';
  for (const unit of units) {
    if (unit.layer !== layer) {
      layer = unit.layer;
      const row = layers.find(({ name }) => name === layer);
      parts.push(html`<h3>${layer}</h3>`);
      if (row !== undefined) parts.push(html`<p>${fieldSentence(row, inputShape)} ${cutText(unit)}</p>`);
    }
    parts.push(await unitFigure(unit, photos?.count ?? 0, channelOrder));
  }
  return { title: 'What units look for', body: parts };
}

function cutText({ patches }: InspectedUnit): string {
  const [first] = patches;
  if (first === undefined) return '';
  return first.cut.by === 'receptiveField'
    ? 'The patches are what it sees.'
    : 'The patches are the smallest squares that hold nine tenths of the gradient of its value by the pixels.';
}

async function unitFigure(unit: InspectedUnit, photos: number, channelOrder: 'rgb' | 'bgr'): Promise<Markup> {
  const { channel, distribution, patches, optimized, projections } = unit;
  const sentence = unitSentence(unit);
  const made =
    optimized === undefined
      ? undefined
      : await figure(paintOptimized(optimized).picture, {
          ...{ caption: 'Made by optimization, not a photo.', sentence: optimizedSentences(unit).join(' ') },
        });
  if (patches.length === 0) return html`<p class="note">${sentence}</p>${made}`;
  const { picture } = paintUnit(unit);
  const least = patches.at(-1)?.value ?? 0;
  const { min, max, histogram: counts } = distribution;
  const edges = Array.from({ length: counts.length + 1 }, (_, i) => min + ((max - min) * i) / counts.length);
  const bars = histogram({
    title: `Maxima of unit ${channel}`,
    sentence: `Its largest value in each of ${distribution.photos} photos lies between ${numberText(min)} and ${numberText(max)}, half of them below ${numberText(distribution.median)}; the ${patches.length} patches shown begin at ${numberText(least)}.`,
    bins: { edges: max > min ? edges : edges.map((_, i) => min + i), counts, notFinite: 0 },
    ...{ xLabel: 'largest value in a photo', yLabel: 'photos', width: 420, height: 170 },
    marks: [{ x: least, label: 'patches shown' }],
  });
  const names = html`<details><summary>The photos by name</summary><ol>${patches.map(
    ({ name, value, y, x, stale, again }) =>
      html`<li>${name}: ${numberText(value)} at row ${y}, column ${x}${stale && html` (stale: now ${numberText(again)})`}</li>`,
  )}</ol></details>`;
  const drawn = await figure(picture, { caption: 'Strongest patches, weaker ones below.', sentence });
  const stale = staleSentences(unit).map((text) => html`<p class="note">${text}</p>`);
  const usable = projections.some(({ refused }) => refused === undefined);
  const sentences = projectionSentences(unit);
  const picked = usable ? sentences.shift() : undefined;
  const projected =
    picked !== undefined
      ? await figure(paintProjections(unit, channelOrder).picture, {
          ...{ caption: 'What it picked up of these patches.', sentence: picked },
          legend: html`<p class="muted">Mid-gray is 0; each tile has its own scale, with the largest 0.5 % of values beyond full color. It shows what the unit picked up, not why a class was chosen.</p>`,
        })
      : undefined;
  const refused = sentences.map((text) => html`<p class="muted">${text}</p>`);
  return html`${drawn}${stale}${projected}${refused}${made}${photos > 20 && bars}${names}`;
}

async function activationSection(
  { activations, photo, inputShape }: Inspection,
  scaling: ActivationScale,
): Promise<PageSection | undefined> {
  if (activations.length === 0 || photo === undefined) return undefined;
  const [h, w] = inputShape as [number, number];
  const figures = [
    await figure(rasterFromPixels(photo.pixels, h, w), {
      ...{ caption: 'The photo.', sentence: `${photo.name}, as the network sees it: ${h} × ${w} pixels.` },
    }),
  ];
  for (const layer of activations) {
    const { picture, scale, shown } = paintActivations(layer, scaling);
    const rest = layer.shape[2] - shown.length;
    figures.push(
      await figure(picture, {
        caption: `What ${layer.layer} makes of it.`,
        sentence: `${activationsSentence(layer)} ${rest > 0 ? `The ${shown.length} strongest of ${layer.shape[2]} channels are shown, the strongest first.` : 'The strongest channel comes first.'}`,
        legend:
          scale === undefined
            ? html`<p class="muted">Each map has a scale of its own: dark is 0 and light the number below it; where a map has negative values, blue is positive, orange negative and no color 0. Two maps cannot be compared by color.</p>`
            : legendSvg(scale, { label: 'activation' }),
        pixelated: true,
      }),
    );
  }
  return { title: 'Activations', body: figures };
}

function numberSection({ number }: Inspection): PageSection | undefined {
  if (number === undefined) return undefined;
  const steps = number.layers.flatMap(({ steps: own, layer }) => own.map((step) => ({ layer, step })));
  const main = steps.find(({ step }) => step.kind === 'sum' && step.terms.length > 2);
  return {
    title: 'Why this number',
    body: [
      html`<p>${numberSentence(number.layers, number.shown)}</p>`,
      main === undefined ? html`` : termTable(main.step),
    ],
  };
}

function termTable({ terms, value, op }: NumberStep): Markup {
  const shown = [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, 12);
  const rest = value - shown.reduce((sum, { product }) => sum + product, 0);
  const rows = shown.map(({ from, at, x, weight, product }) => [
    at.length === 0 ? from : `${from} [${at.join(', ')}]`,
    ...[numberText(x), weight === 1 ? '' : numberText(weight), numberText(product)],
  ]);
  const others = terms.length - shown.length;
  return htmlTable({
    caption: `${op}: the largest of its ${terms.length} products`,
    columns: [
      { label: 'from' },
      { label: 'value', numeric: true },
      { label: 'weight', numeric: true },
      { label: 'product', numeric: true },
    ],
    rows: [
      ...rows,
      ...(others > 0 ? [[`${others} others`, '', '', numberText(rest)]] : []),
      ['sum', '', '', numberText(value)],
    ],
  });
}

function contributionSection({ contributions }: Inspection): PageSection | undefined {
  if (contributions === undefined) return undefined;
  const { values, names } = contributions;
  const order = [...values.keys()]
    .sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number))
    .slice(0, 12);
  const sentence = contributionsSentence(contributions);
  const chart = barChart({
    title: 'What single channels add to the margin',
    ...{ sentence, valueLabel: `for ${names[0]} (right), for ${names[1]} (left)` },
    bars: order.map((channel) => ({ label: `channel ${channel}`, value: values[channel] as number })),
  });
  return {
    title: 'What the decision is made of',
    body: [html`<p>${sentence}</p>`, html`<div class="scroll">${chart}</div>`],
  };
}

function shiftSection({ shifts }: Inspection): PageSection | undefined {
  if (shifts.length === 0) return undefined;
  const body = html`<p>A convolution finds the same thing wherever it is: when the photo moves, its maps move along.</p><ul>${shifts.map(
    (shift) => html`<li>${shiftSentence(shift)}</li>`,
  )}</ul>`;
  return { title: 'When the photo moves', body };
}

function comparisonSection({ comparison }: Inspection): PageSection | undefined {
  if (comparison === undefined) return undefined;
  const relative = new Map<string, number>();
  for (const { layer, relative: share } of comparison.weights)
    relative.set(layer, Math.max(relative.get(layer) ?? 0, share));
  const cka = new Map(comparison.layers.map((one) => [one.layer, one]));
  const names = [...new Set([...relative.keys(), ...cka.keys()])].filter(
    (name) => (relative.get(name) ?? 0) > 0 || (cka.get(name)?.cka ?? 1) < 1,
  );
  const table = htmlTable({
    caption: 'Layers in which something changed',
    columns: [
      { label: 'layer' },
      { label: 'weights changed by', numeric: true },
      { label: 'CKA', numeric: true },
      { label: 'top photos kept', numeric: true },
    ],
    rows: names.map((name) => {
      const change = cka.get(name);
      const share = relative.get(name);
      const percent = (value: number | undefined): string =>
        value === undefined ? '' : `${(100 * value).toFixed(1)} %`;
      return [name, percent(share), change === undefined ? '' : change.cka.toFixed(4), percent(change?.sharedPhotos)];
    }),
  });
  return {
    title: `Before and after: beside ${comparison.with}`,
    id: 'before-and-after',
    body: [
      html`<ul>${comparisonSentences(comparison).map((sentence) => html`<li>${sentence}</li>`)}</ul>`,
      names.length === 0 ? html`` : table,
    ],
  };
}

function layerSection({ layers }: Inspection): PageSection {
  const measured = layers.some(({ health }) => health !== undefined);
  const rows = layers.map(({ name, type, shape, field, filters, health }) => [
    name,
    type,
    shape.join(' × '),
    field === 'whole' ? 'whole photo' : `${numberText(field.rows.size)} × ${numberText(field.columns.size)}`,
    field === 'whole' ? '' : numberText(field.rows.stride),
    filters === undefined ? '' : String(filters.filters.filter(({ dead }) => dead).length),
    filters?.duplicates === undefined ? '' : String(filters.duplicates.length),
    ...(measured
      ? [
          health === undefined ? '' : `${health.dead.length} of ${health.units}`,
          health === undefined ? '' : String(health.saturated.length),
        ]
      : []),
  ]);
  const number = (label: string) => ({ label, numeric: true });
  return {
    title: 'All layers',
    body: [
      ...healthSentences(layers).map((sentence) => html`<p>${sentence}</p>`),
      htmlTable({
        caption:
          'Receptive fields in pixels; dead filters have no weights, dead units no values above 0 on these photos.',
        columns: [
          ...[{ label: 'layer' }, { label: 'type' }, number('output'), number('sees'), number('step')],
          ...[number('dead filters'), number('duplicate filters')],
          ...(measured ? [number('dead units'), number('saturated units')] : []),
        ],
        rows,
      }),
    ],
  };
}
