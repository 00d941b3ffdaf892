import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Picture, PictureChange } from './picture.js';

/** One change after the other. */
export function inTurn(first: PictureChange | undefined, second: PictureChange): PictureChange {
  if (first === undefined) return second;
  return (picture, index, epoch) => second(first(picture, index, epoch), index, epoch);
}

/** A copy, of whatever kind: `slice` copies nothing where bytes are a Buffer of Node's. */
export function copiedPixels<T extends Picture['data']>(data: T): T extends Uint8Array ? Uint8Array : Float32Array;
export function copiedPixels(data: Picture['data']): Picture['data'] {
  return data instanceof Uint8Array ? new Uint8Array(data) : data.slice();
}

/** A changed picture; throws `shape` where it no longer has the shape of the examples. */
export function checkedPicture(where: string, picture: Picture, [height, width, channels]: Shape): Picture {
  if (picture.height === height && picture.width === width && picture.channels === channels) return picture;
  throw new FoveaError('shape', {
    where,
    rule: `every picture must stay ${formatShape([height ?? 0, width ?? 0, channels ?? 0])}`,
    received: formatShape([picture.height, picture.width, picture.channels]),
    remedy: 'Leave "size" out of a random resized crop, which then gives the size it got',
  });
}
