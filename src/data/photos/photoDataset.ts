import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { checkedPicture, copiedPixels, inTurn } from '../changedPicture.js';
import type { Batch, Dataset } from '../dataset.js';
import { checkIndices } from '../indices.js';
import { checkLabels } from '../labels.js';
import type { Picture, PictureChange } from '../picture.js';
import type { Photo } from './photo.js';
import type { PhotoLoader } from './photoLoader.js';
import { normalizePixels, type Preprocessing } from './preprocessing.js';

/** Photos as a data set: classes and names are known, pixels are decoded when they are needed. */
export interface PhotoDataset extends Dataset {
  readonly classNames: readonly string[];
  readonly labels: Int32Array;
  /** What each photo is called: its path within the folder of photos. */
  readonly names: readonly string[];
  /** The group of each photo, where photos come in groups. */
  readonly groups?: readonly string[];
  /** The pixels of one photo before normalization, for pictures; throws `data` for one that cannot be decoded. */
  photo(index: number): Promise<Photo>;
}

/** The parts of {@link Preprocessing} that turn bytes into what a network sees. */
export type Normalization = Pick<Preprocessing, 'channelOrder' | 'range' | 'mean' | 'standardDeviation'>;

/**
 * The photos of a loader with these indices, or all of them, as a data set of batches float32 [n, height, width, 3].
 *
 * A photo that turns out to be broken never ends a run: another one of its class takes its place with a sample weight of 0,
 * so that nothing is learned from it twice, and the loader's `problems` name it.
 *
 * @throws FoveaError `data` where there is no photo or a batch has none that can be decoded.
 */
export function photoDataset(loader: PhotoLoader, normalization: Normalization, indices?: Uint32Array): PhotoDataset {
  return changedPhotos(loader, normalization, indices, undefined);
}

function changedPhotos(
  loader: PhotoLoader,
  normalization: Normalization,
  indices: Uint32Array | undefined,
  change: PictureChange | undefined,
): PhotoDataset {
  const where = 'photos';
  const { source } = loader;
  const chosen = indices ?? Uint32Array.from(source.names, (_, i) => i);
  if (chosen.length === 0) {
    throw new FoveaError('data', { where, rule: 'a data set needs at least one photo', received: 'none' });
  }
  checkIndices(where, chosen, source.names.length);
  checkLabels(where, source.labels, source);
  const labels = Int32Array.from(chosen, (i) => source.labels[i] as number);
  const { weights, groups } = source;
  const shape = [source.height, source.width, 3];
  const size = chosen.length;

  /** The photo, or the next of its class, or the next of all, that can be decoded. */
  const standIn = async (place: number): Promise<Uint8Array> => {
    for (const sameClass of [true, false]) {
      for (let step = 1; step < size; step++) {
        const other = (place + step) % size;
        if (sameClass && labels[other] !== labels[place]) continue;
        const pixels = await loader.load(chosen[other] as number);
        if (pixels !== undefined) return pixels;
      }
    }
    throw new FoveaError('data', {
      where,
      rule: `none of the ${size} photos can be decoded`,
      received: loader.problems[0]?.message ?? 'no reason',
    });
  };

  const changed = (
    change: PictureChange,
    data: Uint8Array,
    index: number,
    epoch: number | undefined,
  ): Picture['data'] => {
    // A copy: whoever changes it in place changes no photo that is kept.
    const picture = { data: copiedPixels(data), height: source.height, width: source.width, channels: 3 };
    return checkedPicture(where, change(picture, index, epoch), shape).data;
  };

  return {
    size,
    inputShape: shape,
    classNames: source.classNames,
    labels,
    names: Array.from(chosen, (i) => source.names[i] as string),
    ...(groups === undefined ? {} : { groups: Array.from(chosen, (i) => groups[i] as string) }),
    withPictures: (next) => changedPhotos(loader, normalization, chosen, inTurn(change, next)),
    async batch(wanted, epoch): Promise<Batch> {
      checkIndices(where, wanted, size);
      const n = wanted.length;
      const loaded = await Promise.all(Array.from(wanted, (i) => loader.load(chosen[i] as number)));
      const pictureSize = source.height * source.width * 3;
      const pixels = new Uint8Array(n * pictureSize);
      let floats: Float32Array | undefined;
      for (let i = 0; i < n; i++) {
        const index = wanted[i] as number;
        const one = loaded[i] ?? (await standIn(index));
        const data = change === undefined ? one : changed(change, one, index, epoch);
        if (data instanceof Uint8Array) pixels.set(data, i * pictureSize);
        else {
          floats ??= new Float32Array(pixels.length);
          floats.set(data, i * pictureSize);
        }
      }
      const weightOf = (i: number): number => weights?.[chosen[wanted[i] as number] as number] ?? 1;
      const whole = weights === undefined && !loaded.includes(undefined);
      return {
        x:
          floats === undefined
            ? normalizePixels(pixels, [n, ...shape], normalization)
            : new Tensor(floats, [n, ...shape]),
        y: new Tensor<'int32'>(
          Int32Array.from(wanted, (i) => labels[i] as number),
          [n],
        ),
        ...(whole
          ? {}
          : { sampleWeights: Float32Array.from(loaded, (one, i) => (one === undefined ? 0 : weightOf(i))) }),
      };
    },
    expect(wanted) {
      loader.expect(Array.from(wanted, (i) => chosen[i] as number));
    },
    onWaited: (seconds) => {
      loader.waitedSeconds += seconds;
    },
    async photo(index) {
      checkIndices(where, Uint32Array.of(index), size);
      const pixels = await loader.load(chosen[index] as number);
      // A copy: the cache keeps the other.
      if (pixels !== undefined) return { pixels: copiedPixels(pixels), height: source.height, width: source.width };
      const name = source.names[chosen[index] as number] as string;
      const problem = loader.problems.find(({ path }) => path === name);
      throw new FoveaError('data', { where: `photo "${name}"`, rule: problem?.message ?? 'it cannot be decoded' });
    },
  };
}
