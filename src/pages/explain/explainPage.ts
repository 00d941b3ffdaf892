import {
  barChart,
  figure,
  figureRow,
  html,
  htmlPage,
  htmlTable,
  legendSvg,
  type Markup,
  numberText,
  type PageSection,
  paintMap,
  paintSignedColor,
  type Raster,
  robustLimit,
  scaleNearest,
  scaleOf,
} from '../../draw/index.js';
import {
  type ClassNamer,
  type Controls,
  controlSentence,
  coverSentence,
  type ExplainedMap,
  type Explanation,
  mapSentence,
  methodTexts,
  type Occlusion,
  type Projection,
  scoreSentence,
} from '../../explain/index.js';
import type { MapPictures } from './mapPictures.js';

/** A training photo like the one explained. */
export interface NeighborPicture {
  readonly picture: Raster;
  readonly name: string;
  readonly label: string;
  readonly similarity: number;
}

export interface ExplainPageOptions {
  readonly explanation: Explanation;
  /** What the photo and the model are called. */
  readonly photo: string;
  readonly model: string;
  readonly className: ClassNamer;
  /** The photo, small enough for a page. */
  readonly picture: Raster;
  /** One for each of the explanation's maps. */
  readonly pictures: readonly MapPictures[];
  /** The order of a projection's channels. */
  readonly channelOrder: 'rgb' | 'bgr';
  readonly neighbors?: { readonly sentence: string; readonly found: readonly NeighborPicture[] } | undefined;
  /** What made the page. */
  readonly program: string;
}

/** One page, in one file, that shows why a photo was called what it was. */
export async function explainPage(options: ExplainPageOptions): Promise<string> {
  const { explanation, photo, model, className, pictures, neighbors, program } = options;
  const sections: PageSection[] = [await answerSection(options)];
  if (neighbors !== undefined) sections.push(await neighborSection(neighbors));
  for (const [i, one] of explanation.maps.entries()) {
    sections.push(await mapSection(one, pictures[i] as MapPictures, className, options.channelOrder));
  }
  sections.push({ title: 'How to read this', body: howToRead() }, { title: 'Made from', body: madeFrom(options) });
  return htmlPage({
    title: `Why ${photo} was called ${className(explanation.scores.order[0] as number)}`,
    intro: scoreSentence(explanation, className),
    sections,
    footer: html`Made by ${program} from ${photo} and ${model}.`,
  });
}

async function answerSection({ explanation, picture, photo, className }: ExplainPageOptions): Promise<PageSection> {
  const { scores } = explanation;
  const bars = scores.order.slice(0, 5).map((index) => {
    const value = scores.probabilities[index] as number;
    return { label: className(index), value, text: `${(100 * value).toFixed(1)} %` };
  });
  const sentence = `The likeliest classes: ${bars.map(({ label, text }) => `${label} ${text}`).join(', ')}.`;
  const chart = barChart({
    bars,
    title: 'Probabilities',
    sentence,
    valueLabel: 'probability',
    min: 0,
    max: 1,
    width: 460,
  });
  const shown = await figure(picture, { caption: photo, sentence: 'The photo, upright.' });
  return { title: 'The answer', body: html`${figureRow([shown])}<div class="scroll">${chart}</div><p>${sentence}</p>` };
}

async function neighborSection({
  sentence,
  found,
}: NonNullable<ExplainPageOptions['neighbors']>): Promise<PageSection> {
  const figures = await Promise.all(
    found.map(({ picture, name, label, similarity }) =>
      figure(picture, { caption: label, sentence: `${name}, cosine ${numberText(similarity)}.`, width: 140 }),
    ),
  );
  return { title: 'The training photos most like it', body: html`<p>${sentence}</p>${figureRow(figures)}` };
}

async function mapSection(
  one: ExplainedMap,
  pictures: MapPictures,
  className: ClassNamer,
  channelOrder: 'rgb' | 'bgr',
): Promise<PageSection> {
  const { map, check, controls } = one;
  const { title, says } = methodTexts[map.method];
  const legend = legendSvg(pictures.scale, { label: unitOf(one) });
  const sentence = mapSentence(map, className);
  const said = coverSentence(check, className);
  const figures = await Promise.all([
    figure(pictures.overlay, { caption: 'Over the photo.', sentence, legend, width: 420 }),
    figure(pictures.covered, { caption: 'Covered.', sentence: said, width: 420 }),
    figure(pictures.cells, {
      caption: 'The values.',
      sentence: `${map.height} × ${map.width} numbers from ${numberText(map.range.min)} to ${numberText(map.range.max)}.`,
      legend,
      pixelated: true,
      width: 224,
    }),
  ]);
  const panels = 'coarse' in map ? await zeilerPanels(map, className, one.projection, channelOrder) : undefined;
  return {
    title,
    body: html`<p>${capital(says)}.</p>${controls !== undefined && verdict(controls)}${figureRow(figures)}${panels}`,
  };
}

