import { FoveaError } from '../../tensor/errors.js';
import { photoFormat } from './photoFormat.js';
import type { PhotoProblemKind } from './photoProblem.js';

/** The error of a photo that is not decoded, with what kind of problem it is. */
export function photoRefusal(
  kind: PhotoProblemKind,
  where: string,
  parts: { readonly rule: string; readonly received: string; readonly remedy: string; readonly cause?: unknown },
): FoveaError {
  return new FoveaError('format', { where, ...parts, data: { kind } });
}

/** The format of a photo of a kind that is read; throws for anything else. */
export function checkedFormat(bytes: Uint8Array, where: string) {
  const format = photoFormat(bytes);
  if (typeof format === 'string') return format;
  const rule = 'JPEG, PNG, WebP, GIF, TIFF and AVIF are read';
  if (format !== undefined) {
    const remedy = 'Convert the photo to JPEG or PNG';
    throw photoRefusal('unsupported', where, { rule, received: format.unsupported, remedy });
  }
  throw photoRefusal('broken', where, { rule, received: 'something else', remedy: 'Check or remove the file' });
}

/** The error of a photo whose pixels are more than allowed. */
export function tooManyPixels(where: string, received: string): FoveaError {
  const rule = 'the photo has more pixels than allowed';
  return photoRefusal('tooLarge', where, { rule, received, remedy: 'Make it smaller or raise maxPixels' });
}

/** The error of a photo that is damaged. */
export function undecodable(cause: unknown, where: string): FoveaError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const received = text.trim().replace(/\s+/g, ' ').slice(0, 120);
  if (/pixel limit/i.test(received)) return tooManyPixels(where, received);
  const rule = 'it cannot be decoded';
  return photoRefusal('broken', where, { rule, received, remedy: 'Replace or remove the photo', cause });
}
