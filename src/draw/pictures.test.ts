import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { barChart } from './barChart.js';
import { colorMaps } from './colorMaps.js';
import { drawText } from './font.js';
import { countBins, histogram } from './histogram.js';
import { legendRaster, legendSvg } from './legend.js';
import { lineChart } from './lineChart.js';
import { matrixChart } from './matrixChart.js';
import { drawBox, overlayHeat } from './overlay.js';
import { paintMap, paintSignedColor } from './paint.js';
import { Raster } from './raster.js';
import { scaleNearest, scaleSmooth } from './resize.js';
import { divergingScale, grayScale, sequentialScale } from './scale.js';
import { expectStored } from './testing/storedPicture.js';
import { tileGrid } from './tiles.js';

/** Pictures as they were when somebody last looked at them; FOVEA_UPDATE_PICTURES=1 stores new ones, to be looked at. */
const folder = join(import.meta.dirname, 'testing');

const wave = (x: number, y: number) => Math.sin(x / 4) * Math.cos(y / 3);
const waves = Array.from({ length: 24 * 32 }, (_, i) => wave(i % 32, Math.floor(i / 32)));
const map = { values: waves, height: 24, width: 32 };
const positive = { ...map, values: waves.map((value) => value * value) };

/** A photo of a kind: a bright disc before a slope of color. */
function photo(): Raster {
  const picture = new Raster(64, 48);
  for (let y = 0; y < 48; y++) {
    for (let x = 0; x < 64; x++) {
      const inside = (x - 40) ** 2 + (y - 20) ** 2 < 150;
      picture.set(x, y, inside ? [240, 220, 180] : [x * 2, 90 + y, 160 - x]);
    }
  }
  return picture;
}

const pictures: Readonly<Record<string, () => Raster>> = {
  colorMaps: () =>
    tileGrid(
      Object.values(colorMaps).map((colors) => {
        const strip = new Raster(256, 12);
        for (let x = 0; x < 256; x++) {
          const [red = 0, green = 0, blue = 0] = colors.subarray(x * 3, x * 3 + 3);
          strip.fill([red, green, blue], { x, y: 0, width: 1, height: 12 });
        }
        return strip;
      }),
      { columns: 1, gap: 3, background: [255, 255, 255], captions: Object.keys(colorMaps) },
    ),
  tiles: () =>
    tileGrid(
      [
        scaleNearest(paintMap(map, divergingScale(1)), 64, 48),
        scaleNearest(paintMap(map, divergingScale(1, { colorMap: colorMaps.divergingDark })), 64, 48),
        scaleNearest(paintMap(positive, sequentialScale(0, 1)), 64, 48),
        scaleSmooth(paintMap(positive, grayScale(0, 1)), 64, 48),
        legendRaster(divergingScale(2.5, { scope: 'conv1' }), { label: 'weight', width: 64 }),
      ],
      { columns: 3, gap: 4, background: [255, 255, 255], captions: ['signed', 'dark', 'sequential', 'gray', 'legend'] },
    ),
  filters: () =>
    tileGrid(
      [1, -1, 0].map((kind) => {
        const sobel = [1, 0, -1, 2, 0, -2, 1, 0, -1].flatMap((value) => [value, value * kind, -value]);
        return scaleNearest(paintSignedColor(sobel, 3, 3, 2), 30, 30);
      }),
    ),
  overlay: () => {
    const heat = { values: [0, 0.2, 0.1, 0.1, 1, 0.6, 0, 0.5, 0.2], height: 3, width: 3 };
    const signed = { ...heat, values: heat.values.map((value, i) => (i % 2 === 0 ? value : -value)) };
    const boxed = photo();
    drawBox(boxed, { x: 26, y: 6, width: 30, height: 30 });
    const shown = [overlayHeat(photo(), heat, sequentialScale(0, 1)), overlayHeat(photo(), signed, divergingScale(1))];
    return tileGrid([photo(), boxed, ...shown], { columns: 2, gap: 2 });
  },
  letters: () => {
    const picture = new Raster(210, 44).fill([255, 255, 255]);
    const lines = [
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ 012345',
      'abcdefghijklmnopqrstuvwxyz 6789.,',
      '!"#$%&\'()*+-/:;<=>?@[\\]^_`{|}~',
      '× · ∞ ° − ä conv_1: 4.31 at (5, 9)',
    ];
    drawText(picture, lines.join('\n'), 3, 3);
    return picture;
  },
};

