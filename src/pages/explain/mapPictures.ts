import { type PhotoFrame, placePhoto } from '../../data/photos/placePhoto.js';
import {
  divergingScale,
  drawBox,
  legendRaster,
  overlayHeat,
  overlayScale,
  paintMap,
  Raster,
  type Rectangle,
  robustLimit,
  type Scale,
  scaleNearest,
  sequentialScale,
} from '../../draw/index.js';
import { type Attribution, type CoverCheck, coveringGrid, methodTexts, photoRegion } from '../../explain/index.js';

/** The pictures of one map. */
export interface MapPictures {
  readonly scale: Scale;
  /** Over the photo, on the part that the network saw; the rest of the photo is pale. */
  readonly overlay: Raster;
  /** The scale of the overlay, whose colors the photo shines through. */
  readonly overlayScale: Scale;
  /** The overlay shows the map of pixels as it is used for covering: smoothed, for single pixels are seen by nobody. */
  readonly smoothed: boolean;
  /** The values themselves, cell by cell. */
  readonly cells: Raster;
  /** The photo with the part covered that the map points to. */
  readonly covered: Raster;
  /** Overlay and legend in one picture, for a file. */
  readonly sheet: Raster;
}

/** Draws a map over the photo that it explains: its cells lie where the crop and the resizing took them from. */
export function mapPictures(
  map: Attribution,
  check: CoverCheck,
  photo: Raster,
  original: { readonly height: number; readonly width: number },
  frame: PhotoFrame,
): MapPictures {
  const scale = scaleFor(map);
  const seen = seenPart(original, photo, frame);
  const visible = visibleCells(original, frame);
  const part = photo.crop(seen);
  const smoothed = isOfPixels(map);
  const shown = smoothed ? { ...map, ...coveringGrid(map, map.height, map.width) } : map;
  const shownScale = smoothed ? scaleFor(shown) : scale;
  const overlay = pale(photo);
  overlay.blit(overlayHeat(part, cropMap(shown, visible), shownScale), seen.x, seen.y);
  const covered = pale(photo);
  covered.blit(coverWith(part, check.mask, frame.crop, visible), seen.x, seen.y);
  if (seen.width < photo.width || seen.height < photo.height) for (const one of [overlay, covered]) drawBox(one, seen);
  const [height, width] = [map.height, map.width].map((n) => Math.max(n, 224)) as [number, number];
  const cells = scaleNearest(
    paintMap({ values: map.values, height: map.height, width: map.width }, scale),
    width,
    height,
  );
  const laid = overlayScale(shownScale);
  const label = `${methodTexts[map.method].title}${smoothed ? ', smoothed' : ''}`;
  const legend = legendRaster(laid, { label, width: Math.max(160, overlay.width) });
  const sheet = new Raster(Math.max(overlay.width, legend.width), overlay.height + legend.height);
  sheet.fill([255, 255, 255]).blit(overlay, 0, 0).blit(legend, 0, overlay.height);
  return { scale, overlay, overlayScale: laid, smoothed, cells, covered, sheet };
}

function scaleFor(map: Attribution): Scale {
  const { values, signed, range } = map;
  const scope = 'this map';
  const limit = isOfPixels(map) ? robustLimit(values) : Math.max(-range.min, range.max);
  return signed ? divergingScale(limit, { scope }) : sequentialScale(0, limit, { scope });
}

/** Whether each pixel was measured by itself: a few values tower over all others then. Occlusion measures squares. */
function isOfPixels({ place, method }: Attribution): boolean {
  return place === 'input' && method !== 'occlusion';
}

/** The rectangle of the drawn photo that the network saw. */
function seenPart(
  original: { readonly height: number; readonly width: number },
  { height, width }: Raster,
  frame: PhotoFrame,
): Rectangle {
  const [h, w] = frame.crop;
  const region = photoRegion({ top: 0, left: 0, height: h, width: w }, original.height, original.width, frame);
  const [fy, fx] = [height / original.height, width / original.width];
  const [x, y] = [Math.round(region.left * fx), Math.round(region.top * fy)];
  return {
    ...{ x, y },
    width: Math.max(1, Math.min(width - x, Math.round(region.width * fx))),
    height: Math.max(1, Math.min(height - y, Math.round(region.height * fy))),
  };
}

/** The part of the frame that shows the photo, in shares of the frame: less than all where the photo was padded. */
function visibleCells(original: { readonly height: number; readonly width: number }, frame: PhotoFrame) {
  const [h, w] = frame.crop;
  const place = placePhoto(original.height, original.width, frame);
  const span = (offset: number, length: number, all: number) => [
    Math.max(0, offset) / all,
    Math.min(all, offset + length) / all,
  ];
  const [top, bottom] = span(place.top, place.height, h) as [number, number];
  const [left, right] = span(place.left, place.width, w) as [number, number];
  return { top, bottom, left, right };
}

type Shares = ReturnType<typeof visibleCells>;

function cropMap(map: Attribution, { top, bottom, left, right }: Shares) {
  const [y0, y1] = [Math.floor(top * map.height), Math.ceil(bottom * map.height)];
  const [x0, x1] = [Math.floor(left * map.width), Math.ceil(right * map.width)];
  const [height, width] = [y1 - y0, x1 - x0];
  const values = Float32Array.from(
    { length: height * width },
    (_, i) => map.values[(y0 + Math.floor(i / width)) * map.width + x0 + (i % width)] as number,
  );
  return { values, height, width };
}

function coverWith(
  part: Raster,
  mask: Uint8Array,
  [height, width]: readonly [number, number],
  { top, bottom, left, right }: Shares,
): Raster {
  const result = part.clone();
  for (let y = 0; y < part.height; y++) {
    const row = Math.min(height - 1, Math.floor((top + ((bottom - top) * (y + 0.5)) / part.height) * height));
    for (let x = 0; x < part.width; x++) {
      const column = Math.min(width - 1, Math.floor((left + ((right - left) * (x + 0.5)) / part.width) * width));
      if (mask[row * width + column] === 1) result.set(x, y, [128, 128, 128]);
    }
  }
  return result;
}

/** The photo, nearly white: what the network did not see. */
function pale(photo: Raster): Raster {
  const result = photo.clone();
  for (let i = 0; i < result.data.length; i++) {
    if (i % 4 < 3) result.data[i] = 255 - (255 - (result.data[i] as number)) * 0.35;
  }
  return result;
}
