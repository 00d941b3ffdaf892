import type { Dataset } from '../../data/dataset.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { encodePng } from '../../draw/png.js';
import { Raster } from '../../draw/raster.js';
import type { Picture } from '../../pages/report/pictureShelf.js';
import { FoveaError } from '../../tensor/errors.js';
import { isPicture } from '../pictures.js';

/** Twice the width at which pages show pictures, for fine screens. */
const WIDTH = 224;

/** Small JPEG pictures of photos as the network sees them, without anything else that their files say. */
export function photoPictures(data: PhotoDataset): (index: number) => Promise<Picture | undefined> {
  return async (index) => {
    try {
      const { pixels, height, width } = await data.photo(index);
      const { default: sharp } = await import('sharp');
      const raw = sharp(pixels, { raw: { width, height, channels: 3 } });
      const { data: bytes, info } = await raw
        .resize({ width: WIDTH, withoutEnlargement: true })
        .jpeg({ quality: 70 })
        .toBuffer({ resolveWithObject: true });
      return { bytes, type: 'image/jpeg', width: info.width, height: info.height, pixelated: width < 64 };
    } catch (error) {
      if (error instanceof FoveaError) return undefined;
      throw error;
    }
  };
}

/** PNG pictures of examples, one or three channels from 0 to 1; none of data that is no pictures. */
export function examplePictures(data: Dataset): ((index: number) => Promise<Picture | undefined>) | undefined {
  if (!isPicture(data.inputShape)) return undefined;
  const [height = 1, width = 1, channels = 1] = data.inputShape;
  return async (index) => {
    const { x } = await data.batch(Uint32Array.of(index));
    const raster = new Raster(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        const value = x.data[i * channels + (channels === 1 ? 0 : c)] as number;
        raster.data[4 * i + c] = Math.max(0, Math.min(255, Math.round(255 * value)));
      }
      raster.data[4 * i + 3] = 255;
    }
    return { bytes: await encodePng(raster), type: 'image/png', width, height, pixelated: true };
  };
}
