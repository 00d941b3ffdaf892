import {
  barChart,
  divergingScale,
  figure,
  figureRow,
  figureTiles,
  html,
  htmlPage,
  htmlTable,
  labelMap,
  legendSvg,
  type Markup,
  numberText,
  type PageSection,
  paintMap,
  paintSignedColor,
  type Raster,
  robustLimit,
  type Scale,
  scaleNearest,
  sequentialScale,
} from '../../draw/index.js';
import {
  baselineTexts,
  type ClassNamer,
  type Controls,
  controlFacts,
  controlVerdict,
  coverSentence,
  type ExplainedMap,
  type Explanation,
  type FillKind,
  mapSentence,
  methodTexts,
  type Occlusion,
  occlusionNote,
  type Projection,
  placeName,
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

/** Narrow enough for a phone. */
const SMALL_CHART = 340;
/** Pixels of a panel: five stand side by side. */
const PANEL = 168;

/** One page, in one file, that shows why a photo was called what it was. */
export async function explainPage(options: ExplainPageOptions): Promise<string> {
  const { explanation, photo, model, className, pictures, neighbors, program } = options;
  const sections: PageSection[] = [await answerSection(options)];
  if (neighbors !== undefined) sections.push(await neighborSection(neighbors));
  for (const [i, one] of explanation.maps.entries()) {
    sections.push(await mapSection(one, pictures[i] as MapPictures, className, options.channelOrder));
  }
  sections.push(
    { title: 'How to read this', body: howToRead(explanation.maps[0]?.check.fill ?? 'mean') },
    { title: 'Made from', body: madeFrom(options) },
  );
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
    ...{ bars, title: 'Probabilities', sentence, valueLabel: 'probability', min: 0, max: 1 },
    width: SMALL_CHART,
  });
  const figures = await Promise.all([
    figure(picture, { caption: 'The photo.', sentence: `${photo}, upright.`, width: Math.min(350, picture.width) }),
    figure(chart, { caption: 'The answer.', sentence }),
  ]);
  return { title: 'The answer', body: figureRow(figures) };
}

async function neighborSection({
  sentence,
  found,
}: NonNullable<ExplainPageOptions['neighbors']>): Promise<PageSection> {
  const figures = await Promise.all(
    found.map(({ picture, name, label, similarity }) =>
      figure(picture, { caption: `${label}.`, sentence: `${name}, cosine ${numberText(similarity)}.`, width: 140 }),
    ),
  );
  return { title: 'The training photos most like it', body: html`<p>${sentence}</p>${figureTiles(figures)}` };
}

async function mapSection(
  one: ExplainedMap,
  pictures: MapPictures,
  className: ClassNamer,
  channelOrder: 'rgb' | 'bgr',
): Promise<PageSection> {
  const { map, check, controls } = one;
  const { title, says } = methodTexts[map.method];
  const { overlay, overlayScale, smoothed, scale } = pictures;
  const sentence = mapSentence(map, className);
  const said = coverSentence(check, className);
  const beyond = Math.max(-map.range.min, map.range.max) > scale.max ? ' The strongest lie beyond the colors.' : '';
  const figures = await Promise.all([
    figure(overlay, {
      caption: smoothed ? 'Over the photo, smoothed.' : 'Over the photo.',
      ...{ sentence, legend: legendSvg(overlayScale, { label: unitOf(one) }), width: 350 },
    }),
    figure(pictures.covered, { caption: 'Covered.', sentence: said, width: 350 }),
    figure(pictures.cells, {
      caption: 'The values.',
      sentence: `${map.height} × ${map.width} numbers from ${numberText(map.range.min)} to ${numberText(map.range.max)}.${beyond}`,
      legend: legendSvg(scale, { label: unitOf(one), width: 224 }),
      pixelated: true,
      width: 224,
    }),
  ]);
  const panels = 'coarse' in map ? await zeilerPanels(map, className, one.projection, channelOrder) : undefined;
  return {
    title,
    body: html`<p>${capital(says)}.</p>${controls !== undefined && verdict(controls)}${'coarse' in map && html`<p>${occlusionNote}</p>`}${figureRow(figures)}${panels}`,
  };
}

function verdict(controls: Controls): Markup {
  const mark = { passed: '✓', failed: '✗', tooFew: '?' }[controls.verdict];
  return html`<details><summary><strong>${mark}</strong> ${controlVerdict(controls)}</summary><p>${capital(controlFacts(controls))}</p></details>`;
}

