import type { JsonValue } from '../keras/jsonValue.js';
import { decodeRounded } from '../roundedNumbers.js';

const KINDS: Readonly<Record<string, readonly [name: string, bytes: number]>> = {
  float32: ['F32', 4],
  int32: ['I32', 4],
  float16: ['F16', 2],
  uint16: ['U16', 2],
  uint8: ['U8', 1],
  bool: ['BOOL', 1],
};

/** One weight of a manifest: how it is stored and how its numbers come out. */
export interface StoredWeight {
  readonly dtype: string;
  /** Bytes of one number. */
  readonly bytes: number;
  decode(bytes: Uint8Array, length: number, where: string): Float32Array | Int32Array;
}

/** The entry of a weight: float32 or int32, or whole numbers q of 8 or 16 bits that stand for q · scale + min. */
export function storedWeight(entry: JsonValue): StoredWeight {
  const quantization = entry.get('quantization');
  const kind = (quantization.present ? quantization : entry).get('dtype');
  const [name, bytes] = KINDS[kind.text()] ?? kind.fail(`must be one of ${Object.keys(KINDS).join(', ')}: it`);
  const decode = (part: Uint8Array, length: number, where: string) => decodeRounded(name, part, length, where);
  if (!quantization.present || name === 'F16') return { dtype: name, bytes, decode };
  const [min, scale] = [quantization.get('min').number(), quantization.get('scale').number()];
  return {
    dtype: name,
    bytes,
    decode: (part, length, where) => Float32Array.from(decode(part, length, where), (q) => q * scale + min),
  };
}
