import { crc32 } from '../tensor/crc32.js';
import { deflate } from './deflate.js';
import { filterRows } from './pngFilters.js';
import type { Raster } from './raster.js';

export interface PngOptions {
  /** Texts that the file carries, by keyword (1 to 79 letters of Latin-1): what the picture shows and what made it. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** Pixels in the smallest of the forms that PNG has and that keeps every color (color types 0, 2, 3 and 6). */
interface Packed {
  readonly colorType: 0 | 2 | 3 | 6;
  readonly bits: number;
  readonly rowBytes: number;
  readonly pixels: Uint8Array;
  readonly palette?: Uint8Array;
  readonly opacity?: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A picture as the bytes of a PNG file, without loss; equal pictures and texts give equal bytes. */
export async function encodePng(picture: Raster, { texts = {} }: PngOptions = {}): Promise<Uint8Array> {
  const packed = pack(picture);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  header.set([packed.bits, packed.colorType], 8);
  // Rows of indices compress best as they are: neighbors among them say nothing about the next.
  const bytes = packed.colorType === 3 || packed.bits < 8 ? 0 : packed.rowBytes / picture.width;
  const rows = filterRows(packed.pixels, packed.rowBytes, bytes);
  return concatenate([
    SIGNATURE,
    chunk('IHDR', header),
    ...Object.entries(texts).map(([keyword, text]) => chunk('iTXt', textBytes(keyword, text))),
    ...(packed.palette === undefined ? [] : [chunk('PLTE', packed.palette)]),
    ...(packed.opacity === undefined ? [] : [chunk('tRNS', packed.opacity)]),
    chunk('IDAT', await deflate(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

function pack(picture: Raster): Packed {
  const { width, height } = picture;
  const data = new Uint32Array(picture.data.buffer, picture.data.byteOffset, width * height);
  const colors = new Map<number, number>();
  let [opaque, gray] = [true, true];
  for (let i = 0; i < data.length; i++) {
    const color = data[i] as number;
    if (colors.size <= 256 && !colors.has(color)) colors.set(color, colors.size);
    const at = i * 4;
    const [red, green, blue, opacity] = [0, 1, 2, 3].map((k) => picture.data[at + k]);
    if (opacity !== 255) opaque = false;
    if (red !== green || green !== blue) gray = false;
    if (!opaque && colors.size > 256) break;
  }
  const bits = [1, 2, 4, 8].find((one) => colors.size <= 2 ** one);
  if (gray && opaque && bits === 8) return plain(picture, 0, [0]);
  if (bits !== undefined) return indexed(picture, data, colors, bits);
  if (!opaque) return plain(picture, 6, [0, 1, 2, 3]);
  return gray ? plain(picture, 0, [0]) : plain(picture, 2, [0, 1, 2]);
}

function plain({ width, height, data }: Raster, colorType: 0 | 2 | 6, parts: readonly number[]): Packed {
  const size = parts.length;
  const pixels = new Uint8Array(width * height * size);
  for (let i = 0; i < width * height; i++) {
    for (const [k, part] of parts.entries()) pixels[i * size + k] = data[i * 4 + part] as number;
  }
  return { colorType, bits: 8, rowBytes: width * size, pixels };
}

function indexed(picture: Raster, data: Uint32Array, colors: ReadonlyMap<number, number>, bits: number): Packed {
  const { width, height } = picture;
  const rowBytes = Math.ceil((width * bits) / 8);
  const pixels = new Uint8Array(rowBytes * height);
  const palette = new Uint8Array(colors.size * 3);
  const opacity = new Uint8Array(colors.size);
  for (let i = 0; i < data.length; i++) {
    const index = colors.get(data[i] as number) as number;
    palette.set(picture.data.subarray(i * 4, i * 4 + 3), index * 3);
    opacity[index] = picture.data[i * 4 + 3] as number;
    const [y, x] = [Math.floor(i / width), i % width];
    const at = y * rowBytes + Math.floor((x * bits) / 8);
    pixels[at] = (pixels[at] as number) | (index << (8 - bits - ((x * bits) % 8)));
  }
  const whole = opacity.every((one) => one === 255);
  return { colorType: 3, bits, rowBytes, pixels, palette, ...(whole ? {} : { opacity }) };
}

/** The contents of an iTXt chunk: a keyword, then UTF-8, not compressed, of no named language. */
function textBytes(keyword: string, text: string): Uint8Array {
  const name = Uint8Array.from([...keyword].slice(0, 79), (letter) => {
    const code = letter.charCodeAt(0);
    return code >= 32 && code <= 126 ? code : 63;
  });
  return concatenate([name, new Uint8Array(5), new TextEncoder().encode(text)]);
}

function chunk(type: string, contents: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(type);
  const bytes = new Uint8Array(12 + contents.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, contents.length);
  bytes.set(name, 4);
  bytes.set(contents, 8);
  view.setUint32(8 + contents.length, crc32([name, contents]));
  return bytes;
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
