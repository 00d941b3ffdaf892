import type { RandomStream } from '../../tensor/random.js';

/** Numbers that sizes and places in files should not be. */
const EXTREMES = [
  ...[0n, 1n, 2n, 255n, 256n, 65_535n, 2n ** 20n, 2n ** 24n, 2n ** 28n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n],
  ...[
    2n ** 33n,
    2n ** 40n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 62n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 8n,
    2n ** 64n - 1n,
  ],
];
/** Texts that numbers in texts should not be. */
const EXTREME_TEXTS =
  '0,-1,1,2,7,-0,1.5,1e9,1e308,65536,16777216,268435456,2147483648,4294967296,9007199254740993,null,[],{},"x",true';
const TOKENS = '[,],{,},",:,,null,[[[[[[[[,{"a":{"a":,\\u0000,\\ud800,__proto__,constructor,../../etc/passwd'.split(
  ',',
);

type Change = (bytes: Uint8Array, random: RandomStream) => Uint8Array;

const pick = <T>(list: readonly T[], random: RandomStream): T => list[random.below(list.length)] as T;

/** Where a change is made: anywhere, or near one of the ends, which describe the rest in most formats. */
function place({ length }: Uint8Array, random: RandomStream): number {
  const near = Math.min(length, 400);
  const kind = random.below(3);
  if (kind === 0) return random.below(length);
  return kind === 1 ? random.below(near) : length - 1 - random.below(near);
}

const flipBit: Change = (bytes, random) => {
  const at = place(bytes, random);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Change = (bytes, random) => {
  bytes[place(bytes, random)] = random.below(256);
  return bytes;
};

const blot: Change = (bytes, random) => {
  const at = place(bytes, random);
  return bytes.fill(random.below(2) * 255, at, at + 1 + random.below(8));
};

const overwrite: Change = (bytes, random) =>
  bytes.copyWithin(place(bytes, random), place(bytes, random), place(bytes, random));

/** A size that lies, in 1, 2, 4 or 8 bytes of either order. */
const lie: Change = (bytes, random) => {
  const width = pick([1, 2, 4, 8], random);
  if (bytes.length < width) return bytes;
  let at = Math.min(place(bytes, random), bytes.length - width);
  if (random.below(2) === 0) at -= at % width;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = random.below(4) > 0;
  const now = width === 8 ? view.getBigUint64(at, little) : BigInt(width === 4 ? view.getUint32(at, little) : 0);
  const value = random.below(3) === 0 ? now + BigInt(random.below(5) - 2) : pick(EXTREMES, random);
  for (let i = 0; i < width; i++) {
    bytes[at + (little ? i : width - 1 - i)] = Number((value >> BigInt(8 * i)) & 255n);
  }
  return bytes;
};

/** A number of 8 bytes in the place of another: an address that leads back, a length that is somebody else's. */
const cross: Change = (bytes, random) => {
  const words = Math.floor(bytes.length / 8);
  if (words < 2) return bytes;
  // From among those that are small, as places within the file are.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const small: number[] = [];
  for (let i = 0; i < words; i++) {
    const value = view.getBigUint64(8 * i, true);
    if (value > 0n && value < BigInt(bytes.length)) small.push(8 * i);
  }
  const from = small.length < 2 ? 8 * random.below(words) : pick(small, random);
  const to = small.length < 2 ? 8 * random.below(words) : pick(small, random);
  return bytes.copyWithin(to, from, from + 8);
};

/** A length as protobuf writes it, far too long. */
const longVarint: Change = (bytes, random) => {
  const at = place(bytes, random);
  bytes.set([255, 255, 255, 255, 15].slice(0, bytes.length - at), at);
  return bytes;
};

const cut: Change = (bytes, random) => bytes.slice(0, random.below(bytes.length));

const takeOut: Change = (bytes, random) => {
  const [from, to] = [random.below(bytes.length), random.below(bytes.length)].sort((a, b) => a - b) as [number, number];
  return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(Math.min(to, from + 200))]);
};

