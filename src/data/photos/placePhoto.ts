import { FoveaError } from '../../tensor/errors.js';
import type { Preprocessing } from './preprocessing.js';

/** The part of {@link Preprocessing} that says which size and part of a photo a network sees. */
export type PhotoFrame = Pick<Preprocessing, 'resize' | 'crop'>;

/** Where a photo goes: first it is resized, then laid into a frame of the network's size. */
export interface PhotoPlace {
  /** Size after resizing, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Where the upper left corner comes to lie in the frame: below 0 where the photo is cropped, above where it is padded. */
  readonly top: number;
  readonly left: number;
}

/**
 * Size and place of a photo of `height` × `width` pixels. As torchvision's Resize and CenterCrop: the longer side is rounded
 * down, half a pixel to the even side.
 */
export function placePhoto(height: number, width: number, { resize, crop }: PhotoFrame): PhotoPlace {
  const { mode, to } = resize;
  const reference = mode === 'pad' ? Math.max(height, width) : Math.min(height, width);
  const length = (side: number): number =>
    mode === 'squash' || side === reference ? to : Math.max(1, Math.floor((to * side) / reference));
  const size = { height: length(height), width: length(width) };
  return {
    ...size,
    top: 0 - roundHalfEven((size.height - crop[0]) / 2),
    left: 0 - roundHalfEven((size.width - crop[1]) / 2),
  };
}

/** Throws `option` unless the sizes are possible. */
export function checkFrame(where: string, { resize, crop }: PhotoFrame): void {
  const possible = (n: number): boolean => Number.isSafeInteger(n) && n >= 1 && n <= 16_384;
  if (possible(resize.to) && crop.length === 2 && crop.every(possible)) return;
  throw new FoveaError('option', {
    where,
    rule: 'sizes must be whole numbers of pixels from 1 to 16384',
    received: `resize to ${resize.to}, crop [${crop}]`,
  });
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
