import type { Color } from './raster.js';

/** 256 colors in a row: RGB, 768 numbers of 0 to 255. */
export type ColorMap = Uint8Array;

/** A color of OKLCh (Ottosson, 2020): lightness 0 to 1, chroma, hue in degrees. */
type Oklch = readonly [lightness: number, chroma: number, hue: number];

/**
 * The colors of all maps, made by code in OKLab, where equal steps look equal. Lightness is what says the value, so that each
 * reads the same without color, in print and to color-blind eyes.
 */
export const colorMaps = {
  /** For values ≥ 0: dark indigo over teal to light yellow, lightness rising evenly. */
  sequential: path((t) => [0.2 + 0.76 * t, 0.08 + 0.08 * t, 285 - 180 * t]),
  /** For signed values: orange (negative), near white at zero, blue (positive), both sides of equal lightness. */
  diverging: signed(0.965, 0.5, 0.15),
  /** The same for dark surroundings: near black at zero, bright ends. */
  divergingDark: signed(0.2, 0.76, 0.14),
  /** For photos and masks: black to white. */
  gray: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
} satisfies Record<string, ColorMap>;

/** The single hue of a heat map laid over a photo, and those of the two signs. */
export const heatColors = {
  sequential: toSrgb([0.62, 0.25, 350]),
  positive: toSrgb([0.56, 0.17, 250]),
  negative: toSrgb([0.68, 0.17, 55]),
} satisfies Record<string, Color>;

/** What stands for a number that is none, or infinite: a pink that no map has. */
export const notFiniteColor: Color = [255, 0, 160];

function path(color: (t: number) => Oklch): ColorMap {
  const map = new Uint8Array(768);
  for (let i = 0; i < 256; i++) map.set(toSrgb(color(i / 255)), i * 3);
  return map;
}

/** Both ends around a zero without color, which lies between entries 127 and 128, both neutral. */
function signed(zero: number, end: number, chroma: number): ColorMap {
  return path((t) => {
    const distance = Math.max(0, Math.abs(2 * t - 1) - 1 / 255) * (255 / 254);
    return [zero + (end - zero) * distance, chroma * distance ** 0.9, t < 0.5 ? 60 : 248];
  });
}

/** The nearest color that a screen has: chroma is given up until red, green and blue fit, lightness and hue stay. */
function toSrgb([lightness, chroma, hue]: Oklch): [number, number, number] {
  const angle = (hue * Math.PI) / 180;
  let [low, high] = [0, chroma];
  let color = linearRgb(lightness, high * Math.cos(angle), high * Math.sin(angle));
  if (!inGamut(color)) {
    for (let step = 0; step < 20; step++) {
      const middle = (low + high) / 2;
      color = linearRgb(lightness, middle * Math.cos(angle), middle * Math.sin(angle));
      if (inGamut(color)) low = middle;
      else high = middle;
    }
    color = linearRgb(lightness, low * Math.cos(angle), low * Math.sin(angle));
  }
  return color.map((one) => Math.round(255 * encodeGamma(Math.min(1, Math.max(0, one))))) as [number, number, number];
}

function inGamut(color: readonly number[]): boolean {
  return color.every((one) => one >= -1e-4 && one <= 1 + 1e-4);
}

function encodeGamma(one: number): number {
  return one <= 0.0031308 ? 12.92 * one : 1.055 * one ** (1 / 2.4) - 0.055;
}

/** From OKLab to linear sRGB, with the matrices of Ottosson's publication. */
function linearRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}
