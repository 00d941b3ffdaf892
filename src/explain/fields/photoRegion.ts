import { type PhotoFrame, placePhoto } from '../../data/photos/placePhoto.js';
import type { Region } from './receptiveField.js';

/**
 * Carries a rectangle of what a network sees back to the photo that it was made of: through the crop and the resizing.
 * Parts that lie outside the photo (padding) are cut off; where nothing is left, height or width is 0.
 *
 * @param height of the upright photo, in pixels; `width` too.
 */
export function photoRegion(region: Region, height: number, width: number, frame: PhotoFrame): Region {
  const place = placePhoto(height, width, frame);
  const axis = (from: number, length: number, offset: number, resized: number, original: number) => {
    const scale = original / resized;
    const clip = (at: number): number => Math.min(original, Math.max(0, (at - offset) * scale));
    const start = clip(from);
    return [start, clip(from + length) - start] as const;
  };
  const [top, h] = axis(region.top, region.height, place.top, place.height, height);
  const [left, w] = axis(region.left, region.width, place.left, place.width, width);
  return { top, left, height: h, width: w };
}
