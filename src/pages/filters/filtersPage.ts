import {
  divergingScale,
  figure,
  figureRow,
  html,
  htmlPage,
  htmlTable,
  legendSvg,
  type Markup,
  numberText,
  paintMap,
  scaleNearest,
} from '../../draw/index.js';
import type { Border, FilterTerm, ImageValues, Kernel } from '../../explain/index.js';
import { type FilterResult, imageRaster } from './filterResult.js';

export interface FiltersPageOptions {
  /** What the photo is called. */
  readonly name: string;
  readonly image: ImageValues;
  readonly results: readonly FilterResult[];
  readonly border: Border;
  readonly strides: number;
}

const BORDER_TEXTS: Readonly<Record<Border, string>> = {
  valid: 'the filter stays within the photo, so the result is smaller',
  zero: 'beyond the border stand zeros (black), so edges appear along bright borders',
  reflect: 'beyond the border stands the photo as in a mirror',
  nearest: 'beyond the border the last pixel goes on',
  wrap: 'beyond the border the photo begins anew from the other side',
};

/** A page of what filters make of a photo: one file of HTML. */
export async function filtersPage({ name, image, results, border, strides }: FiltersPageOptions): Promise<string> {
  const { width, height, channels } = image;
  const original = await figure(imageRaster(image), {
    caption: name,
    sentence: `The photo, ${width} × ${height} pixels, ${channels === 3 ? 'red, green and blue' : 'gray'}, each from 0 (black) to 1 (white).`,
  });
  const sections = await Promise.all(
    results.map(async (result) => ({ title: result.filter.name, body: await filterSection(result) })),
  );
  return htmlPage({
    title: `Filters on ${name}`,
    intro: `A filter is a small table of numbers. It slides over the photo; at each place the pixels below it are multiplied with its numbers, and the sum becomes the pixel of a new picture. A convolutional layer does the same with numbers that it has learned.`,
    sections: [
      {
        title: 'The photo',
        body: html`${original}<p>Border rule: ${border}; ${BORDER_TEXTS[border]}. Stride: ${strides}${strides > 1 && html`, so every ${strides}th place in each direction is computed`}. The numbers of a filter are used as they stand, not turned (cross-correlation, as in every framework).</p>`,
      },
      ...sections,
    ],
    footer: 'Made by fovea filters. This page needs no network and no other file.',
  });
}

async function filterSection(result: FilterResult): Promise<Markup> {
  const { filter, kind, map, color, scale, sentence, terms } = result;
  const largest = filter.kernel.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const kernelScale = divergingScale(largest, { scope: 'this filter' });
  const tile = 120 / Math.max(filter.kernel.width, filter.kernel.height);
  const picture = scaleNearest(
    paintMap(filter.kernel, kernelScale),
    Math.round(filter.kernel.width * tile),
    Math.round(filter.kernel.height * tile),
  );
  const kernel = await figure(picture, {
    caption: `${filter.kernel.height} × ${filter.kernel.width}`,
    sentence: `The filter: ${kernelText(filter.kernel)}.`,
    legend: legendSvg(kernelScale, { label: 'weight', width: 120 }),
    pixelated: true,
  });
  const first = await figure(color, {
    caption: kind === 'picture' ? 'Result' : 'In color',
    sentence:
      kind === 'picture'
        ? sentence
        : 'Each channel by itself; where the filter finds nothing it is gray, brighter is positive, darker negative.',
    width: Math.min(380, color.width),
  });
  const second = await figure(map, {
    caption: kind === 'picture' ? 'Beyond black and white' : 'Sum',
    sentence:
      kind === 'picture'
        ? 'Orange: below black. Blue: beyond white.'
        : `${sentence} The strongest half percent lie beyond the ends of the colors.`,
    width: Math.min(380, map.width),
    ...(kind === 'picture' ? {} : { legend: legendSvg(scale, { label: 'mean of the channels' }) }),
  });
  const beyond = result.below + result.above > 0 ? [second] : [];
  const figures = kind === 'picture' ? [kernel, first, ...beyond] : [kernel, second, first];
  return html`<p>${filter.says}</p>${figureRow(figures)}${terms.length <= 49 && termsTable(result, terms)}`;
}

/** The sum behind the strongest answer, product by product. */
function termsTable({ facts, filter }: FilterResult, terms: readonly FilterTerm[]): Markup {
  const { x, y, value } = facts.strongest;
  const sum = terms.reduce((total, { product }) => total + product, 0);
  const rows = terms.map(({ at, pixel, weight, product }, i) => [
    `row ${Math.floor(i / filter.kernel.width) + 1}, column ${(i % filter.kernel.width) + 1}`,
    at === undefined ? 'beyond the border' : `(${at[0]}, ${at[1]})`,
    numberText(pixel),
    numberText(weight),
    numberText(product),
  ]);
  return html`<details><summary>Why the value at (${x}, ${y}) is ${numberText(value)}</summary>${htmlTable({
    caption: 'Pixels are means of the channels.',
    columns: [
      { label: 'filter' },
      { label: 'place' },
      { label: 'pixel', numeric: true },
      { label: '× weight', numeric: true },
      { label: '= product', numeric: true },
    ],
    rows: [...rows, ['sum', '', '', '', numberText(sum)]],
  })}</details>`;
}

/** The numbers of a kernel in a row of rows. */
export function kernelText({ values, height, width }: Kernel): string {
  const row = (y: number) => values.slice(y * width, (y + 1) * width).map((value) => numberText(value));
  return Array.from({ length: height }, (_, y) => row(y).join(' ')).join('; ');
}
