import type { Photo } from './photo.js';
import { type PhotoFrame, type PhotoPlace, placePhoto } from './placePhoto.js';
import { resizePhoto } from './resizePhoto.js';

/** A color for what a photo leaves open: RGB, 0 to 255. */
export type Background = readonly [red: number, green: number, blue: number];

/** The photo as a network of this frame sees it, on a background where it does not fill the frame. */
export function framePhoto(photo: Photo, frame: PhotoFrame, background: Background): Photo {
  const place = placePhoto(photo.height, photo.width, frame);
  const { interpolation, antialias } = frame.resize;
  return layIntoFrame(
    resizePhoto(photo, place.height, place.width, interpolation, antialias),
    place,
    frame,
    background,
  );
}

/** A resized photo laid into the frame: what sticks out is cropped. */
export function layIntoFrame(
  photo: Photo,
  { top, left }: Pick<PhotoPlace, 'top' | 'left'>,
  { crop: [height, width] }: Pick<PhotoFrame, 'crop'>,
  background: Background,
): Photo {
  if (top === 0 && left === 0 && photo.height === height && photo.width === width) return photo;
  const pixels = new Uint8Array(height * width * 3);
  const covered = top <= 0 && left <= 0 && top + photo.height >= height && left + photo.width >= width;
  if (!covered) for (let i = 0; i < pixels.length; i++) pixels[i] = background[i % 3] as number;
  const [fromX, toX] = [Math.max(0, left), Math.min(width, left + photo.width)];
  for (let y = Math.max(0, top); y < Math.min(height, top + photo.height); y++) {
    const start = ((y - top) * photo.width + fromX - left) * 3;
    pixels.set(photo.pixels.subarray(start, start + (toX - fromX) * 3), (y * width + fromX) * 3);
  }
  return { pixels, height, width };
}
