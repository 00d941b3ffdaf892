import {
  drawText,
  fitText,
  html,
  htmlPage,
  htmlTable,
  type Markup,
  Raster,
  textSize,
  tileGrid,
} from '../../draw/index.js';
import { type AugmentVariant, isFlipped, SIDE, shownRaster, variantFigure } from './variantFigure.js';

export interface AugmentSheet {
  /** What the picture is called. */
  readonly name: string;
  readonly original: AugmentVariant;
  readonly variants: readonly AugmentVariant[];
  readonly seed: number;
  /** What the augmentation is, as JSON. */
  readonly config: string;
  /** Questions about choices that may be unwise. */
  readonly questions: readonly string[];
  /** Where a strength sweep was made: a row for each transform. */
  readonly sweep?: readonly SweepRow[];
}

/** How the model fares as one transform gets stronger. */
export interface SweepRow {
  readonly transform: string;
  /** Share of what is configured, with the median probability of the picture's class and the share of flipped predictions. */
  readonly points: readonly { readonly strength: number; readonly probability: number; readonly flipped: number }[];
}

/** Pixels around a tile. */
const BORDER = 4;
const LINES = 7;
const INK = [30, 30, 30] as const;
const FLIPPED = [213, 94, 0] as const;
const PAPER = [255, 255, 255] as const;

/** All variants in one picture, what was drawn under each; those that the model takes for something else in an orange frame. */
export function augmentSheetRaster({ original, variants }: AugmentSheet): Raster {
  const all = [original, ...variants];
  const columns = Math.min(all.length, Math.max(3, Math.ceil(Math.sqrt(all.length * 1.3))));
  const tiles = all.map((variant, i) => tile(variant, original, i));
  return tileGrid(tiles, { columns, gap: 8, background: PAPER });
}

function tile(variant: AugmentVariant, original: AugmentVariant, index: number): Raster {
  const flipped = index > 0 && isFlipped(variant, original);
  const width = SIDE + 2 * BORDER;
  const line = textSize('').height;
  const result = new Raster(width, SIDE + 2 * BORDER + LINES * line + 4).fill(PAPER);
  result.fill(flipped ? FLIPPED : [200, 200, 200], { x: 0, y: 0, width, height: SIDE + 2 * BORDER });
  const shown = shownRaster(variant);
  const [x, y] = [Math.floor((width - shown.width) / 2), BORDER + Math.floor((SIDE - shown.height) / 2)];
  result.fill(PAPER, { x: BORDER, y: BORDER, width: SIDE, height: SIDE }).blit(shown, x, y);
  const lines = captionLines(variant, original, index);
  for (const [i, text] of lines.slice(0, LINES).entries()) {
    const color = flipped && i === 0 ? FLIPPED : INK;
    drawText(result, fitText(text, width), 0, SIDE + 2 * BORDER + 4 + i * line, { color });
  }
  return result;
}

function captionLines(variant: AugmentVariant, original: AugmentVariant, index: number): string[] {
  const { prediction, steps } = variant;
  const said =
    prediction === undefined
      ? []
      : [
          `${isFlipped(variant, original) ? '! ' : ''}${prediction.className} ${(100 * prediction.probability).toFixed(1)} %`,
        ];
  if (index === 0) return [...said, 'as it is'];
  return [...said, ...(steps.length === 0 ? ['nothing drawn'] : wrapped(steps.map(({ text }) => text)))];
}

/** Texts joined by commas, in lines as wide as a tile. */
function wrapped(texts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const longer = lines.length === 0 ? text : `${lines.at(-1)}, ${text}`;
    if (lines.length > 0 && textSize(longer).width <= SIDE + 2 * BORDER) lines[lines.length - 1] = longer;
    else lines.push(text);
  }
  return lines;
}

/** One variant of the page: what was done, and what a model says. */
function figureOf(variant: AugmentVariant, original: AugmentVariant, index: number): Promise<Markup> {
  const done = variant.steps.map(({ text }) => text).join(', ') || 'nothing drawn';
  return index === 0
    ? variantFigure(variant, { name: 'Original', text: 'as it is' })
    : variantFigure(variant, { name: `Epoch ${index}`, text: done, flipped: isFlipped(variant, original) });
}

/** The sheet as one file of HTML. */
export async function augmentSheetPage(sheet: AugmentSheet): Promise<string> {
  const { name, original, variants, seed, config, questions, sweep } = sheet;
  const flipped = variants.filter((variant) => isFlipped(variant, original));
  const said = original.prediction;
  const verdict =
    said === undefined
      ? 'Would you still give each of them the same label? If not, the change is too strong.'
      : flipped.length === 0
        ? `The model says "${said.className}" for the photo and for all ${variants.length} changed ones.`
        : `The model says "${said.className}" for the photo, and something else for ${flipped.length} of ${variants.length} changed ones, in orange. Where you would still say "${said.className}", training with these changes helps; where you would not, they are too strong.`;
  const items = await Promise.all([original, ...variants].map((variant, i) => figureOf(variant, original, i)));
  return htmlPage({
    title: `Augmentation of ${name}`,
    intro: `What a network is fed in the first ${variants.length} epochs in the place of this picture, with seed ${seed}. ${verdict}`,
    sections: [
      ...(questions.length === 0
        ? []
        : [{ title: 'Questions', body: html`<ul>${questions.map((question) => html`<li>${question}</li>`)}</ul>` }]),
      { title: 'Variants', body: html`<div class="row tiles">${items}</div>` },
      ...(sweep === undefined ? [] : [{ title: 'How strong may it be?', body: sweepTable(sweep) }]),
      { title: 'Configuration', body: html`<pre>${config}</pre>` },
    ],
    footer: 'Made by fovea augment. This page needs no network and no other file.',
  });
}

function sweepTable(rows: readonly SweepRow[]): Markup {
  const strengths = rows[0]?.points.map(({ strength }) => strength) ?? [];
  const table = htmlTable({
    caption:
      'Median probability of the class that the model gives the photo, and how many of the draws it takes for something else',
    columns: [{ label: 'Transform' }, ...strengths.map((strength) => ({ label: `× ${strength}`, numeric: true }))],
    rows: rows.map(({ transform, points }) => [
      transform,
      ...points.map(
        ({ probability, flipped }) => `${(100 * probability).toFixed(0)} %, ${(100 * flipped).toFixed(0)} % flipped`,
      ),
    ]),
  });
  return html`<p>Each transform alone, at shares of the strength that is configured. Strengths that you would still recognize and at which 5 to 40 % are flipped are worth training with.</p>${table}`;
}
