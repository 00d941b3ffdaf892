import { FoveaError } from '../tensor/errors.js';

export interface ClassOptions {
  readonly classNames?: readonly string[];
  readonly numClasses?: number;
}

/** Throws unless every label is the index of a class and names and number of classes agree. */
export function checkLabels(where: string, labels: Int32Array | Uint8Array, options: ClassOptions): void {
  const { classNames } = options;
  const count = options.numClasses ?? classNames?.length;
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1)) {
    throw new FoveaError('option', {
      where,
      rule: 'numClasses must be a whole number of at least 1',
      received: String(count),
    });
  }
  if (classNames !== undefined && classNames.length !== count) {
    throw new FoveaError('option', {
      where,
      rule: `there must be one name for each of the ${count} classes`,
      received: `${classNames.length} names`,
    });
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label < 0 || (count !== undefined && label >= count)) {
      throw new FoveaError('data', {
        where,
        rule: count === undefined ? 'labels count from 0' : `labels must lie between 0 and ${count - 1}`,
        received: `label ${label} for example ${i}`,
        remedy: 'Number the classes from 0 and say how many there are',
        data: { example: i, label },
      });
    }
  }
}
