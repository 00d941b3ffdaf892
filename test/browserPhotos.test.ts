import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPhotoDecoder } from '../src/data/node/photoDecoder.js';
import type { Photo } from '../src/data/photos/photo.js';
import { preprocessingFrom } from '../src/data/photos/photoPreprocessing.js';
import { RandomStream } from '../src/tensor/random.js';
import { sharedData } from '../src/testing/sharedData.js';
import type { photosInPage as inPage, PageOptions } from './browser/photosPage.js';
import { bundle, type Site, serve } from './browser/site.js';

/** Photos in Chromium beside the same in Node. */

const executablePath = process.env.FOVEA_CHROMIUM ?? '/usr/bin/chromium';
const missing = !existsSync(executablePath);
const data = sharedData();

declare global {
  var photosInPage: typeof inPage;
}

/** Soft blobs in color. */
function scene(width = 120, height = 90, channels: 3 | 4 = 3) {
  const random = new RandomStream(5, 'scene');
  const pixels = Uint8Array.from({ length: 100 * channels }, () => random.below(256));
  const small = sharp(pixels, { raw: { width: 10, height: 10, channels } });
  return small.resize(width, height, { kernel: 'cubic', fit: 'fill' });
}

describe.skipIf(missing)(
  missing ? `photos in a browser: skipped, there is no ${executablePath}` : 'photos in headless Chromium',
  {
    timeout: 120_000,
  },
  () => {
    let site: Site | undefined;
    let browser: Browser | undefined;
    let page: Page;

    beforeAll(async () => {
      site = await serve(await bundle('test/browser/photosPage.ts'));
      const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
      args.push('--disable-component-update', '--disable-sync');
      browser = await chromium.launch({ executablePath, args });
      page = await browser.newPage();
      await page.goto(site.plain);
      await page.waitForFunction('globalThis.photosInPage !== undefined');
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      await site?.close();
    });

    const inBrowser = (bytes: Uint8Array, options: PageOptions = {}, whole = false) =>
      page.evaluate(([base64, asked, all]) => globalThis.photosInPage.decode(base64, asked, all), [
        Buffer.from(bytes).toString('base64'),
        options,
        whole,
      ] as const);
    const inNode = async (bytes: Uint8Array, options: PageOptions, whole: boolean): Promise<Photo> => {
      const decoder = await createPhotoDecoder(options);
      return decoder.decode(bytes, 'x', whole ? undefined : preprocessingFrom(options));
    };

    /** Mean and largest difference of values 0 to 255. */
    async function difference(bytes: Uint8Array, options: PageOptions = {}, whole = false) {
      const [theirs, ours] = [await inBrowser(bytes, options, whole), await inNode(bytes, options, whole)];
      if ('kind' in theirs) throw new Error(theirs.message);
      expect([theirs.width, theirs.height]).toEqual([ours.width, ours.height]);
      const off = theirs.pixels.map((value, i) => Math.abs(value - (ours.pixels[i] as number)));
      return {
        mean: off.reduce((sum, one) => sum + one, 0) / off.length,
        most: off.reduce((a, b) => Math.max(a, b), 0),
      };
    }

    test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('%s whole: as in Node', async (format) => {
      const bytes = await scene().toFormat(format, { quality: 90 }).toBuffer();
      const { mean, most } = await difference(bytes, {}, true);
      expect(mean).toBeLessThan(format === 'png' || format === 'gif' ? 0.01 : 1);
      expect(most).toBeLessThan(format === 'png' || format === 'gif' ? 1 : 8);
    });

    test.each<[string, PageOptions]>([
      ['squash', { size: 48, resize: 'squash' }],
      ['crop', { size: 48, resize: 'crop', interpolation: 'bicubic' }],
      ['pad', { size: 48, resize: 'pad', background: [10, 200, 30] }],
      ['nearest', { size: 48, resize: 'crop', interpolation: 'nearest' }],
      ['larger', { size: 200, resize: 'squash' }],
    ])('%s: as in Node', async (_, options) => {
      const { mean } = await difference(await scene(611, 523).png().toBuffer(), options);
      expect(mean).toBeLessThan(options.interpolation === 'nearest' ? 0.01 : 1.5);
    });

    test('orientation, grey, alpha, 16 bits and color profiles', async () => {
      const size = { size: 40, resize: 'pad', background: [255, 0, 90] } as const;
      for (const orientation of [1, 3, 6, 8]) {
        const bytes = await scene().jpeg().withMetadata({ orientation }).toBuffer();
        expect((await difference(bytes, size)).mean, `orientation ${orientation}`).toBeLessThan(1.5);
      }
      const kinds = {
        grey: await scene().grayscale().jpeg().toBuffer(),
        alpha: await scene(120, 90, 4).png().toBuffer(),
        '16 bits': await scene().toColourspace('rgb16').png().toBuffer(),
        profile: await scene().withIccProfile('p3').png().toBuffer(),
      };
      for (const [name, bytes] of Object.entries(kinds)) {
        expect((await difference(bytes, size)).mean, name).toBeLessThan(1.5);
      }
    });

    test('what is broken, too large or not read is refused by its kind', async () => {
      const kindOf = async (bytes: Uint8Array, options: PageOptions = {}) => {
        const result = await inBrowser(bytes, options);
        return 'kind' in result ? result.kind : 'decoded';
      };
      const jpeg = await scene().jpeg().toBuffer();
      const png = await scene().png().toBuffer();
      const webp = await scene().webp().toBuffer();
      const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
      expect(await kindOf(jpeg)).toBe('decoded');
      for (const cut of [
        half(jpeg),
        half(png),
        half(webp),
        Buffer.from('no photo'),
        Buffer.alloc(0),
        jpeg.subarray(0, 30),
      ]) {
        expect(await kindOf(cut)).toBe('broken');
      }
      expect(await kindOf(await scene().tiff().toBuffer())).toBe('unsupported');
      expect(await kindOf(Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]))).toBe('unsupported');
      // A bomb: its header says what it would become, so that nothing is decoded.
      const bomb = Buffer.from(png);
      bomb.writeUInt32BE(60_000, 16);
      bomb.writeUInt32BE(60_000, 20);
      expect(await kindOf(bomb)).toBe('tooLarge');
      expect(await kindOf(png, { maxPixels: 100 })).toBe('tooLarge');
    });

    test('as a data set: a broken photo stands out of training', async () => {
      const png = await scene().png().toBuffer();
      const files = [png, png, png.subarray(0, 100), png].map((bytes) => bytes.toString('base64'));
      const result = await page.evaluate((all) => globalThis.photosInPage.dataset(all), files);
      expect(result).toMatchObject({
        shape: [4, 8, 8, 3],
        classes: ['a', 'b'],
        y: [0, 1, 0, 1],
        weights: [1, 1, 0, 1],
      });
      expect(result.problems.map(({ path, kind }) => [path, kind])).toEqual([['2', 'broken']]);
    });

    const cats = join(data, 'images/cats-vs-dogs/valid/cats');
    test.skipIf(!existsSync(cats))('real photos (skipped where absent)', async () => {
      for (const name of readdirSync(cats).slice(0, 4)) {
        const bytes = readFileSync(join(cats, name));
        expect((await difference(bytes, { size: 96, resize: 'squash' })).mean, name).toBeLessThan(1.5);
      }
    });
  },
);

test('photos add little to a bundle', async () => {
  expect(gzipSync(await bundle('src/data/photos/index.ts'), { level: 9 }).length).toBeLessThan(15_000);
});
