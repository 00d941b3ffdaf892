import { type Hdf5Bytes, hdf5Unsupported } from './hdf5Bytes.js';

/** The kinds of values that are read. */
export type Datatype =
  | {
      readonly kind: 'number' /** safetensors' name: F32, I64 … */;
      readonly name: string;
      readonly bytes: number;
      readonly bigEndian: boolean;
    }
  | { readonly kind: 'text'; readonly bytes: number }
  | { readonly kind: 'variableText'; readonly bytes: 16 }
  | { readonly kind: 'opaque'; readonly bytes: number }
  | { readonly kind: 'other'; readonly bytes: number; readonly className: string };

const CLASS_NAMES =
  'integers,floats,times,texts,bit fields,opaque values,records,references,enumerations,lists,arrays'.split(',');

/** A datatype message. Kinds that are not read are `other`: an attribute of such a kind is left alone. */
export function readDatatype(file: Hdf5Bytes, at: number): Datatype {
  const kind = file.u8(at) & 15;
  const bits = file.u8(at + 1);
  const bytes = file.u32(at + 4);
  const className = CLASS_NAMES[kind] ?? `class ${kind}`;
  const other: Datatype = { kind: 'other', bytes, className };
  switch (kind) {
    case 0: {
      if (![1, 2, 4, 8].includes(bytes) || file.u16(at + 10) !== 8 * bytes) return other;
      return { kind: 'number', name: `${bits & 8 ? 'I' : 'U'}${8 * bytes}`, bytes, bigEndian: (bits & 1) !== 0 };
    }
    case 1: {
      const name = floatName(bytes, file.u8(at + 13), file.u8(at + 15));
      if (name === undefined || bits & 0x40) return other;
      return { kind: 'number', name, bytes, bigEndian: (bits & 1) !== 0 };
    }
    case 3:
      return bytes === 0 ? other : { kind: 'text', bytes };
    case 5:
      return { kind: 'opaque', bytes };
    case 8:
      return bytes === 1 ? { kind: 'number', name: 'U8', bytes, bigEndian: false } : other; // h5py's truth values
    case 9:
      return (bits & 15) === 1 && bytes === 16 ? { kind: 'variableText', bytes } : other;
    default:
      return other;
  }
}

/** IEEE 754's formats and bfloat16, by their size and the bits of exponent and fraction. */
function floatName(bytes: number, exponent: number, fraction: number): string | undefined {
  if (bytes === 4 && exponent === 8 && fraction === 23) return 'F32';
  if (bytes === 8 && exponent === 11 && fraction === 52) return 'F64';
  if (bytes === 2 && exponent === 5 && fraction === 10) return 'F16';
  if (bytes === 2 && exponent === 8 && fraction === 7) return 'BF16';
  return undefined;
}

/** A dataspace message: sizes, outermost first; none for one value. undefined where there is no value at all. */
export function readDataspace(file: Hdf5Bytes, at: number): number[] | undefined {
  const version = file.u8(at);
  const rank = file.u8(at + 1);
  if (version !== 1 && version !== 2) throw hdf5Unsupported(file.where, `a dataspace of version ${version}`);
  if (rank > 32) throw hdf5Unsupported(file.where, `an array with ${rank} axes`);
  if (version === 2 && file.u8(at + 3) === 2) return undefined;
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => file.u64(start + 8 * i));
}
