import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/** The files of a gzipped tar archive by name; a longer name may stand in an extended (pax) header before a file. */
export function readTarGz(packed: Uint8Array): Map<string, Uint8Array> {
  const tar = gunzipSync(packed);
  const files = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = text(tar, at, 100);
    const prefix = text(tar, at + 345, 155);
    const size = Number.parseInt(text(tar, at + 124, 12), 8);
    const type = String.fromCharCode(tar[at + 156] as number);
    at += BLOCK;
    const content = tar.subarray(at, at + size);
    if (type === 'x') {
      longName = new TextDecoder().decode(content).match(/\d+ path=(.*)\n/)?.[1];
    } else if (type === '0' || type === '\0') {
      files.set(longName ?? (prefix === '' ? name : `${prefix}/${name}`), content);
      longName = undefined;
    } else if (type !== '5') {
      throw new Error(`the archive holds an entry of kind ${type}, which this reader does not know: ${name}`);
    }
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
