import { FoveaError } from '../tensor/errors.js';
import { notFiniteColor } from './colorMaps.js';
import { Raster } from './raster.js';
import type { Scale } from './scale.js';

/** Values of a map [height, width], or of one channel of a block [height, width, channels]. */
export interface MapValues {
  readonly values: ArrayLike<number>;
  readonly height: number;
  readonly width: number;
  /** Channels of the block. @default 1 */
  readonly channels?: number;
  /** Which of them. @default 0 */
  readonly channel?: number;
}

/** A map as a picture, one pixel a value. */
export function paintMap(map: MapValues, scale: Scale): Raster {
  const { values, height, width, channels = 1, channel = 0 } = map;
  checkLength('paintMap', values, height * width * channels);
  const picture = new Raster(width, height);
  for (let i = 0; i < height * width; i++) {
    const [red, green, blue] = scale.color(values[i * channels + channel] as number);
    picture.data[i * 4] = red;
    picture.data[i * 4 + 1] = green;
    picture.data[i * 4 + 2] = blue;
    picture.data[i * 4 + 3] = 255;
  }
  return picture;
}

/** Every channel of a block [height, width, channels] as a picture of its own, all with the same scale. */
export function paintChannels(block: MapValues, scale: Scale): Raster[] {
  return Array.from({ length: block.channels ?? 1 }, (_, channel) => paintMap({ ...block, channel }, scale));
}

/**
 * Signed values of three channels [height, width, 3] as a colored picture, such as a filter of the first layer: zero is the
 * middle gray, `limit` the full and `-limit` no color. Give all filters of a layer one limit.
 */
export function paintSignedColor(values: ArrayLike<number>, height: number, width: number, limit: number): Raster {
  checkLength('paintSignedColor', values, height * width * 3);
  const picture = new Raster(width, height);
  const factor = limit > 0 ? 127 / limit : 0;
  for (let i = 0; i < height * width; i++) {
    const [red, green, blue] = [0, 1, 2].map((k) => values[i * 3 + k] as number) as [number, number, number];
    const finite = Number.isFinite(red) && Number.isFinite(green) && Number.isFinite(blue);
    const color = finite ? [red, green, blue].map((value) => 128 + value * factor) : notFiniteColor;
    picture.data.set([color[0] as number, color[1] as number, color[2] as number, 255], i * 4);
  }
  return picture;
}

function checkLength(where: string, values: ArrayLike<number>, expected: number): void {
  if (values.length === expected) return;
  const rule = `height × width × channels is ${expected}`;
  throw new FoveaError('shape', { where, rule, received: `${values.length} values` });
}
