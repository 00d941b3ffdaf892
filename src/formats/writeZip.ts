import { crc32 } from '../tensor/crc32.js';
import { FoveaError } from '../tensor/errors.js';

/** 1 January 1980, midnight, the first moment that zip knows: equal contents give equal bytes. */
const DATE = 0x0021;
const UTF8_NAMES = 0x0800;

/**
 * A zip archive as pieces to be written one after the other: the files' own bytes stand in it as they are, uncopied and
 * uncompressed. A file may be given in pieces too.
 *
 * @throws FoveaError `memory` beyond 4 GiB, where the plain form of the format ends.
 */
export function zipPieces(files: ReadonlyMap<string, readonly Uint8Array[]>): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, contents] of files) {
    const text = new TextEncoder().encode(name);
    const size = contents.reduce((sum, piece) => sum + piece.length, 0);
    if (at + size >= 2 ** 32 - 2 ** 20) {
      throw new FoveaError('memory', {
        where: `zip archive, file "${name}"`,
        rule: 'an archive may have at most 4 GiB',
        received: `${at + size} bytes`,
        remedy: 'Save half precision, or safetensors',
      });
    }
    const common = [20, UTF8_NAMES, 0, 0, DATE, [crc32(contents)], [size], [size], text.length, 0];
    pieces.push(record(0x04034b50, common), text, ...contents);
    directory.push(record(0x02014b50, [20, ...common, 0, 0, 0, [0], [at]]), text);
    at += 30 + text.length + size;
  }
  const bytes = directory.reduce((sum, piece) => sum + piece.length, 0);
  return [...pieces, ...directory, record(0x06054b50, [0, 0, files.size, files.size, [bytes], [at], 0])];
}

/** A signature, then numbers of 16 bits and, in brackets, of 32. */
function record(signature: number, fields: readonly (number | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce<number>((sum, field) => sum + (typeof field === 'number' ? 2 : 4), 4));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  for (const field of fields) {
    if (typeof field === 'number') view.setUint16(at, field, true);
    else view.setUint32(at, field[0] as number, true);
    at += typeof field === 'number' ? 2 : 4;
  }
  return bytes;
}
