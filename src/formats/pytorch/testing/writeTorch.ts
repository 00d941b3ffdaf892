import { zipPieces } from '../../writeZip.js';
import { named, pickleOf, text } from './pickleText.js';

const PROTOCOL = [0x80, 2];
const int = (value: number): number[] => [0x4a, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >> 24];
const tuple = (...items: (string | number | readonly number[])[]) => ['(', ...items, 't'];
const emptyDict = [named('collections', 'OrderedDict'), ')', 'R'];

interface TorchArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** @default those of row-major order */
  readonly strides?: readonly number[];
}

type Arrays = Readonly<Record<string, TorchArray>>;

/** The pickle of a state dict, as PyTorch writes it; storages are numbered. */
function stateDict(arrays: Arrays, legacy: boolean): Uint8Array {
  const tensors = Object.entries(arrays).flatMap(([name, { shape, data, strides: given }], i) => {
    const storage = tuple(
      ...[text('storage'), named('torch', 'FloatStorage'), text(`${i}`), text('cpu'), int(data.length)],
      ...(legacy ? ['N'] : []),
    );
    const strides = given ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
    const parts = [
      ...storage,
      'Q',
      int(0),
      ...tuple(...shape.map(int)),
      ...tuple(...strides.map(int)),
      0x89,
      ...emptyDict,
    ];
    return [text(name), named('torch._utils', '_rebuild_tensor_v2'), ...tuple(...parts), 'R'];
  });
  return pickleOf(PROTOCOL, ...emptyDict, '(', ...tensors, 'u', '.');
}

const bytesOf = ({ data }: Arrays[string]): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A state dict in PyTorch's zip format: its pickle, and the files of the archive. */
export function torchArchive(arrays: Arrays): Map<string, Uint8Array> {
  const storages = Object.values(arrays).map((one, i) => [`net/data/${i}`, bytesOf(one)] as const);
  const encode = (value: string) => new TextEncoder().encode(value);
  const pickle = stateDict(arrays, false);
  return new Map([
    ['net/data.pkl', pickle],
    ['net/byteorder', encode('little')],
    ...storages,
    ['net/version', encode('3\n')],
  ]);
}

/** A zip archive, stored, with checksums that agree. */
export function packed(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return Uint8Array.from(Buffer.concat(zipPieces(new Map([...files].map(([name, bytes]) => [name, [bytes]])))));
}

/** A state dict in PyTorch's format before the archives: pickles, then the numbers. */
export function torchLegacy(arrays: Arrays): Uint8Array {
  const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const system = ['}', '(', text('protocol_version'), int(1001), text('little_endian'), 0x88, 'u'];
  const keys = [']', '(', ...Object.keys(arrays).map((_, i) => text(`${i}`)), 'e'];
  const storages = Object.values(arrays).flatMap((one) => {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(one.data.length), true);
    return [length, bytesOf(one)];
  });
  return Uint8Array.from(
    Buffer.concat([
      ...[pickleOf(PROTOCOL, magic, '.'), pickleOf(PROTOCOL, int(1001), '.'), pickleOf(PROTOCOL, ...system, '.')],
      ...[stateDict(arrays, true), pickleOf(PROTOCOL, ...keys, '.'), ...storages],
    ]),
  );
}