describe.each(Object.keys(pictures))('%s', (name) => {
  test('looks as it did', async () => {
    const picture = (pictures[name] as () => Raster)();
    await expectStored(picture, folder, name);
  });
});

const losses = Array.from({ length: 12 }, (_, i) => 2.3 * 0.8 ** i);
const charts = {
  lineChart: lineChart({
    title: 'Loss',
    sentence: 'It falls from 2.3 to 0.2.',
    x: { label: 'epoch' },
    y: { label: 'loss (nats)', min: 0 },
    series: [
      { name: 'training', points: losses.map((loss, i) => [i + 1, loss]) },
      {
        name: 'validation <b>',
        points: losses.map((loss, i) => [i + 1, i === 4 ? Number.NaN : loss + i / 20]),
        band: losses.map((loss, i) => [loss + i / 20 - 0.1, loss + i / 20 + 0.1]),
      },
    ],
    marks: [{ x: 9, label: 'best' }],
  }),
  logLineChart: lineChart({
    title: 'Rates',
    sentence: 'A valley.',
    x: { label: 'learning rate', log: true },
    y: { label: 'loss', log: true },
    series: [{ name: 'loss', points: losses.map((_, i) => [10 ** (i / 2 - 6), 1 + (i - 6) ** 2]) }],
  }),
  barChart: barChart({
    title: 'Recall',
    sentence: 'Dogs are found more often.',
    valueLabel: 'recall',
    bars: [
      { label: 'cat', value: 0.5, low: 0.3, high: 0.7, text: '50 %, 10 of 20' },
      { label: 'dog', value: -0.2 },
      { label: 'none', value: Number.NaN },
    ],
  }),
  histogram: histogram({
    title: 'Weights',
    sentence: 'Around zero.',
    bins: countBins(waves, 12),
    xLabel: 'weight',
    marks: [{ x: 0, label: 'zero' }],
  }),
  matrixChart: matrixChart({
    title: 'Confusion',
    sentence: 'Cats are called dogs.',
    labels: ['cat', 'dog', 'a <long> name'],
    counts: [
      [9, 1, 0],
      [3, 7, 0],
      [0, 0, 0],
    ],
  }),
  legend: legendSvg(divergingScale(2.5, { scope: 'conv1' }), { label: 'weight' }),
};

describe.each(Object.entries(charts))('%s', (name, chart) => {
  test('is drawn as it was', async () => {
    await expect(`${chart.text}\n`).toMatchFileSnapshot(join(folder, `${name}.svg`));
  });

  test('is whole XML that says in words what it shows', async () => {
    expect(chart.text).toMatch(
      /^<svg [^>]*role="img" aria-label="[^"]+"[^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc>/,
    );
    expect(chart.text).not.toMatch(/NaN|undefined|Infinity|<b>|<long>/);
    // The renderer refuses what is not well-formed; its colors are the ones that stand for the page's variables.
    const { width } = await sharp(Buffer.from(chart.text)).metadata();
    expect(width).toBeGreaterThan(200);
  });
});

test('bins hold every finite value once', () => {
  const bins = countBins([0, 1, 1, 2, Number.NaN, Number.NEGATIVE_INFINITY], 2);
  expect(bins).toEqual({ edges: [0, 1, 2], counts: [1, 3], notFinite: 2 });
  expect(countBins([], 3).counts).toEqual([0, 0, 0]);
  expect(countBins([5], 1)).toMatchObject({ edges: [4.5, 5.5], counts: [1] });
  expect(() => countBins([1], 0)).toThrow('from 1');
});

test('a page escapes what people call their files, and can load nothing', async () => {
  const { html } = await import('./markup.js');
  const { htmlPage } = await import('./htmlPage.js');
  const { htmlTable } = await import('./htmlTable.js');
  const nasty = `<img src=x onerror="alert('1')">`;
  const page = htmlPage({
    title: nasty,
    intro: nasty,
    sections: [
      { title: nasty, body: html`<p title="${nasty}">${[nasty, 1, undefined, false, html`<b>${nasty}</b>`]}</p>` },
      { title: nasty, body: htmlTable({ columns: [{ label: nasty }], rows: [[nasty]] }) },
    ],
  });
  expect(page).not.toContain('<img');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain('<script');
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