function verdict(controls: Controls): Markup {
  return html`<p><strong>${controls.passed ? '✓' : '✗'}</strong> ${controlSentence(controls)}</p>`;
}

/** What Zeiler and Fergus show of each position of the square: probability, answer, and the strongest unit. */
async function zeilerPanels(
  map: Occlusion,
  className: ClassNamer,
  projection: Projection | undefined,
  channelOrder: 'rgb' | 'bgr',
): Promise<Markup> {
  const { rows, columns, coarse } = map;
  const grid = (values: number[]) => ({ values: Float32Array.from(values), height: rows, width: columns });
  const panel = async (caption: string, values: number[], before: number) => {
    const scale = scaleOf(values);
    const worst = Math.min(...values);
    return figure(scaleNearest(paintMap(grid(values), scale), columns * 24, rows * 24), {
      ...{ caption, pixelated: true, legend: legendSvg(scale, { width: 200 }) },
      sentence: `At each position of the square: ${numberText(before)} without it, at worst ${numberText(worst)}.`,
    });
  };
  const figures = [
    await panel(
      `Probability of ${className(map.class)}.`,
      coarse.map(({ probability }) => probability),
      map.probability,
    ),
  ];
  if (map.unit !== undefined) {
    figures.push(
      await panel(
        'Sum of the strongest channel of the last maps.',
        coarse.map(({ unit }) => unit ?? 0),
        map.unit,
      ),
    );
  }
  if (projection !== undefined && projection.channels === 3) {
    figures.push(
      await figure(projectionRaster(projection, channelOrder), {
        caption: 'What that channel picked up.',
        sentence: `${projection.rule === 'deconvnet' ? 'The deconvnet' : 'The gradient'} from its strongest place; gray is zero. It says what the channel saw, not why the class was chosen.`,
      }),
    );
  }
  const labels = [...new Set(coarse.map(({ label }) => label))];
  const counts = labels.map((label) => [className(label), coarse.filter((one) => one.label === label).length] as const);
  const table = htmlTable({
    caption: 'The answer with one place covered',
    columns: [{ label: 'answer' }, { label: 'positions', numeric: true }],
    rows: counts.map(([label, count]) => [label, count]),
  });
  const answers = Array.from({ length: rows }, (_, y) =>
    coarse.slice(y * columns, (y + 1) * columns).map(({ label }) => label),
  );
  const listed = htmlTable({
    caption: 'The likeliest class at each position',
    columns: [{ label: 'row' }, ...Array.from({ length: columns }, (_, x) => ({ label: `${x + 1}` }))],
    rows: answers.map((row, y) => [`${y + 1}`, ...row.map((label) => className(label))]),
  });
  return html`${figureRow(figures)}${table}${labels.length > 1 && listed}`;
}

/** The signal at the pixels in their own colors, zero in the middle gray; the strongest half percent beyond the scale. */
function projectionRaster({ pixels, height, width }: Projection, channelOrder: 'rgb' | 'bgr'): Raster {
  const rgb = pixels.map((_, i) => pixels[channelOrder === 'rgb' ? i : i + 2 - 2 * (i % 3)] as number);
  return paintSignedColor(rgb, height, width, robustLimit(rgb));
}

function unitOf({ map }: ExplainedMap): string {
  if (map.method === 'occlusion') return 'fall of the probability';
  if (map.method === 'hiResCam' || map.method === 'gradCam' || map.method === 'layerCam') return 'part of the margin';
  return map.method === 'integratedGradients' ? 'part of the difference' : 'size of the signal';
}

function howToRead(): Markup {
  return html`<ul>
<li>Blue speaks for the class rather than the other one, orange against it; the scale of each map is its own and stands below it.</li>
<li>A map of cells is no finer than its cells, however smooth it looks over the photo.</li>
<li>A map says what would change the numbers, not what the network understands. Covering the place and running the network again is the test; what covers is the photo's mean color, a patch that no photo has: compare it with the random places.</li>
<li>Passing the controls means that no fault was found, not that the map is right.</li>
</ul>`;
}

function madeFrom({ explanation, photo, model, program }: ExplainPageOptions): Markup {
  const { provenance, maps } = explanation;
  const settings = maps.map(({ map }) => [
    methodTexts[map.method].title,
    typeof map.place === 'string' ? map.place : map.place.layer,
    Object.entries(map.parameters)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
  ]);
  return html`${htmlTable({
    columns: [{ label: 'what' }, { label: 'which' }],
    rows: [
      ['photo', `${photo}, as the network sees it: SHA-256 ${provenance.inputHash.slice(0, 16)}…`],
      ['model', `${model}: SHA-256 of the weights ${provenance.weightsHash.slice(0, 16)}…`],
      ['computed by', `${program}, engine ${provenance.engine}`],
    ],
  })}${htmlTable({ columns: [{ label: 'method' }, { label: 'place' }, { label: 'settings' }], rows: settings })}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
