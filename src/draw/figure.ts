import { html, type Markup, type MarkupPart } from './markup.js';
import { encodePng } from './png.js';
import type { Raster } from './raster.js';

export interface FigureOptions {
  /** A short name of what is seen. */
  readonly caption: MarkupPart;
  /** What the picture shows, in a sentence made from its numbers; also what is read aloud in its place. */
  readonly sentence: string;
  /** From `legendSvg`: no map goes without its numbers. */
  readonly legend?: Markup;
  /** Keeps pixels as sharp squares: for maps, not for photos. @default false */
  readonly pixelated?: boolean;
  /** How wide it is shown, in CSS pixels; never wider than the page. @default the picture's own width */
  readonly width?: number;
}

/** Bytes as an address that holds them. */
export function dataUri(bytes: Uint8Array, type = 'image/png'): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:${type};base64,${btoa(text)}`;
}

/** A picture with caption, sentence and legend, for a page; a raster becomes a PNG within the page. */
export async function figure(picture: Raster | Markup, options: FigureOptions): Promise<Markup> {
  const { caption, sentence, legend } = options;
  const shown = 'data' in picture ? await image(picture, options) : html`<div class="scroll">${picture}</div>`;
  // In a row, a caption is as wide as its picture.
  const style = 'data' in picture && html` style="--width:${options.width ?? picture.width}px"`;
  return html`<figure${style}>${shown}<figcaption><strong>${caption}</strong> ${sentence}</figcaption>${
    legend !== undefined && html`<div class="legend">${legend}</div>`
  }</figure>`;
}

/** Figures beside each other, as many as fit. */
export function figureRow(figures: readonly Markup[]): Markup {
  return html`<div class="row">${figures}</div>`;
}

/** Small figures beside each other, two to a row on a phone. */
export function figureTiles(figures: readonly Markup[]): Markup {
  return html`<div class="row tiles">${figures}</div>`;
}

async function image(picture: Raster, { sentence, pixelated = false, width = picture.width }: FigureOptions) {
  const height = Math.round((picture.height * width) / picture.width);
  const address = dataUri(await encodePng(picture));
  return html`<img src="${address}" alt="${sentence}" width="${width}" height="${height}"${pixelated && html` class="pixelated"`}>`;
}
