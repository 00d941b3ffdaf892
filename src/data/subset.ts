import { FoveaError } from '../tensor/errors.js';
import type { Dataset } from './dataset.js';
import { checkIndices } from './indices.js';
import type { PictureChange } from './picture.js';

/** The examples of a data set with these indices, in this order, as a data set of its own; nothing is copied. */
export function subset(dataset: Dataset, indices: Uint32Array | readonly number[]): Dataset {
  const where = 'subset';
  const chosen = indices instanceof Uint32Array ? indices.slice() : toUint32(where, indices);
  if (chosen.length === 0) {
    throw new FoveaError('data', { where, rule: 'a data set needs at least one example', received: 'no indices' });
  }
  checkIndices(where, chosen, dataset.size);
  const { labels, classNames } = dataset;
  return {
    size: chosen.length,
    inputShape: dataset.inputShape,
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined ? {} : { labels: Int32Array.from(chosen, (i) => labels[i] as number) }),
    ...(dataset.varies === undefined ? {} : { varies: dataset.varies }),
    batch(wanted, epoch) {
      checkIndices(where, wanted, chosen.length);
      return dataset.batch(
        wanted.map((i) => chosen[i] as number),
        epoch,
      );
    },
    expect(wanted) {
      dataset.expect?.(wanted.map((i) => chosen[i] as number));
    },
    ...(dataset.withPictures === undefined
      ? {}
      : { withPictures: (change: PictureChange) => subset(dataset.withPictures?.(change) ?? dataset, chosen) }),
    onWaited: (seconds) => dataset.onWaited?.(seconds),
  };
}

function toUint32(where: string, indices: readonly number[]): Uint32Array {
  for (const [place, index] of indices.entries()) {
    if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) {
      throw new FoveaError('data', {
        where,
        rule: 'an index must be a whole number of at least 0',
        received: `index ${index} at place ${place}`,
        data: { index, place },
      });
    }
  }
  return Uint32Array.from(indices);
}
