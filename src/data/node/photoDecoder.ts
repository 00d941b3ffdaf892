import type { Sharp, SharpOptions } from 'sharp';
import { FoveaError } from '../../tensor/errors.js';
import { type Background, layIntoFrame } from '../photos/framePhoto.js';
import type { Photo, PhotoHeader } from '../photos/photo.js';
import { checkedFormat, tooManyPixels, undecodable } from '../photos/photoRefusal.js';
import { type PhotoFrame, placePhoto } from '../photos/placePhoto.js';
import { resizePhoto } from '../photos/resizePhoto.js';

export interface PhotoDecoderOptions {
  /** Photos of more pixels are refused: a file of some kilobytes can claim billions. @default 100 million */
  readonly maxPixels?: number;
  /** What transparent parts and the bars of 'pad' become, RGB 0 to 255. @default white */
  readonly background?: Background;
}

/** Decodes photos with sharp (libvips), on threads of their own. */
export interface PhotoDecoder {
  /** Reads the header alone. */
  header(bytes: Uint8Array, where: string): Promise<PhotoHeader>;
  /** The whole photo, or as a network of this frame sees it. */
  decode(bytes: Uint8Array, where: string, frame?: PhotoFrame): Promise<Photo>;
}

const KERNELS = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const;
const TIMEOUT_SECONDS = 30;

/**
 * A decoder for JPEG, PNG, WebP, GIF (the first picture), TIFF (the first page) and AVIF, known by their contents. All
 * photos become 8-bit sRGB, upright as EXIF says, color profiles applied, transparent parts laid on the background.
 *
 * @throws FoveaError for a photo that cannot be decoded: `format`, with `data.kind` as in `PhotoProblem`.
 */
export async function createPhotoDecoder(options: PhotoDecoderOptions = {}): Promise<PhotoDecoder> {
  const sharp = await loadSharp();
  const [red, green, blue] = options.background ?? [255, 255, 255];
  const input: SharpOptions = {
    failOn: 'error',
    limitInputPixels: options.maxPixels ?? 100_000_000,
    sequentialRead: true,
    pages: 1,
  };
  const open = (bytes: Uint8Array, where: string): Sharp => {
    // Only the promised kinds reach libvips, whose readers of other formats are more than photos need.
    checkedFormat(bytes, where);
    return sharp(bytes, input).timeout({ seconds: TIMEOUT_SECONDS });
  };
  const header = async (bytes: Uint8Array, where: string): Promise<PhotoHeader> => {
    const image = open(bytes, where);
    const { format, autoOrient } = await withReason(() => image.metadata(), where);
    const { width, height } = autoOrient;
    if (width * height > (input.limitInputPixels as number)) {
      throw tooManyPixels(where, `${width} × ${height} pixels`);
    }
    return { format: format === 'heif' ? 'avif' : format, width, height };
  };
  return {
    header,
    async decode(bytes, where, frame) {
      let image = open(bytes, where)
        .autoOrient()
        .flatten({ background: { r: red, g: green, b: blue } });
      if (frame === undefined) return finish(image, where);
      const { resize } = frame;
      const { height, width } = await header(bytes, where);
      const place = placePhoto(height, width, frame);
      const own = resize.interpolation === 'nearest' || resize.antialias === false;
      if (!own) {
        const kernel = KERNELS[resize.interpolation];
        image = image.resize(place.width, place.height, { fit: 'fill', kernel });
      }
      const decoded = await finish(image, where);
      const resized = own ? resizePhoto(decoded, place.height, place.width, resize.interpolation, false) : decoded;
      return layIntoFrame(resized, place, frame, [red, green, blue]);
    },
  };
}

async function finish(image: Sharp, where: string): Promise<Photo> {
  const whole = image.toColourspace('srgb').raw({ depth: 'uchar' });
  const { data, info } = await withReason(() => whole.toBuffer({ resolveWithObject: true }), where);
  const { width, height, channels } = info;
  // Not a Buffer of Node's, whose slices are not copies.
  if (channels === 3) return { pixels: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
  if (channels !== 1) throw undecodable(new Error(`${channels} channels of color`), where);
  const pixels = new Uint8Array(data.length * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = data[Math.floor(i / 3)] as number;
  return { pixels, width, height };
}

/**
 * What sharp makes of a photo. libvips keeps the reasons of errors in one place for all threads, which any photo that is done
 * empties: where the reason is lost, the photo is tried again.
 */
async function withReason<T>(decode: () => Promise<T>, where: string, trials = 3): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    if (trials > 1 && cause instanceof Error && cause.message.trim() === 'Unknown error') {
      return withReason(decode, where, trials - 1);
    }
    throw undecodable(cause, where);
  }
}

async function loadSharp() {
  try {
    const { default: sharp } = await import('sharp');
    // Photos are decoded side by side: a second thread for each would take cores from training.
    sharp.concurrency(1);
    return sharp;
  } catch (cause) {
    const remedy = 'Install it anew with "npm install sharp"; its binaries must be those of this system';
    throw new FoveaError('file', { where: 'photos', rule: 'sharp is needed to decode photos', remedy, cause });
  }
}
