import { drawText, fitText, textSize } from './font.js';
import { type Color, Raster } from './raster.js';

export interface TileOptions {
  /** @default a grid as square as it can be */
  readonly columns?: number;
  /** Pixels between tiles and around them. @default 1 */
  readonly gap?: number;
  readonly background?: Color;
  /** A line of text below each tile; cut where it is wider than the tile. */
  readonly captions?: readonly string[];
  /** The size of captions' pixels. @default 1 */
  readonly textScale?: number;
  readonly textColor?: Color;
}

/** Where a grid of tiles puts each, in pixels of the grid's picture. */
export interface TileLayout {
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  readonly corners: readonly (readonly [x: number, y: number])[];
}

/** The places of `count` tiles in a grid, for drawing and for telling which tile a point lies in. */
export function tileLayout(count: number, width: number, height: number, options: TileOptions = {}): TileLayout {
  const { gap = 1, captions, textScale = 1 } = options;
  const columns = Math.max(1, Math.min(count, options.columns ?? Math.ceil(Math.sqrt(count))));
  const rows = Math.max(1, Math.ceil(count / columns));
  const caption = captions === undefined ? 0 : textSize('', textScale).height + 2 * textScale;
  const [stepX, stepY] = [width + gap, height + caption + gap];
  return {
    columns,
    rows,
    width: columns * stepX + gap,
    height: rows * stepY + gap,
    corners: Array.from(
      { length: count },
      (_, i) => [gap + (i % columns) * stepX, gap + Math.floor(i / columns) * stepY] as const,
    ),
  };
}

/** Pictures side by side in one; smaller ones stand in the middle of their place. */
export function tileGrid(tiles: readonly Raster[], options: TileOptions = {}): Raster {
  const { background = [128, 128, 128], textColor = [0, 0, 0], textScale = 1, captions } = options;
  const width = Math.max(1, ...tiles.map((tile) => tile.width));
  const height = Math.max(1, ...tiles.map((tile) => tile.height));
  const layout = tileLayout(tiles.length, width, height, options);
  const grid = new Raster(layout.width, layout.height).fill(background);
  for (const [i, tile] of tiles.entries()) {
    const [x, y] = layout.corners[i] as readonly [number, number];
    grid.blit(tile, x + Math.floor((width - tile.width) / 2), y + Math.floor((height - tile.height) / 2));
    const caption = captions?.[i];
    if (caption === undefined) continue;
    const text = fitText(caption, width, textScale);
    const left = x + Math.floor((width - textSize(text, textScale).width) / 2);
    drawText(grid, text, left, y + height + 2 * textScale, { color: textColor, scale: textScale });
  }
  return grid;
}
