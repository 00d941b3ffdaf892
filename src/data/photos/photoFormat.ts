/** The kinds of photos that are read. */
export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/** Bytes from the beginning of a file that tell its kind. */
export const PHOTO_START_BYTES = 64;

/** The endings of the names of photos: a file without one is taken for something else if it is no photo. */
const ENDINGS = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif|heic|heif|bmp|jp2|jxl|ico|psd|svg)$/i;

/** Whether a name promises a picture. */
export function isPhotoName(name: string): boolean {
  return ENDINGS.test(name);
}

/**
 * What kind of picture a file is by its first bytes, whatever its name says: a format that is read, the name of one that is
 * not, or undefined.
 */
export function photoFormat(start: Uint8Array): PhotoFormat | { readonly unsupported: string } | undefined {
  const text = String.fromCharCode(...start.subarray(0, PHOTO_START_BYTES));
  if (text.startsWith('\u00ff\u00d8\u00ff')) return 'jpeg';
  if (text.startsWith('\u0089PNG\r\n\u001a\n')) return 'png';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'tiff';
  if (text.startsWith('ftyp', 4)) return heifFormat(text, start);
  if (text.startsWith('BM') && start.length > 26) return { unsupported: 'BMP' };
  if (text.startsWith('8BPS')) return { unsupported: 'Photoshop' };
  if (text.startsWith('\0\0\u0001\0')) return { unsupported: 'icon' };
  if (text.startsWith('\u00ff\u000a') || text.startsWith('JXL ', 4)) return { unsupported: 'JPEG XL' };
  if (text.startsWith('jP  ', 4)) return { unsupported: 'JPEG 2000' };
  return /^\s*(<\?xml|<svg)/.test(text) ? { unsupported: 'SVG' } : undefined;
}

/** The brands of ISO base media files, the main one and those that it goes with. */
function heifFormat(text: string, start: Uint8Array): 'avif' | { readonly unsupported: string } {
  const length = new DataView(start.buffer, start.byteOffset).getUint32(0);
  const brands = text.slice(8, Math.max(16, Math.min(length, text.length)));
  if (/avi[fs]/.test(brands)) return 'avif';
  return { unsupported: /hei[cfmsx]|hev[cx]|mif1|msf1/.test(brands) ? 'HEIC' : 'video' };
}