/** What Zeiler and Fergus show of each position of the square: probability, log-odds, answer, and the strongest unit. */
async function zeilerPanels(
  map: Occlusion,
  className: ClassNamer,
  projection: Projection | undefined,
  channelOrder: 'rgb' | 'bgr',
): Promise<Markup> {
  const { rows, columns, coarse } = map;
  const order = answersOf(map);
  const grid = (values: number[]) => ({ values: Float32Array.from(values), height: rows, width: columns });
  const panel = async (caption: string, values: number[], before: number, scale = scaleFrom(values)) => {
    const worst = Math.min(...values);
    return figure(scaleNearest(paintMap(grid(values), scale), columns * 24, rows * 24), {
      ...{ caption, pixelated: true, width: PANEL, legend: legendSvg(scale, { width: PANEL }) },
      sentence: `At each position of the square: ${numberText(before)} without it, at worst ${numberText(worst)}.`,
    });
  };
  const figures = [
    await panel(
      `Probability of ${className(map.class)}.`,
      coarse.map(({ probability }) => probability),
      map.probability,
      sequentialScale(0, 1),
    ),
    await panel(
      `Log-odds of ${className(map.class)}, in nats.`,
      coarse.map(({ logOdds }) => logOdds),
      map.logOdds,
    ),
    await answerPanel(map, order, className),
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
        width: PANEL,
        sentence: `${projection.rule === 'deconvnet' ? 'The deconvnet' : 'The gradient'} from its strongest place; gray is zero. It says what the channel saw, not why the class was chosen.`,
      }),
    );
  }
  if (order.length === 1) return figureRow(figures);
  const table = htmlTable({
    caption: 'The most probable class with one place covered',
    columns: [{ label: 'number on the map', numeric: true }, { label: 'class' }, { label: 'positions', numeric: true }],
    rows: order.map((label, i) => [i + 1, className(label), coarse.filter((one) => one.label === label).length]),
  });
  return html`${figureRow(figures)}${table}`;
}

/** Around zero where values lie on both sides; otherwise from the least to the largest, for a scale from zero would show nothing. */
function scaleFrom(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least < 0 && most > 0 ? divergingScale(Math.max(-least, most)) : sequentialScale(least, most);
}

/** The answers that occur, that without a square first, then the most frequent. */
function answersOf({ coarse, label }: Occlusion): number[] {
  const counts = new Map<number, number>([[label, Number.POSITIVE_INFINITY]]);
  for (const one of coarse) counts.set(one.label, (counts.get(one.label) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([answer]) => answer);
}

/** The most probable class at each position, as a map with colors and numbers. */
async function answerPanel(map: Occlusion, order: readonly number[], className: ClassNamer): Promise<Markup> {
  const { rows, columns, coarse, label } = map;
  const answers = coarse.map((one) => order.indexOf(one.label));
  const other = answers.filter((answer) => answer !== 0).length;
  const first = answers.findIndex((answer) => answer !== 0);
  const where = placeName((Math.floor(first / columns) + 0.5) / rows, ((first % columns) + 0.5) / columns);
  const sentence =
    other === 0
      ? `It stays ${className(label)} at all ${coarse.length} positions.`
      : `1 is ${className(label)}, the answer without a square; at ${other} of ${coarse.length} positions it is another, ${order.length === 2 ? className(order[1] as number) : `${order.length - 1} different ones`}, the first ${where}. The table has the names.`;
  return figure(labelMap(answers, rows, columns), {
    caption: 'The most probable class.',
    sentence,
    pixelated: true,
    width: PANEL,
  });
}

/** The signal at the pixels in their own colors, zero in the middle gray; the strongest half percent beyond the scale. */
function projectionRaster({ pixels, height, width }: Projection, channelOrder: 'rgb' | 'bgr'): Raster {
  const rgb = pixels.map((_, i) => pixels[channelOrder === 'rgb' ? i : i + 2 - 2 * (i % 3)] as number);
  return paintSignedColor(rgb, height, width, robustLimit(rgb));
}

function unitOf({ map }: ExplainedMap): string {
  if (map.method === 'occlusion') return 'fall in probability';
  if (map.method === 'hiResCam' || map.method === 'gradCam' || map.method === 'layerCam') return 'part of the margin';
  if (map.method === 'integratedGradients') return 'part of the difference';
  return map.method === 'guided' || map.method === 'deconvnet' ? 'size of the signal' : 'size of the gradient';
}

function howToRead(fill: FillKind): Markup {
  return html`<ul>
<li>Blue speaks for the class rather than the other one, orange against it; the scale of each map is its own and stands below it.</li>
<li>A map of cells is no finer than its cells, however smooth it looks over the photo.</li>
<li>A map says what would change the numbers, not what the network understands. Covering the place and running the network again is the test; what covers (here ${baselineTexts[fill]}, drawn gray) is a patch that no photo has: compare it with the random places.</li>
<li>Controls are measured in this network with as many photos as they say, and claim nothing of others. Passing means that no fault was found, not that the map is right.</li>
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
