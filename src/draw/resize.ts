import { Raster } from './raster.js';

/** The picture at another size, each pixel the nearest one of the original: for maps, whose cells should stay visible. */
export function scaleNearest(picture: Raster, width: number, height: number): Raster {
  const scaled = new Raster(width, height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * picture.height) / height) * picture.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(((x + 0.5) * picture.width) / width)) * 4;
      const to = (y * width + x) * 4;
      for (let k = 0; k < 4; k++) scaled.data[to + k] = picture.data[from + k] as number;
    }
  }
  return scaled;
}

/**
 * The picture at another size, for photos: bilinear between pixels' centers, and where it becomes smaller the mean over a
 * tent as wide as the step, so that fine patterns do not turn into false ones.
 */
export function scaleSmooth(picture: Raster, width: number, height: number): Raster {
  const scaled = new Raster(width, height);
  const [across, down] = [weights(picture.width, width), weights(picture.height, height)];
  // Colors are weighed by opacity: what is transparent has none.
  const rows = new Float64Array(width * picture.height * 4);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * 4;
      for (const [from, weight] of across[x] as Weighed) {
        const at = (y * picture.width + from) * 4;
        const opacity = (picture.data[at + 3] as number) * weight;
        for (let k = 0; k < 3; k++)
          rows[to + k] = (rows[to + k] as number) + (picture.data[at + k] as number) * opacity;
        rows[to + 3] = (rows[to + 3] as number) + opacity;
      }
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0, 0];
      for (const [from, weight] of down[y] as Weighed) {
        for (let k = 0; k < 4; k++) {
          sum[k] = (sum[k] as number) + (rows[(from * width + x) * 4 + k] as number) * weight;
        }
      }
      const opacity = sum[3] as number;
      const to = (y * width + x) * 4;
      for (let k = 0; k < 3; k++) scaled.data[to + k] = opacity > 0 ? (sum[k] as number) / opacity : 0;
      scaled.data[to + 3] = opacity;
    }
  }
  return scaled;
}

/** The picture at the largest size that fits into a square of `side` pixels; one that fits already stays as it is. */
export function scaleToFit(picture: Raster, side: number): Raster {
  const factor = side / Math.max(picture.width, picture.height);
  if (factor >= 1) return picture;
  const size = (length: number) => Math.max(1, Math.round(length * factor));
  return scaleSmooth(picture, size(picture.width), size(picture.height));
}

type Weighed = readonly (readonly [number, number])[];

/** For each new pixel, the old ones that it is made of, with weights that add up to 1. */
function weights(from: number, to: number): Weighed[] {
  const step = from / to;
  const reach = Math.max(1, step);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * step - 0.5;
    const found: [number, number][] = [];
    for (let j = Math.ceil(center - reach); j <= Math.floor(center + reach); j++) {
      const weight = 1 - Math.abs(j - center) / reach;
      if (weight > 0) found.push([Math.min(from - 1, Math.max(0, j)), weight]);
    }
    const sum = found.reduce((total, [, weight]) => total + weight, 0);
    return found.map(([j, weight]) => [j, weight / sum] as const);
  });
}
