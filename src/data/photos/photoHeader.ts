import { PHOTO_START_BYTES, type PhotoFormat, photoFormat } from './photoFormat.js';

/** What the bytes of a photo say without being decoded. */
export interface StoredHeader {
  readonly format: PhotoFormat;
  /** Height and width as stored, before any turning, in pixels. */
  readonly height: number;
  readonly width: number;
  /** The file ends before the photo does. */
  readonly cutOff: boolean;
}

/**
 * Reads the size of a JPEG, PNG, WebP, GIF or AVIF from its header alone, before memory for its pixels is taken. Undefined
 * where the header is none, or of another format.
 */
export function readPhotoHeader(bytes: Uint8Array): StoredHeader | undefined {
  const format = photoFormat(bytes.subarray(0, PHOTO_START_BYTES));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const size = typeof format === 'string' ? READERS[format]?.(view) : undefined;
    if (size === undefined || !(size.width > 0 && size.height > 0)) return undefined;
    return { format: format as PhotoFormat, ...size };
  } catch (error) {
    // The header goes on beyond the end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Size = Pick<StoredHeader, 'height' | 'width' | 'cutOff'>;

const READERS: Partial<Record<PhotoFormat, (view: DataView) => Size | undefined>> = {
  jpeg: readJpeg,
  png: (view) => ({ width: view.getUint32(16), height: view.getUint32(20), cutOff: !endsWith(view, 'IEND', 64) }),
  gif: (view) => ({ width: view.getUint16(6, true), height: view.getUint16(8, true), cutOff: false }),
  webp: readWebp,
  avif: readAvif,
};

/** The frame header SOF0 to SOF15; DHT, JPG and DAC lie between them. */
function readJpeg(view: DataView): Size | undefined {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at++;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { height, width, cutOff: !hasEndMarker(view, at) };
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + view.getUint16(at + 2);
  }
}

function hasEndMarker(view: DataView, from: number): boolean {
  for (let at = view.byteLength - 2; at > from; at--) if (view.getUint16(at) === 0xffd9) return true;
  return false;
}

function readWebp(view: DataView): Size | undefined {
  const cutOff = view.getUint32(4, true) + 8 > view.byteLength;
  const kind = text(view, 12, 4);
  if (kind === 'VP8X') return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27), cutOff };
  if (kind === 'VP8L') {
    const word = view.getUint32(21, true);
    return { width: 1 + (word & 0x3fff), height: 1 + ((word >>> 14) & 0x3fff), cutOff };
  }
  if (kind !== 'VP8 ') return undefined;
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, cutOff };
}

/** The largest of the sizes (boxes `ispe`) that the picture and its parts have. */
function readAvif(view: DataView): Size | undefined {
  let size: Size | undefined;
  const end = Math.min(view.byteLength - 16, 2 ** 20);
  for (let at = 0; at < end; at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (size === undefined || width * height > size.width * size.height) size = { width, height, cutOff: false };
  }
  return size;
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + 65_536 * view.getUint8(at + 2);
}

function text(view: DataView, at: number, length: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
}

function endsWith(view: DataView, word: string, within: number): boolean {
  const start = Math.max(0, view.byteLength - within);
  return text(view, start, view.byteLength - start).includes(word);
}