const repeat: Change = (bytes, random) => {
  const at = place(bytes, random);
  const part = bytes.subarray(at, at + 1 + random.below(300));
  const times = random.below(8) === 0 ? 20 : 1;
  return Uint8Array.from([
    ...bytes.subarray(0, at),
    ...Array(times + 1)
      .fill([...part])
      .flat(),
    ...bytes.subarray(at + part.length),
  ]);
};

/** Another number, or a bracket too many, where there is text. */
const rewrite: Change = (bytes, random) => {
  const text = new TextDecoder('latin1').decode(bytes);
  const numbers = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  const swap = (at: number, length: number, by: string): Uint8Array =>
    Uint8Array.from([...bytes.subarray(0, at), ...new TextEncoder().encode(by), ...bytes.subarray(at + length)]);
  if (numbers.length > 0 && random.below(4) > 0) {
    const { index, 0: old } = pick(numbers, random);
    return swap(index, old.length, pick(EXTREME_TEXTS.split(','), random));
  }
  return swap(place(bytes, random), random.below(3), pick(TOKENS, random));
};

const MOSTLY: readonly Change[] = [flipBit, setByte, blot, overwrite, lie, lie, cross, longVarint];
const SELDOM: readonly Change[] = [cut, takeOut, repeat];

/** A damaged copy of a file: bytes changed, sizes that lie, references that lead back, parts repeated, taken out or cut off. */
export function mutate(file: Uint8Array, random: RandomStream): Uint8Array {
  let bytes: Uint8Array = file.slice();
  const changes = 1 + random.below(4);
  for (let i = 0; i < changes && bytes.length > 0; i++) bytes = pick(MOSTLY, random)(bytes, random);
  return bytes.length > 0 && random.below(4) === 0 ? pick(SELDOM, random)(bytes, random) : bytes;
}

/** A damaged copy of a text, mostly JSON, or of a file with much text in it. */
export function mutateText(file: Uint8Array, random: RandomStream): Uint8Array {
  let bytes = rewrite(file.slice(), random);
  while (bytes.length > 0 && random.below(2) === 0) bytes = rewrite(bytes, random);
  return random.below(6) === 0 ? mutate(bytes, random) : bytes;
}

/** Instructions of pickles that call, build, remember, and promise too much. */
const INSTRUCTIONS: readonly (readonly number[] | string)[] = [
  ...[
    'cos\nsystem\n',
    'cbuiltins\neval\n',
    'csubprocess\nPopen\n',
    '(S"id"\ntR',
    'X\x05\0\0\0aaaaa',
    'cos\nsystem\n(X\x02\0\0\0idtR',
  ],
  ...[
    'R',
    'b',
    'u',
    's',
    't',
    'a',
    'e',
    '(',
    ')',
    ']',
    '}',
    '0',
    '1',
    '2',
    'Q',
    '.',
    'N',
    '\x81',
    '\x85',
    '\x86',
    '\x87',
    '\x90',
    '\x93',
  ],
  ...[
    'h\0',
    'q\0',
    'h\x01',
    'r\xff\xff\xff\xff',
    'j\xff\xff\xff\xff',
    '\x94',
    'I99999999999\n',
    'iposix\nsystem\n',
    '(cos\nsystem\no',
  ],
  [0x8b, 255, 255, 255, 127],
  [0x8d, 255, 255, 255, 255, 255, 255, 255, 127],
  [0x8e, 0, 0, 0, 0, 1, 0, 0, 0],
  [0x8a, 255],
  [0x95, 255, 255, 255, 255, 255, 255, 255, 255],
  [0x58, 255, 255, 255, 255],
  [0x54, 255, 255, 255, 127],
  [0x5d, 0x71, 0, 0x68, 0, 0x61],
];

/** A damaged pickle: instructions put in, which may call anything, or changed. */
export function mutatePickle(file: Uint8Array, random: RandomStream): Uint8Array {
  let bytes: Uint8Array = file.slice();
  do {
    const one = pick(INSTRUCTIONS, random);
    const added = typeof one === 'string' ? [...one].map((character) => character.charCodeAt(0)) : one;
    const at = random.below(bytes.length);
    bytes = Uint8Array.from([...bytes.subarray(0, at), ...added, ...bytes.subarray(at + random.below(3))]);
  } while (random.below(2) === 0);
  return random.below(4) === 0 ? mutate(bytes, random) : bytes;
}
