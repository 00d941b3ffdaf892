import { numberText } from '../../draw/numberText.js';
import { paintMap } from '../../draw/paint.js';
import { Raster, rasterFromPixels } from '../../draw/raster.js';
import { scaleNearest, scaleSmooth } from '../../draw/resize.js';
import { divergingScale, type Scale, scaleOf } from '../../draw/scale.js';
import { tileGrid } from '../../draw/tiles.js';
import type { LayerActivations } from '../../explain/channelStatistics.js';
import type { FilterBank } from '../../explain/filterBank.js';
import { filterColors } from '../../explain/filterStatistics.js';
import type { CutPatch, InspectedUnit } from './inspection.js';

/** A picture with the scale of its colors. */
export interface Painted {
  readonly picture: Raster;
  readonly scale?: Scale;
}

const MOST_FILTERS = 64;
const MOST_CHANNELS = 48;
const BACKGROUND = [96, 96, 96] as const;
const WHITE = [255, 255, 255] as const;

/** Filters that see colors, each a small picture on mid-gray. */
export function paintColorFilters(bank: FilterBank, channelOrder: 'rgb' | 'bgr'): Painted {
  const colors = filterColors(bank, { channelOrder });
  const size = bank.height * bank.width * 3;
  const factor = Math.max(2, Math.round(44 / bank.height));
  const tiles = Array.from({ length: Math.min(MOST_FILTERS, bank.filters) }, (_, i) => {
    const pixels = Float32Array.from(colors.subarray(i * size, (i + 1) * size), (value) => 255 * value);
    const tile = rasterFromPixels(pixels, bank.height, bank.width);
    return scaleNearest(tile, bank.width * factor, bank.height * factor);
  });
  return { picture: tileGrid(tiles, { gap: 3, background: BACKGROUND, columns: Math.min(16, tiles.length) }) };
}

/** Filters as signed tiles: a row for each filter, a column for each channel that it sees; as many as fit. */
export function paintSignedFilters(
  bank: FilterBank,
): Painted & { readonly filters: number; readonly channels: number } {
  const limit = bank.data.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const scale = divergingScale(limit, { scope: `layer ${bank.layer}` });
  const single = bank.channels === 1;
  const filters = Math.min(bank.filters, single ? MOST_FILTERS : 12);
  const channels = Math.min(bank.channels, 24);
  const size = bank.height * bank.width;
  const factor = Math.max(2, Math.round((single ? 36 : 21) / Math.max(bank.height, 1)));
  const tiles: Raster[] = [];
  for (let f = 0; f < filters; f++) {
    for (let c = 0; c < channels; c++) {
      const from = (f * bank.channels + c) * size;
      const map = { values: bank.data.subarray(from, from + size), height: bank.height, width: bank.width };
      tiles.push(scaleNearest(paintMap(map, scale), bank.width * factor, bank.height * factor));
    }
  }
  const columns = single ? Math.min(16, filters) : channels;
  return { picture: tileGrid(tiles, { gap: 2, background: BACKGROUND, columns }), scale, filters, channels };
}

/** The strongest channels of a layer, all on one scale. */
export function paintActivations({
  layer,
  shape,
  values,
  channels,
}: LayerActivations): Painted & { readonly shown: readonly number[] } {
  const [height, width, count] = shape;
  const scale = scaleOf(values, { scope: `layer ${layer}` });
  const shown = [...channels]
    .sort((a, b) => b.max - a.max || a.channel - b.channel)
    .slice(0, MOST_CHANNELS)
    .map(({ channel }) => channel);
  const side = 72;
  const tiles = shown.map((channel) => {
    const tile = paintMap({ values, height, width, channels: count, channel }, scale);
    return height >= side
      ? scaleSmooth(tile, side, Math.round((side * height) / width))
      : scaleNearest(tile, side, Math.round((side * height) / width));
  });
  const captions = shown.map((channel) => `${channel}`);
  return {
    picture: tileGrid(tiles, {
      gap: 3,
      background: BACKGROUND,
      columns: Math.min(12, tiles.length),
      captions,
      textColor: WHITE,
    }),
    scale,
    shown,
  };
}

/** The patches that excite a unit most, and weaker ones below, each with its value. */
export function paintUnit({ patches, weaker }: Pick<InspectedUnit, 'patches' | 'weaker'>): Painted {
  const side = 96;
  const tile = ({ pixels, cut: { region } }: CutPatch): Raster => {
    const cut = rasterFromPixels(pixels, region.height, region.width);
    const factor = side / Math.max(region.height, region.width);
    return scaleSmooth(
      cut,
      Math.max(1, Math.round(region.width * factor)),
      Math.max(1, Math.round(region.height * factor)),
    );
  };
  const grid = (all: readonly CutPatch[], captions: readonly string[], columns: number) =>
    tileGrid(all.map(tile), { gap: 4, background: BACKGROUND, columns, captions, textColor: WHITE });
  const top = grid(
    patches,
    patches.map(({ value }) => numberText(value)),
    5,
  );
  if (weaker.length === 0) return { picture: top };
  const below = grid(
    weaker.map(({ patch }) => patch),
    weaker.map(({ quantile, patch }) => `${Math.round(100 * quantile)} %: ${numberText(patch.value)}`),
    5,
  );
  const picture = new Raster(Math.max(top.width, below.width), top.height + 6 + below.height).fill(BACKGROUND);
  return { picture: picture.blit(top, 0, 0).blit(below, 0, top.height + 6) };
}
