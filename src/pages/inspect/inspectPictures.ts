import { numberText } from '../../draw/numberText.js';
import { paintMap, paintSignedColor } from '../../draw/paint.js';
import { Raster, rasterFromPixels } from '../../draw/raster.js';
import { scaleNearest, scaleSmooth } from '../../draw/resize.js';
import { divergingScale, robustLimit, type Scale, scaleOf } from '../../draw/scale.js';
import { tileGrid } from '../../draw/tiles.js';
import type { FilterBank } from '../../explain/filters/filterBank.js';
import { filterColors } from '../../explain/filters/filterStatistics.js';
import type { MaximizedImage } from '../../explain/optimize/maximize.js';
import type { LayerActivations } from '../../explain/units/channelStatistics.js';
import type { CutPatch, InspectedUnit, UnitProjection } from './inspectUnits.js';

/** A picture with the scale of its colors. */
export interface Painted {
  readonly picture: Raster;
  readonly scale?: Scale;
}

/** Whether the maps of a layer share the scale of their colors, or each has its own. */
export type ActivationScale = 'shared' | 'own';

const PATCH = 96;
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

/** The strongest channels of a layer, all on one scale, or each on its own with the end of it below. */
export function paintActivations(
  { layer, shape, values, channels }: LayerActivations,
  scaling: ActivationScale = 'shared',
): Painted & { readonly shown: readonly number[] } {
  const [height, width, count] = shape;
  const shared = scaling === 'shared' ? scaleOf(values, { scope: `layer ${layer}` }) : undefined;
  const shown = [...channels]
    .sort((a, b) => b.max - a.max || a.channel - b.channel)
    .slice(0, MOST_CHANNELS)
    .map(({ channel }) => channel);
  const side = 72;
  const scales = shown.map((channel) => shared ?? scaleOf(values.filter((_, i) => i % count === channel)));
  const tiles = shown.map((channel, i) => {
    const scale = scales[i] as Scale;
    const tile = paintMap({ values, height, width, channels: count, channel }, scale);
    return height >= side
      ? scaleSmooth(tile, side, Math.round((side * height) / width))
      : scaleNearest(tile, side, Math.round((side * height) / width));
  });
  const captions = shown.map((channel, i) =>
    shared === undefined ? `${channel}: ${numberText((scales[i] as Scale).max)}` : `${channel}`,
  );
  return {
    picture: tileGrid(tiles, {
      gap: 3,
      background: BACKGROUND,
      columns: Math.min(12, tiles.length),
      captions,
      textColor: WHITE,
    }),
    ...(shared === undefined ? {} : { scale: shared }),
    shown,
  };
}

/** The patches that excite a unit most, and weaker ones below, each with its value. */
export function paintUnit({ patches, weaker }: Pick<InspectedUnit, 'patches' | 'weaker'>): Painted {
  const tile = ({ pixels, cut: { region } }: CutPatch): Raster =>
    fitted(rasterFromPixels(pixels, region.height, region.width));
  const grid = (all: readonly CutPatch[], captions: readonly string[], columns: number) =>
    tileGrid(all.map(tile), { gap: 4, background: BACKGROUND, columns, captions, textColor: WHITE });
  const top = grid(
    patches,
    patches.map(({ value, stale }) => `${numberText(value)}${stale ? ' stale' : ''}`),
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

/** A part of a photo at the size of a tile. */
function fitted(picture: Raster): Raster {
  const factor = PATCH / Math.max(picture.height, picture.width);
  const to = (pixels: number): number => Math.max(1, Math.round(pixels * factor));
  return scaleSmooth(picture, to(picture.width), to(picture.height));
}

/** What each rule makes of the first patches: a row for each rule, a column for each patch, with the patches above. */
export function paintProjections(
  { patches, projections }: Pick<InspectedUnit, 'patches' | 'projections'>,
  channelOrder: 'rgb' | 'bgr',
): Painted {
  const usable = projections.filter(({ refused }) => refused === undefined);
  const columns = Math.max(1, ...usable.map((projection) => projection.patches.length));
  const shown = patches.slice(0, columns);
  const tiles = [
    ...shown.map(({ pixels, cut: { region } }) => fitted(rasterFromPixels(pixels, region.height, region.width))),
    ...usable.flatMap((projection) => projection.patches.map((patch) => fitted(paintSignal(patch, channelOrder)))),
  ];
  const captions = [...shown.map(() => 'photo'), ...usable.flatMap(({ rule }) => shown.map(() => rule))];
  return { picture: tileGrid(tiles, { gap: 4, background: BACKGROUND, columns, captions, textColor: WHITE }) };
}

/** A signal as colors, zero at mid-gray; the few largest of its values lie beyond full color. */
function paintSignal(
  { signal, channels, cut: { region } }: UnitProjection['patches'][number],
  channelOrder: 'rgb' | 'bgr',
): Raster {
  const from = channelOrder === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  const colors = Float32Array.from({ length: region.height * region.width * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3) * channels;
    return signal[pixel + (channels === 3 ? (from[i % 3] as number) : 0)] as number;
  });
  return paintSignedColor(colors, region.height, region.width, robustLimit(signal));
}

/** A picture that was made by optimization. */
export function paintOptimized({ image, height, width }: MaximizedImage): Painted {
  return {
    picture: rasterFromPixels(
      Float32Array.from(image, (value) => 255 * value),
      height,
      width,
    ),
  };
}
