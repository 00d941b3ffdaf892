import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect } from 'vitest';
import { encodePng } from '../png.js';
import type { Raster } from '../raster.js';

/** Pictures as they were when somebody last looked at them; FOVEA_UPDATE_PICTURES=1 stores new ones, to be looked at. */
const update = process.env.FOVEA_UPDATE_PICTURES === '1';

/** Expects a picture to look as the one that is stored under this name in a folder. */
export async function expectStored(picture: Raster, folder: string, name: string): Promise<void> {
  const file = join(folder, `${name}.png`);
  if (update || !existsSync(file)) {
    if (!update) throw new Error(`${file} is missing: store it with FOVEA_UPDATE_PICTURES=1, and look at it`);
    writeFileSync(file, await encodePng(picture));
  }
  const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([picture.width, picture.height]).toEqual([info.width, info.height]);
  // Processors round exponentials differently; a wrong color, place or letter is far beyond this.
  const different = picture.data.filter((value, i) => Math.abs(value - (data[i] as number)) > 3);
  expect(different.length).toBeLessThanOrEqual(picture.data.length * 0.001);
}
