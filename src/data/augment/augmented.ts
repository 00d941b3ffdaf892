import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { checkedPicture } from '../changedPicture.js';
import type { Batch, Dataset } from '../dataset.js';
import { checkIndices } from '../indices.js';
import type { Picture, PictureChange } from '../picture.js';
import type { Augmentation } from './augmentation.js';
import { mixBatch } from './mix.js';

export interface AugmentedOptions {
  /** Keys all that is drawn. A whole number of at least 0. @default 0 */
  readonly seed?: number;
}

/**
 * The same data with its photos changed anew in each epoch of training; whatever measures or predicts sees them as they are. What
 * is done to a photo depends on the seed, the epoch and the photo's index in the data alone: not on batches, order or threads,
 * and a run that is resumed goes on with the same bits. Photos are changed as decoded pixels, before they are normalized.
 *
 * @throws FoveaError `shape` where the examples are no pictures [h, w, c].
 */
export function augmented(dataset: Dataset, augmentation: Augmentation, options: AugmentedOptions = {}): Dataset {
  const seed = checkSeed(options.seed ?? 0);
  const changed = changedDataset(dataset, changeBy(augmentation, seed));
  const { mix } = augmentation;
  return {
    ...changed,
    varies: true,
    batch: async (indices, epoch) => {
      const batch = await changed.batch(indices, epoch);
      if (mix === undefined || epoch === undefined) return batch;
      return mixBatch(batch, mix, { seed, epoch, first: indices[0] ?? 0, classes: numberOfClasses(dataset) });
    },
  };
}

export interface AugmentedPassesOptions extends AugmentedOptions {
  /** How many changed copies of each photo there are: those of the first epochs of {@link augmented}. */
  readonly passes: number;
  /** Whether the photos as they are come first. @default true */
  readonly clean?: boolean;
}

/**
 * Several passes over augmented photos as one data set that stays the same, of which features can be computed once: first the photos
 * as they are, then each pass in turn. Photos that are mixed (mixup, CutMix) are not for this.
 *
 * @throws FoveaError `option` for a number of passes below 1, or an augmentation that mixes.
 */
export function augmentedPasses(
  dataset: Dataset,
  augmentation: Augmentation,
  options: AugmentedPassesOptions,
): Dataset {
  const { passes, clean = true } = options;
  const where = 'augmentedPasses';
  if (!Number.isSafeInteger(passes) || passes < 1 || passes > 1000) {
    const rule = 'the number of passes must be a whole number from 1 to 1000';
    throw new FoveaError('option', { where, rule, received: `${passes}` });
  }
  if (augmentation.mix !== undefined) {
    throw new FoveaError('option', {
      where,
      rule: 'mixup and cutMix mix the photos of a batch, and passes that are kept have no batches yet',
      remedy: 'Leave them out, or augment anew in each epoch',
    });
  }
  const each = augmented(dataset, augmentation, options);
  const total = passes + (clean ? 1 : 0);
  const size = dataset.size * total;
  const { labels, classNames, inputShape } = dataset;
  const passOf = (index: number): number | undefined => {
    const pass = Math.floor(index / dataset.size) - (clean ? 1 : 0);
    return pass < 0 ? undefined : pass;
  };
  return {
    size,
    inputShape,
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined
      ? {}
      : { labels: Int32Array.from({ length: size }, (_, i) => labels[i % labels.length] as number) }),
    batch: async (indices) => {
      checkIndices(where, indices, size);
      // Examples of one pass are asked for together, and put back where they belong.
      const byPass = new Map<number | undefined, number[]>();
      for (const [at, index] of indices.entries()) {
        const pass = passOf(index);
        byPass.set(pass, [...(byPass.get(pass) ?? []), at]);
      }
      const parts: { readonly places: number[]; readonly batch: Batch }[] = [];
      for (const [pass, places] of byPass) {
        const wanted = Uint32Array.from(places, (at) => (indices[at] as number) % dataset.size);
        parts.push({ places, batch: await each.batch(wanted, pass) });
      }
      return parts.length === 1 ? (parts[0]?.batch as Batch) : putTogether(parts, indices.length);
    },
    expect: (indices) => dataset.expect?.(indices.map((index) => index % dataset.size)),
    onWaited: (seconds) => dataset.onWaited?.(seconds),
  };
}

function putTogether(parts: readonly { readonly places: number[]; readonly batch: Batch }[], n: number): Batch {
  const gather = (of: (batch: Batch) => Tensor): Tensor => {
    const { shape, dtype, data } = of(parts[0]?.batch as Batch);
    const width = data.length / (shape[0] as number);
    const all = dtype === 'int32' ? new Int32Array(n * width) : new Float32Array(n * width);
    for (const { places, batch } of parts) {
      const values = of(batch).data;
      for (const [i, at] of places.entries()) all.set(values.subarray(i * width, (i + 1) * width), at * width);
    }
    return new Tensor(all, [n, ...shape.slice(1)], dtype);
  };
  const weighted = parts.some(({ batch }) => batch.sampleWeights !== undefined);
  const weights = ({ sampleWeights, x }: Batch): Tensor => {
    const count = x.shape[0] as number;
    return new Tensor(sampleWeights ?? new Float32Array(count).fill(1), [count]);
  };
  return {
    x: gather(({ x }) => x) as Tensor<'float32'>,
    y: gather(({ y }) => y),
    ...(weighted ? { sampleWeights: gather(weights).data as Float32Array } : {}),
  };
}

/** The change of one picture that an augmentation makes. */
function changeBy(augmentation: Augmentation, seed: number): PictureChange {
  return (picture, index, epoch) => {
    const changed = epoch === undefined ? picture : augmentation.draw(picture, { seed, epoch, index }).apply(picture);
    return augmentation.standardize?.(changed) ?? changed;
  };
}

/** A data set with each picture changed: as it does itself where it can, else on its finished numbers. */
export function changedDataset(dataset: Dataset, change: PictureChange): Dataset {
  const { inputShape } = dataset;
  const [height = 0, width = 0, channels = 0] = inputShape;
  if (inputShape.length !== 3) {
    throw new FoveaError('shape', {
      where: 'augmented',
      rule: 'only pictures [height, width, channels] can be augmented',
      received: `examples ${formatShape(inputShape)}`,
    });
  }
  if (dataset.withPictures !== undefined) return dataset.withPictures(change);
  const { size, classNames, labels } = dataset;
  return {
    ...{ size, inputShape },
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined ? {} : { labels }),
    batch: async (indices, epoch) => {
      const batch = await dataset.batch(indices, epoch);
      const x = new Float32Array(batch.x.size);
      const values = height * width * channels;
      for (const [i, index] of indices.entries()) {
        const picture: Picture = { data: batch.x.data.subarray(i * values, (i + 1) * values), height, width, channels };
        x.set(checkedPicture('augmented', change(picture, index, epoch), inputShape).data, i * values);
      }
      return { ...batch, x: new Tensor<'float32'>(x, batch.x.shape) };
    },
    expect: (indices) => dataset.expect?.(indices),
    onWaited: (seconds) => dataset.onWaited?.(seconds),
  };
}

function numberOfClasses({ classNames, labels }: Dataset): number {
  if (classNames !== undefined) return classNames.length;
  return labels === undefined ? 0 : labels.reduce((most, label) => Math.max(most, label), 0) + 1;
}

function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  const rule = 'the seed must be a whole number of at least 0';
  throw new FoveaError('option', { where: 'augmented', rule, received: `${seed}` });
}
