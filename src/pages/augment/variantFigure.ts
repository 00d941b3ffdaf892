import type { StepFacts } from '../../data/augment/steps.js';
import type { Picture } from '../../data/picture.js';
import {
  dataUri,
  encodePng,
  html,
  type Markup,
  type Raster,
  rasterFromPixels,
  scaleNearest,
  scaleSmooth,
} from '../../draw/index.js';

/** One changed picture. */
export interface AugmentVariant {
  /** Bytes, or floats of 0 to 255 or, of one that the data set keeps as floats, 0 to 1. */
  readonly picture: Picture;
  /** What white is in `picture`. */
  readonly white: number;
  /** What was done; nothing for the picture as it is. */
  readonly steps: readonly Pick<StepFacts, 'text'>[];
  /** What a model says. */
  readonly prediction?: { readonly className: string; readonly probability: number };
}

/** Sides of a tile, in pixels. */
export const SIDE = 176;

/** Whether a model takes the changed picture for something else. */
export function isFlipped({ prediction }: AugmentVariant, original: AugmentVariant): boolean {
  return prediction !== undefined && prediction.className !== original.prediction?.className;
}

/** The picture as large as a tile allows: small ones with sharp pixels. */
export function shownRaster({ picture, white }: AugmentVariant): Raster {
  const { data, height, width, channels } = picture;
  const bytes = Uint8ClampedArray.from(data, (value) => (value * 255) / white);
  const plain = channels === 1 || channels === 3 ? bytes : bytes.filter((_, i) => i % channels === 0);
  const raster = rasterFromPixels(plain, height, width);
  const factor = SIDE / Math.max(height, width);
  const side = (length: number): number => Math.max(1, Math.round(length * factor));
  return factor >= 2 ? scaleNearest(raster, side(width), side(height)) : scaleSmooth(raster, side(width), side(height));
}

/** What is said under a variant. */
interface VariantCaption {
  readonly name: string;
  readonly text: string;
  /** A model takes it for something else. @default false */
  readonly flipped?: boolean;
}

/** One variant for a page; one that a model takes for something else has an orange frame and an exclamation mark. */
export async function variantFigure(
  variant: AugmentVariant,
  { name, text, flipped = false }: VariantCaption,
): Promise<Markup> {
  const address = dataUri(await encodePng(shownRaster(variant)));
  const { prediction } = variant;
  const says =
    prediction !== undefined &&
    html` ${flipped && html`<strong>!&nbsp;</strong>`}${prediction.className} ${(100 * prediction.probability).toFixed(1)} %`;
  const style = html` style="--width:${SIDE}px${flipped && ';outline:4px solid #d55e00'}"`;
  return html`<figure${style}><img src="${address}" alt="${text}" width="${SIDE}"><figcaption><strong>${name}</strong>${says}<br>${text}</figcaption></figure>`;
}
