import {
  divergingScale,
  figure,
  figureRow,
  grayScale,
  html,
  htmlPage,
  htmlTable,
  legendSvg,
  type Markup,
  numberText,
  paintMap,
  scaleNearest,
  scaleOf,
  tileGrid,
} from '../../draw/index.js';
import { lectureKernels } from '../../explain/index.js';
import { exampleScores } from '../workbook/scoreSheets.js';
import type { LessonZero } from './lessonZero.js';

/** Lesson 0 as a page: one file of HTML, with the numbers of the data that it was made from. */
export async function lessonPage(lesson: LessonZero): Promise<string> {
  return htmlPage({
    title: 'Lesson 0: a convolutional network without learning',
    intro: `A picture is a table of numbers, and a filter is a small one. Made by hand, eight filters are enough to tell an 8 from a 1. All numbers here were computed from ${lesson.data}.`,
    sections: [
      { title: 'A digit is a table of numbers', body: await digitSection(lesson) },
      { title: 'Eight filters made by hand', body: await filterSection(lesson) },
      { title: 'Max-pooling: where, but roughly', body: await poolingSection(lesson) },
      { title: 'Templates: an 8 or a 1?', body: await templateSection(lesson) },
      { title: 'What moves, moves its answers', body: movedSection(lesson) },
      { title: 'Zeros around the picture', body: paddingSection(lesson) },
      { title: 'Why not connect everything', body: parameterSection(lesson) },
      { title: 'Softmax, and what is wrong with proportions', body: softmaxSection() },
    ],
    footer: 'Made by fovea lesson. This page needs no network and no other file.',
  });
}

async function digitSection({ image, label }: LessonZero): Promise<Markup> {
  const scale = grayScale(0, 1);
  const shown = await figure(scaleNearest(paintMap(image, scale), 280, 280), {
    caption: `A ${label}`,
    sentence: `28 × 28 pixels, each a number from 0 (paper, black here) to 1 (ink, white here).`,
    legend: legendSvg(scale, { label: 'pixel' }),
    pixelated: true,
  });
  const rows = Array.from({ length: 10 }, (_, y) =>
    Array.from({ length: 10 }, (_unused, x) => numberText(image.values[(y + 9) * 28 + x + 9] as number, 2)),
  );
  const numbers = htmlTable({
    caption: 'The middle of it: rows and columns 10 to 19',
    columns: rows.map(() => ({ label: '', numeric: true })),
    rows,
  });
  return html`${shown}<details><summary>Its numbers</summary>${numbers}</details>`;
}

async function filterSection({ responses }: LessonZero): Promise<Markup> {
  const weights = divergingScale(1.5, { scope: 'all eight filters' });
  const kernels = await figure(
    tileGrid(
      lectureKernels.map(({ kernel }) => scaleNearest(paintMap(kernel, weights), 96, 96)),
      { columns: 4, gap: 8, background: [255, 255, 255] },
    ),
    {
      caption: 'The filters',
      sentence: 'In the first row an edge from four sides, in the second a diagonal one from four corners.',
      legend: legendSvg(weights, { label: 'weight' }),
    },
  );
  const limit = Math.max(...responses.map(({ map }) => map.values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)));
  const scale = divergingScale(limit, { scope: 'all eight filters' });
  const maps = await figure(
    tileGrid(
      responses.map(({ map }) => scaleNearest(paintMap(map, scale), 112, 112)),
      { columns: 4, gap: 8, background: [255, 255, 255], captions: responses.map(({ name }) => name) },
    ),
    {
      caption: 'Their answers',
      sentence: `From ${numberText(-limit)} to ${numberText(limit)}; ${responses[0]?.name} answers most strongly where ink lies below paper.`,
      legend: legendSvg(scale, { label: 'answer' }),
    },
  );
  return html`<p>At each place nine pixels are multiplied with the filter's nine numbers; the sum is the answer there. On a picture of 0 to 1 a straight edge answers with 3 at most: three bright pixels in the middle, three dark ones beside them.</p>${figureRow([kernels, maps])}`;
}

async function poolingSection({ responses }: LessonZero): Promise<Markup> {
  const scale = scaleOf(
    responses.flatMap(({ pooled }) => Array.from(pooled.values)),
    { scope: 'all eight filters' },
  );
  const pooled = await figure(
    tileGrid(
      responses.map((one) => scaleNearest(paintMap(one.pooled, scale), 112, 112)),
      { columns: 4, gap: 8, background: [255, 255, 255], captions: responses.map(({ name }) => name) },
    ),
    {
      caption: 'Pooled',
      sentence: 'Of each 7 × 7 window only the greatest answer is kept: 28 × 28 becomes 4 × 4.',
      legend: legendSvg(scale, { label: 'greatest answer' }),
    },
  );
  return html`<p>Pooling forgets where exactly an edge was, so that digits written a little differently come out alike.</p>${pooled}`;
}

