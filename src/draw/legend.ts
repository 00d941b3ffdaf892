import { round, shortened, svgFrame, svgText } from './chartParts.js';
import { drawText, textSize } from './font.js';
import { html, type Markup } from './markup.js';
import { numberText } from './numberText.js';
import { type Color, Raster } from './raster.js';
import type { Scale } from './scale.js';

export interface LegendOptions {
  /** What the values are: `activation`, `weight`. */
  readonly label?: string;
  /** Width in pixels. @default 240 */
  readonly width?: number;
}

/** The colors of a scale with numbers at its ends and at zero, as an SVG. */
export function legendSvg(scale: Scale, { label = '', width = 240 }: LegendOptions = {}): Markup {
  const bars = 64;
  const step = width / bars;
  const title = [label, scale.scope].filter((part) => part !== undefined && part !== '').join(', ');
  const top = title === '' ? 0 : 16;
  const parts = Array.from({ length: bars }, (_, i) => {
    const [red, green, blue] = scale.color(scale.min + ((scale.max - scale.min) * i) / (bars - 1));
    return html`<rect x="${round(i * step)}" y="${top}" width="${round(step + 0.5)}" height="12" fill="rgb(${red},${green},${blue})"/>`;
  });
  if (title !== '') parts.push(svgText(0, 11, shortened(title, width)));
  for (const tick of scale.ticks) {
    const at = scale.position(tick) * width;
    const anchor = at < 1 ? 'start' : at > width - 1 ? 'end' : 'middle';
    parts.push(svgText(at, top + 26, numberText(tick), { anchor }));
  }
  return svgFrame({ title: title || 'colors', sentence: scale.describe() }, width, top + 30, parts);
}

export interface LegendRasterOptions extends LegendOptions {
  readonly textColor?: Color;
  readonly background?: Color;
}

/** The same as a picture of its own, to be put below a map in one file. */
export function legendRaster(scale: Scale, options: LegendRasterOptions = {}): Raster {
  const { label = '', width = 160, textColor = [0, 0, 0], background = [255, 255, 255] } = options;
  const title = [label, scale.scope].filter((part) => part !== undefined && part !== '').join(', ');
  const top = title === '' ? 2 : 13;
  const picture = new Raster(width, top + 24).fill(background);
  if (title !== '') drawText(picture, title, 2, 2, { color: textColor });
  const inner = width - 4;
  for (let x = 0; x < inner; x++) {
    const color = scale.color(scale.min + ((scale.max - scale.min) * x) / Math.max(1, inner - 1));
    picture.fill(color, { x: x + 2, y: top, width: 1, height: 10 });
  }
  for (const tick of scale.ticks) {
    const text = numberText(tick);
    const size = textSize(text).width;
    const at = 2 + scale.position(tick) * inner - size / 2;
    const x = Math.round(Math.min(width - 2 - size, Math.max(2, at)));
    drawText(picture, text, x, top + 13, { color: textColor });
  }
  return picture;
}
