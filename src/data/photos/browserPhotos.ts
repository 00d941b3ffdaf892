import { FoveaError } from '../../tensor/errors.js';
import { type Background, layIntoFrame } from './framePhoto.js';
import type { Photo } from './photo.js';
import { readPhotoHeader } from './photoHeader.js';
import { byName, type PhotoPart, photoPart } from './photoParts.js';
import { type PreprocessingOptions, preprocessingFrom } from './photoPreprocessing.js';
import { checkedFormat, photoRefusal, tooManyPixels, undecodable } from './photoRefusal.js';
import type { PhotoSource } from './photoSource.js';
import { checkFrame, type PhotoFrame, placePhoto } from './placePhoto.js';
import type { Preprocessing } from './preprocessing.js';
import { resizePhoto } from './resizePhoto.js';

/** A photo that a person chose in a page. */
export interface ChosenPhoto {
  readonly file: Blob;
  readonly name: string;
  readonly className: string;
}

export interface BrowserDecoderOptions {
  /** Photos of more pixels are refused: a file of some kilobytes can claim billions. @default 100 million */
  readonly maxPixels?: number;
  /** What transparent parts and the bars of 'pad' become, RGB 0 to 255. @default white */
  readonly background?: Background;
}

/** No photo has more bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;
/** Rows that are read from a canvas at once, so that memory does not grow with the photo. */
const STRIP_ROWS = 256;

/**
 * Photos of a page as a source for `PhotoLoader` and `photoDataset`, as `photoFolder` makes one of files: 8-bit sRGB, upright
 * as EXIF says, color profiles applied by the browser, transparent parts laid on the background, resized by the same rules.
 * JPEG, PNG, WebP, GIF (the first picture) and AVIF. Runs on pages and in workers.
 *
 * @throws FoveaError `option` for a size that is not possible; `load` throws `format` for a photo that cannot be decoded, with
 * `data.kind` as in `PhotoProblem`.
 */
export function browserPhotos(
  photos: readonly ChosenPhoto[],
  options: BrowserDecoderOptions & PreprocessingOptions = {},
): PhotoSource & { readonly preprocessing: Preprocessing } {
  const preprocessing = preprocessingFrom(options);
  checkFrame('photos', preprocessing);
  const classNames = [...new Set(photos.map(({ className }) => className))].sort(byName);
  const classOf = new Map(classNames.map((name, i) => [name, i]));
  const [height, width] = preprocessing.crop;
  return {
    ...{ height, width, classNames, preprocessing },
    names: photos.map(({ name }) => name),
    labels: Int32Array.from(photos, ({ className }) => classOf.get(className) as number),
    load: async (index) => {
      const { file, name } = photos[index] as ChosenPhoto;
      return decodePhoto(file, { ...options, where: `photo "${name}"`, frame: preprocessing });
    },
  };
}

/**
 * The photos of a folder that a person chose (`<input type="file" webkitdirectory>`): each is of the class that its folder is
 * called; folders train, valid and test of those make parts. Photos beside the folders are left out.
 */
export function photosByFolder(files: Iterable<File>): (ChosenPhoto & { readonly part: PhotoPart })[] {
  return [...files].flatMap((file) => {
    // The first name is that of the chosen folder.
    const [, first, second, third] = file.webkitRelativePath.split('/');
    const part = third === undefined ? undefined : photoPart(first ?? '');
    const className = part === undefined ? first : second;
    const inClass = part === undefined ? second !== undefined : third !== undefined;
    if (className === undefined || !inClass || file.name.startsWith('.')) return [];
    return [{ file, name: file.webkitRelativePath, className, part: part ?? 'train' }];
  });
}

/**
 * Decodes a photo in a browser: the whole, or as a network of this frame sees it.
 *
 * @throws FoveaError `format` for a photo that cannot be decoded, with `data.kind` as in `PhotoProblem`.
 */
export async function decodePhoto(
  file: Blob,
  {
    where = 'photo',
    frame,
    maxPixels = 100_000_000,
    background = [255, 255, 255],
  }: BrowserDecoderOptions & { readonly where?: string; readonly frame?: PhotoFrame } = {},
): Promise<Photo> {
  await checkBeforehand(file, where, maxPixels);
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch((cause: unknown) => {
    throw undecodable(cause, where);
  });
  try {
    const { height, width } = bitmap;
    if (height * width > maxPixels) throw tooManyPixels(where, `${width} × ${height} pixels`);
    if (frame === undefined) return readInStrips(bitmap, background, (strip) => strip);
    const { interpolation, antialias } = frame.resize;
    const place = placePhoto(height, width, frame);
    // Each direction by itself, as one step does them: so no more than a strip is there in full width.
    const narrow = readInStrips(bitmap, background, (strip) =>
      resizePhoto(strip, strip.height, place.width, interpolation, antialias),
    );
    const resized = resizePhoto(narrow, place.height, place.width, interpolation, antialias);
    return layIntoFrame(resized, place, frame, background);
  } finally {
    bitmap.close();
  }
}

/** Looks at the header before anything is decoded. */
async function checkBeforehand(file: Blob, where: string, maxPixels: number): Promise<void> {
  if (file.size > MAX_PHOTO_BYTES) {
    const [rule, remedy] = [`a photo may have ${MAX_PHOTO_BYTES} bytes`, 'Make it smaller'];
    throw photoRefusal('tooLarge', where, { rule, received: `${file.size} bytes`, remedy });
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (checkedFormat(bytes, where) === 'tiff') {
    const [rule, remedy] = ['browsers do not read TIFF', 'Convert the photo to JPEG or PNG'];
    throw photoRefusal('unsupported', where, { rule, received: 'TIFF', remedy });
  }
  const header = readPhotoHeader(bytes);
  if (header === undefined) throw undecodable('a header that gives no size', where);
  if (header.width * header.height > maxPixels) throw tooManyPixels(where, `${header.width} × ${header.height} pixels`);
  // Browsers decode as far as they get, and fill the rest with grey.
  if (header.cutOff) throw undecodable('the file ends before the photo does', where);
}

/** The pixels of a picture on a background, strip by strip, each gone through `change`, which keeps its height. */
function readInStrips(bitmap: ImageBitmap, background: Background, change: (strip: Photo) => Photo): Photo {
  const { width, height } = bitmap;
  const rows = Math.min(STRIP_ROWS, height);
  const context = new OffscreenCanvas(width, rows).getContext('2d', { willReadFrequently: true });
  if (context === null) {
    throw new FoveaError('engine', { where: 'photos', rule: 'this browser gives no canvas to read photos with' });
  }
  let pixels: Uint8Array | undefined;
  let finalWidth = width;
  for (let top = 0; top < height; top += rows) {
    const n = Math.min(rows, height - top);
    context.fillStyle = `rgb(${background.join(' ')})`;
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, top, width, n, 0, 0, width, n);
    const strip = change({ pixels: withoutAlpha(context.getImageData(0, 0, width, n).data), height: n, width });
    finalWidth = strip.width;
    pixels ??= new Uint8Array(height * finalWidth * 3);
    pixels.set(strip.pixels, top * finalWidth * 3);
  }
  return { pixels: pixels as Uint8Array, height, width: finalWidth };
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] as number;
    rgb[to + 1] = rgba[from + 1] as number;
    rgb[to + 2] = rgba[from + 2] as number;
  }
  return rgb;
}
