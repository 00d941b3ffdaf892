import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Picture, PictureSize } from '../picture.js';

export type { Picture, PictureSize } from '../picture.js';

/** A picture in numbers that may lie between and beyond, for those who change it; `white` is what 255 is in a byte. */
export interface Canvas extends PictureSize {
  readonly data: Float32Array;
  readonly white: number;
}

/** Throws `shape` unless the numbers are as many as the size says. */
export function checkPicture(where: string, { data, height, width, channels }: Picture): void {
  const possible = [height, width, channels].every((n) => Number.isSafeInteger(n) && n >= 1);
  if (possible && data.length === height * width * channels) return;
  throw new FoveaError('shape', {
    where,
    rule: 'a picture is [height, width, channels], with as many numbers',
    received: `${formatShape([height, width, channels])} and ${data.length} numbers`,
  });
}
