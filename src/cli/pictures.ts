import type { Batch } from '../data/dataset.js';
import { sizeOf } from '../tensor/shape.js';
import type { Terminal } from './terminal.js';

/** Two columns between pictures. */
const GAP = '  ';

/** How many pictures of a width fit side by side. */
export function picturesPerLine(width: number, columns: number): number {
  return Math.max(1, Math.floor((columns - 1 + GAP.length) / (Math.ceil(width / 2) + GAP.length)));
}

/**
 * Pictures side by side, each with lines of text below: x [n, h, w, c], brighter for larger values. Shades where there are
 * colors, else dots. Half as many columns as pixels, a quarter as many lines.
 */
export function drawPictures(
  terminal: Pick<Terminal, 'color'>,
  { x }: Pick<Batch, 'x'>,
  captions: readonly (readonly string[])[],
): string[] {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const rowLength = Math.ceil(w / 2);
  const lines = Array.from({ length: Math.ceil(h / 4) }, () => '');
  for (let i = 0; i < n; i++) {
    const pixels = greyLevels(x.data.subarray(i * h * w * c, (i + 1) * h * w * c), c);
    const at = (row: number, column: number): number => (row < h && column < w ? (pixels[row * w + column] ?? 0) : 0);
    const drawn = terminal.color ? shades(at, h, w) : dots(at, h, w);
    drawn.forEach((text, row) => {
      lines[row] += (i === 0 ? '' : GAP) + text;
    });
  }
  const height = Math.max(0, ...captions.map((one) => one.length));
  const below = Array.from({ length: height }, (_, row) =>
    captions.map((one) => (one[row] ?? '').slice(0, rowLength).padEnd(rowLength)).join(GAP),
  );
  return [...lines, ...below].map((text) => text.trimEnd());
}

/** The mean over the channels, stretched to 0 to 1. */
function greyLevels(data: Float32Array, channels: number): Float32Array {
  const grey = new Float32Array(data.length / channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    grey[pixel] = (grey[pixel] as number) + (data[i] as number) / channels;
  }
  const least = grey.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = grey.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return grey.map((value) => (value - least) / (most - least || 1));
}

type PixelAt = (row: number, column: number) => number;

/** Each character shows 2 × 4 pixels as two shades, one above the other. */
function shades(at: PixelAt, h: number, w: number): string[] {
  const shade = (row: number, column: number): number => {
    const mean = (at(row, column) + at(row, column + 1) + at(row + 1, column) + at(row + 1, column + 1)) / 4;
    // 232 to 255 are xterm's 24 greys.
    return 232 + Math.round(23 * Math.min(1, mean * 1.15));
  };
  return eachBlock(h, w, (row, column) => {
    const [above, below] = [shade(row, column), shade(row + 2, column)];
    return `\u001b[38;5;${above};48;5;${below}m▀`;
  }).map((text) => `${text}\u001b[0m`);
}

/** Each character shows 2 × 4 pixels as the dots of a Braille sign. */
function dots(at: PixelAt, h: number, w: number): string[] {
  const bits = [
    [0x01, 0x08],
    [0x02, 0x10],
    [0x04, 0x20],
    [0x40, 0x80],
  ];
  return eachBlock(h, w, (row, column) => {
    let sign = 0x2800;
    for (const [y, pair] of bits.entries()) {
      for (const [x, bit] of pair.entries()) if (at(row + y, column + x) > 0.45) sign += bit;
    }
    return String.fromCodePoint(sign);
  });
}

function eachBlock(h: number, w: number, draw: (row: number, column: number) => string): string[] {
  return Array.from({ length: Math.ceil(h / 4) }, (_, y) =>
    Array.from({ length: Math.ceil(w / 2) }, (_unused, x) => draw(4 * y, 2 * x)).join(''),
  );
}

/** Whether examples are pictures that fit a terminal: grey or RGB, neither tiny nor large. */
export function isPicture(shape: readonly number[]): boolean {
  const [h = 0, w = 0, c = 0] = shape;
  return shape.length === 3 && (c === 1 || c === 3) && h >= 8 && w >= 8 && sizeOf([h, w]) <= 64 * 64;
}
