import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { colorMaps, notFiniteColor } from './colorMaps.js';
import { drawText, fitText, textSize } from './font.js';
import { labelMap } from './labelMap.js';
import { legendSvg } from './legend.js';
import { numberText } from './numberText.js';
import { overlayHeat, overlayScale } from './overlay.js';
import { paintMap, paintSignedColor } from './paint.js';
import { encodePng } from './png.js';
import { type Color, Raster, rasterFromPixels } from './raster.js';
import { scaleNearest, scaleSmooth } from './resize.js';
import { divergingScale, scaleOf, sequentialScale } from './scale.js';
import { tileGrid, tileLayout } from './tiles.js';

/** Lightness of OKLab, from sRGB: the inverse of what the maps are made with, written anew. */
function lightness([red, green, blue]: readonly number[]): number {
  const linear = [red, green, blue].map((one = 0) => {
    const part = one / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const [r, g, b] = linear;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

const entry = (map: Uint8Array, i: number) => Array.from(map.subarray(i * 3, i * 3 + 3));

describe('color maps', () => {
  test('sequential: lightness rises in equal steps', () => {
    const steps = Array.from({ length: 256 }, (_, i) => lightness(entry(colorMaps.sequential, i)));
    for (let i = 0; i < 256; i++) expect(Math.abs((steps[i] as number) - (0.2 + (0.76 * i) / 255))).toBeLessThan(0.012);
  });

  test.each(['diverging', 'divergingDark'] as const)('%s: neutral in the middle, both sides equally light', (name) => {
    const map = colorMaps[name];
    for (const middle of [127, 128]) {
      const [red = 0, green = 0, blue = 0] = entry(map, middle);
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThanOrEqual(1);
    }
    for (let i = 0; i < 128; i++) {
      expect(Math.abs(lightness(entry(map, i)) - lightness(entry(map, 255 - i)))).toBeLessThan(0.012);
    }
    const [red, , blue] = entry(map, 0) as [number, number, number];
    expect(red).toBeGreaterThan(blue + 60);
    const [red2, , blue2] = entry(map, 255) as [number, number, number];
    expect(blue2).toBeGreaterThan(red2 + 60);
  });
});

test('a map of labels: one color and number for each label, the same for the same', () => {
  const picture = labelMap([0, 1, 1, 0, 7, 2], 2, 3, 20);
  expect([picture.width, picture.height]).toEqual([60, 40]);
  const cell = (i: number) => [
    ...picture.crop({ x: (i % 3) * 20, y: Math.floor(i / 3) * 20, width: 20, height: 20 }).data,
  ];
  expect(cell(1)).toEqual(cell(2));
  expect(cell(0)).toEqual(cell(3));
  expect(cell(0)).not.toEqual(cell(1));
  // Colors come round again, numbers do not.
  expect(cell(4).slice(0, 4)).toEqual(cell(0).slice(0, 4));
  expect(cell(4)).not.toEqual(cell(0));
});

describe('scales', () => {
  const weights = Float32Array.from([-1, 0, 1, -2, 0, 2, -1, 0, 1]);

  test('zero is pinned: seven times the weights give the same picture and a legend of seven times the numbers', () => {
    const larger = weights.map((one) => one * 7);
    const [scale, scale7] = [scaleOf(weights), scaleOf(larger)];
    const picture = paintMap({ values: weights, height: 3, width: 3 }, scale);
    expect(paintMap({ values: larger, height: 3, width: 3 }, scale7).data).toEqual(picture.data);
    expect(scale7.ticks).toEqual(scale.ticks.map((one) => one * 7));
    expect(legendSvg(scale).text).toContain('>−2<');
    expect(legendSvg(scale7).text).toContain('>−14<');
    const [red, green, blue] = picture.get(1, 1);
    expect([green, blue]).toEqual([red, red]);
  });

  test('a filter with a sign on each side is painted as far from the middle gray on both', () => {
    const sobel = Array.from(weights).flatMap((one) => [one, one, one]);
    const picture = paintSignedColor(sobel, 3, 3, 2);
    for (let y = 0; y < 3; y++) {
      expect(picture.get(1, y)).toEqual([128, 128, 128, 255]);
      const [[left], [right]] = [picture.get(0, y), picture.get(2, y)];
      expect(left + right).toBe(256);
    }
    const seven = paintSignedColor(
      sobel.map((one) => one * 7),
      3,
      3,
      14,
    );
    expect(seven.data).toEqual(picture.data);
  });

  test('what is not finite has a color of its own, and does not stretch the scale', () => {
    const values = [0, 1, Number.NaN, Number.POSITIVE_INFINITY];
    const scale = scaleOf(values);
    expect(scale.max).toBe(1);
    const picture = paintMap({ values, height: 2, width: 2 }, scale);
    expect(picture.get(0, 1).slice(0, 3)).toEqual(notFiniteColor);
    expect(picture.get(1, 1).slice(0, 3)).toEqual(notFiniteColor);
  });

  test('equal values do not divide by zero', () => {
    expect(scaleOf([0, 0]).position(0)).toBe(0);
    expect(divergingScale(0).position(0)).toBe(0.5);
    expect(() => sequentialScale(1, 0)).toThrow('the lower one first');
    expect(() => divergingScale(Number.NaN)).toThrow('finite');
  });
});

test.each([
  [0, '0'],
  [-0.5, '−0.5'],
  [1234, '1234'],
  [0.0001234, '0.000123'],
  [12.345, '12.3'],
  [1e9, '1e9'],
  [-3e-7, '−3e-7'],
  [Number.NaN, 'not a number'],
  [100, '100'],
])('%f is written %s', (value, text) => expect(numberText(value)).toBe(text));

describe('encodePng', () => {
  const noise = (size: number, color: (random: () => number) => Color) => {
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state % 256;
    };
    const picture = new Raster(size, size);
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) picture.set(x, y, color(random));
    return picture;
  };
  const pictures: [string, Raster, number, number][] = [
    ['colors', noise(40, (next) => [next(), next(), next()]), 2, 8],
    ['opacity', noise(40, (next) => [next(), next(), next(), next()]), 6, 8],
    [
      'grays',
      noise(40, (next) => {
        const one = next();
        return [one, one, one];
      }),
      0,
      8,
    ],
    ['two colors', noise(39, (next) => (next() > 128 ? [255, 0, 0] : [0, 0, 255])), 3, 1],
    ['three colors', noise(13, (next) => [next() % 3, 0, 9]), 3, 2],
    ['twelve colors, one transparent', noise(21, (next) => [next() % 12, 0, 9, next() % 12 === 0 ? 255 : 0]), 3, 8],
    ['one pixel', new Raster(1, 1).fill([1, 2, 3, 4]), 3, 1],
  ];

  test.each(pictures)('%s come back as they were', async (_, picture, colorType, bits) => {
    const bytes = await encodePng(picture);
    expect([bytes[25], bytes[24]]).toEqual([colorType, bits]);
    const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([picture.width, picture.height]);
    expect(Buffer.from(picture.data).equals(data)).toBe(true);
    expect(await encodePng(picture)).toEqual(bytes);
  });

  test('a smooth picture is much smaller than its pixels', async () => {
    const picture = new Raster(128, 128);
    for (let y = 0; y < 128; y++) for (let x = 0; x < 128; x++) picture.set(x, y, [x * 2, y * 2, (x + y) % 256]);
    expect((await encodePng(picture)).length).toBeLessThan(128 * 128 * 3 * 0.05);
  });

  test('carries texts', async () => {
    const bytes = await encodePng(new Raster(2, 2), { texts: { Software: 'fovea', Comment: 'Größe α' } });
    const comments = (await sharp(bytes).metadata()).comments;
    expect(comments).toEqual([
      { keyword: 'Software', text: 'fovea' },
      { keyword: 'Comment', text: 'Größe α' },
    ]);
  });
});

describe('rasters', () => {
  test('a half transparent pixel mixes', () => {
    const picture = new Raster(1, 1).fill([0, 0, 0]).blit(new Raster(1, 1).fill([255, 255, 255, 128]), 0, 0);
    expect(picture.get(0, 0)).toEqual([128, 128, 128, 255]);
  });

  test('what does not lie within is cut off or refused', () => {
    const picture = new Raster(3, 3).fill([1, 1, 1]).blit(new Raster(3, 3).fill([9, 9, 9]), 2, -2);
    expect(picture.get(2, 0)).toEqual([9, 9, 9, 255]);
    expect(picture.get(2, 1)).toEqual([1, 1, 1, 255]);
    expect(() => picture.crop({ x: 1, y: 1, width: 3, height: 1 })).toThrow('must lie within');
    expect(() => new Raster(0, 4)).toThrow('from 1');
    expect(() => new Raster(1e6, 1e6)).toThrow('at most');
    expect(() => rasterFromPixels([1, 2], 1, 1)).toThrow('1 or 3 numbers');
  });

  test('scaling keeps cells, means and flat pictures', () => {
    const picture = new Raster(2, 1);
    picture.set(0, 0, [10, 20, 30]);
    picture.set(1, 0, [110, 120, 130]);
    const large = scaleNearest(picture, 4, 2);
    expect([0, 1, 2, 3].map((x) => large.get(x, 1)[0])).toEqual([10, 10, 110, 110]);
    expect(scaleSmooth(picture, 1, 1).get(0, 0)).toEqual([60, 70, 80, 255]);
    expect([0, 1, 2, 3].map((x) => scaleSmooth(picture, 4, 1).get(x, 0)[0])).toEqual([10, 35, 85, 110]);
    expect(scaleSmooth(new Raster(7, 5).fill([5, 6, 7]), 13, 3).data).toEqual(new Raster(13, 3).fill([5, 6, 7]).data);
  });

  test('tiles lie where the layout says', () => {
    const tiles = [1, 2, 3].map((shade) => new Raster(4, 4).fill([shade, shade, shade]));
    const grid = tileGrid(tiles, { columns: 2, gap: 1, background: [0, 0, 0], captions: ['a', 'b', 'c'] });
    const layout = tileLayout(3, 4, 4, { columns: 2, gap: 1, captions: [] });
    expect([grid.width, grid.height]).toEqual([layout.width, layout.height]);
    for (const [i, [x, y]] of layout.corners.entries()) expect(grid.get(x, y)[0]).toBe(i + 1);
    expect(tileGrid([]).width).toBeGreaterThan(0);
  });

  test('text is as large as it says, and is cut where it does not fit', () => {
    const size = textSize('gW\nx', 2);
    const picture = new Raster(size.width, size.height).fill([255, 255, 255]);
    drawText(picture, 'gW\nx', 0, 0, { scale: 2 });
    expect(picture.get(12, 0)).toEqual([0, 0, 0, 255]);
    expect(fitText('abcdef', 23)).toBe('ab..');
    expect(fitText('abcd', 23)).toBe('abcd');
  });

  test('the legend of a heat map has the colors that it lays over a white photo', () => {
    const values = [0, 0.25, 0.5, 1];
    const white = new Raster(4, 1).fill([255, 255, 255]);
    for (const [scale, signs] of [
      [sequentialScale(0, 1), [1]],
      [divergingScale(1), [1, -1]],
    ] as const) {
      for (const sign of signs) {
        const heat = { values: values.map((value) => sign * value), height: 1, width: 4 };
        const laid = overlayHeat(white, heat, scale, { contour: false });
        for (const [i, value] of heat.values.entries()) {
          const shown = overlayScale(scale).color(value);
          for (let k = 0; k < 3; k++)
            expect(Math.abs((shown[k] as number) - (laid.data[i * 4 + k] as number))).toBeLessThan(2);
        }
      }
    }
    expect(overlayScale(sequentialScale(0, 1)).describe()).toMatch(/^Pale is 0, strong 1/);
    expect(overlayScale(divergingScale(2, { scope: 'this map' }))).toMatchObject({
      min: -2,
      max: 2,
      scope: 'this map',
    });
  });

  test('a heat map covers the photo where it is strong, and leaves it alone where it is zero', () => {
    const photo = new Raster(8, 8).fill([200, 200, 200]);
    const heat = { values: [1, 0, 0, 0], height: 2, width: 2 };
    const covered = overlayHeat(photo, heat, sequentialScale(0, 1), { contour: false });
    expect(covered.get(7, 7)).toEqual([200, 200, 200, 255]);
    const [red, green] = covered.get(0, 0);
    expect(red - green).toBeGreaterThan(80);
    const signed = overlayHeat(photo, { ...heat, values: [1, 0, 0, -1] }, divergingScale(1), { contour: false });
    const [a, b] = [signed.get(0, 0), signed.get(7, 7)];
    expect(a[2]).toBeGreaterThan(a[0] + 60);
    expect(b[0]).toBeGreaterThan(b[2] + 60);
  });
});
