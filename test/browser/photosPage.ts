import { browserPhotos, decodePhoto } from '../../src/data/photos/browserPhotos.js';
import { photoDataset } from '../../src/data/photos/photoDataset.js';
import { PhotoLoader } from '../../src/data/photos/photoLoader.js';
import type { PreprocessingOptions } from '../../src/data/photos/photoPreprocessing.js';

// What the page of the tests of photos loads: files come in as base 64 and go out as numbers.

export interface PageOptions extends PreprocessingOptions {
  readonly maxPixels?: number;
  readonly background?: readonly [number, number, number];
}

const blobOf = async (base64: string): Promise<Blob> =>
  (await fetch(`data:application/octet-stream;base64,${base64}`)).blob();

/** The pixels of a photo as a network sees it, or of the whole, or the kind of problem it has. */
async function decode(base64: string, options: PageOptions, whole: boolean) {
  const file = await blobOf(base64);
  try {
    const source = browserPhotos([{ file, name: 'x', className: 'y' }], options);
    const { height, width, pixels } = whole ? await decodePhoto(file, options) : await source.load(0);
    return { height, width, pixels: Array.from(pixels) };
  } catch (error) {
    return { kind: (error as { data?: { kind?: string } }).data?.kind ?? 'unknown', message: String(error) };
  }
}

/** What a data set of photos gives of those with these bytes, two of them broken. */
async function dataset(files: readonly string[]) {
  const blobs = await Promise.all(files.map(blobOf));
  const chosen = blobs.map((file, i) => ({ file, name: `${i}`, className: i % 2 ? 'b' : 'a' }));
  const loader = new PhotoLoader(browserPhotos(chosen, { size: 8 }));
  const data = photoDataset(loader, {
    channelOrder: 'rgb',
    range: [0, 1],
    mean: [0, 0, 0],
    standardDeviation: [1, 1, 1],
  });
  const { x, y, sampleWeights } = await data.batch(Uint32Array.from(files, (_, i) => i));
  const weights = Array.from(sampleWeights ?? []);
  return { shape: x.shape, classes: data.classNames, y: Array.from(y.data), weights, problems: loader.problems };
}

export const photosInPage = { decode, dataset };
Object.assign(globalThis, { photosInPage });