async function templateSection({ templates, results }: LessonZero): Promise<Markup> {
  const scale = scaleOf(
    templates.flatMap(({ values }) => Array.from(values)),
    { scope: 'both templates' },
  );
  const pictures = await Promise.all(
    templates.map(({ digit, from, values }) => {
      const tiles = lectureKernels.map((_, i) => {
        const map = { values: values.subarray(i * 16, (i + 1) * 16), height: 4, width: 4 };
        return scaleNearest(paintMap(map, scale), 72, 72);
      });
      return figure(tileGrid(tiles, { columns: 4, gap: 6, background: [255, 255, 255] }), {
        caption: `The template of ${digit}`,
        sentence: `The mean of ${from} digits' pooled answers, filter by filter, with mean 0 and standard deviation 1.`,
        legend: legendSvg(scale, { label: 'answer' }),
      });
    }),
  );
  const table = htmlTable({
    columns: [
      { label: 'digit' },
      { label: 'right', numeric: true },
      { label: 'wrong', numeric: true },
      { label: 'of', numeric: true },
      { label: 'share right', numeric: true },
    ],
    rows: results.map(({ digit, right, total }) => {
      return [`${digit}`, right, total - right, total, `${((100 * right) / total).toFixed(1)} %`];
    }),
  });
  return html`<p>A new digit is called what its pooled answers are nearer to: the sum of squared differences to each template decides. Nothing was learned; the filters came from a person. A network does the same and finds the filters too.</p>${figureRow(pictures)}<p>On digits that no template was made from:</p>${table}`;
}

function movedSection({ movedDifference }: LessonZero): Markup {
  return html`<p>The digit was moved by 2 pixels down and 3 to the right and filtered again. Away from the border its answers are the old ones, moved by as much; the greatest difference is ${numberText(movedDifference)}. A filter finds its pattern wherever it is (equivariance); pooling then makes the place count less.</p>`;
}

function paddingSection({ padding }: LessonZero): Markup {
  return html`<p>A 3 × 3 filter has no place on the outermost pixels, so a picture shrinks by 2 each time. One row of zeros on every side keeps its size.</p>${htmlTable(
    {
      columns: [{ label: 'step' }, { label: 'height × width × channels', numeric: true }],
      rows: padding.map(({ name, shape }) => [name, shape.join(' × ')]),
    },
  )}`;
}

function parameterSection({ parameters: { dense, convolution } }: LessonZero): Markup {
  const commas = (n: number) => n.toLocaleString('en-US');
  return html`<p>Twelve pictures of 28 × 28 can be made from one by connecting every pixel with every result, or with twelve filters that are used everywhere:</p>${htmlTable(
    {
      columns: [{ label: 'layer' }, { label: 'numbers to learn', numeric: true }],
      rows: [
        ['dense: 784 × 9,408 weights and 9,408 biases', commas(dense)],
        ['convolution: twelve filters of 9 weights and a bias', commas(convolution)],
      ],
    },
  )}<p>The filters need ${commas(Math.round(dense / convolution))} times fewer.</p>`;
}

function softmaxSection(): Markup {
  const values = exampleScores.map(({ value }) => value);
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const exps = values.map(Math.exp);
  const [total, absTotal, expTotal] = [sum(values), sum(values.map(Math.abs)), sum(exps)];
  return html`<p>Scores become probabilities with softmax: each one's exponential, divided by the sum of all exponentials. Dividing the scores themselves gives negative probabilities, and with their absolute values a strong “no” counts as a strong “yes”.</p>${htmlTable(
    {
      columns: ['', 'score', 'exp', 'softmax', 'proportion', 'of absolute values'].map((label, i) => ({
        label,
        numeric: i > 0,
      })),
      rows: exampleScores.map(({ name, value }, i) => [
        name,
        value.toFixed(4),
        (exps[i] as number).toFixed(4),
        ((exps[i] as number) / expTotal).toFixed(4),
        (value / total).toFixed(4),
        (Math.abs(value) / absTotal).toFixed(4),
      ]),
    },
  )}<p class="muted">Softmax always sums to 1; adding the same number to all scores changes nothing.</p>`;
}
