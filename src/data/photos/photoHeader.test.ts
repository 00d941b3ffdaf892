import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { sharedData } from '../../testing/sharedData.js';
import { readPhotoHeader } from './photoHeader.js';

const draw = (width: number, height: number) =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31) % 251),
    {
      raw: { width, height, channels: 3 },
    },
  );
const kinds = {
  jpeg: () => draw(33, 21).jpeg().toBuffer(),
  'jpeg, progressive, with EXIF': () =>
    draw(33, 21).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
  png: () => draw(33, 21).png().toBuffer(),
  gif: () => draw(33, 21).gif().toBuffer(),
  'webp, lossy': () => draw(33, 21).webp().toBuffer(),
  'webp, lossless': () => draw(33, 21).webp({ lossless: true }).toBuffer(),
  'webp, extended': () => draw(33, 21).webp().withMetadata({ orientation: 1 }).toBuffer(),
  avif: () => draw(33, 21).avif().toBuffer(),
};

test.each(Object.entries(kinds))('%s', async (name, make) => {
  const bytes = await make();
  const header = { format: name.split(',')[0], width: 33, height: 21, cutOff: false };
  expect(readPhotoHeader(bytes)).toEqual(header);
  // Bytes in the middle of a buffer.
  expect(readPhotoHeader(Buffer.concat([Buffer.alloc(7), bytes]).subarray(7))).toEqual(header);
  if (!['gif', 'avif'].includes(name)) expect(readPhotoHeader(bytes.subarray(0, -20))?.cutOff).toBe(true);
});

test('whatever the bytes are, a header is read or there is none', async () => {
  const random = new RandomStream(1, 'headers');
  for (const make of Object.values(kinds)) {
    const bytes = await make();
    for (let i = 0; i < 200; i++) {
      const damaged = Uint8Array.from(bytes).subarray(0, 1 + random.below(bytes.length));
      for (let k = random.below(4); k >= 0; k--)
        damaged[random.below(Math.min(200, damaged.length))] = random.below(256);
      const header = readPhotoHeader(damaged);
      if (header !== undefined) expect(header.width * header.height).toBeGreaterThan(0);
    }
  }
  expect(readPhotoHeader(new Uint8Array(0))).toBeUndefined();
});

const data = sharedData();
const folders = ['conformance/jpeg-reftest/mozilla', 'conformance/pngsuite', 'conformance/exif-orientation'];

test.skipIf(!existsSync(join(data, folders[0] as string)))(
  'the size that libvips reads, of the files of the suites (skipped where absent)',
  async () => {
    let count = 0;
    for (const folder of folders) {
      for (const name of readdirSync(join(data, folder))) {
        if (!/^[^x].*\.(jpg|png)$/.test(name)) continue;
        const bytes = readFileSync(join(data, folder, name));
        const { width, height } = await sharp(bytes).metadata();
        expect(readPhotoHeader(bytes), name).toMatchObject({ width, height, cutOff: false });
        count++;
      }
    }
    expect(count).toBeGreaterThan(200);
  },
);
