import { describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { isLegacyPytorch } from './readPytorch.js';
import { named, pickleOf, text } from './testing/pickleText.js';
import { torchRules } from './torchRules.js';
import { unpickle } from './unpickle.js';

const read = (bytes: Uint8Array) => unpickle(bytes, 0, 'file', torchRules('file'));

describe('values', () => {
  test.each([
    ['protocol 0 numbers', pickleOf('(lp0\nI-3\naL12L\naF2.5\naI01\na.'), [-3, 12, 2.5, true]],
    ['protocol 0 texts', pickleOf("(lp0\nS'a\\n\\x41'\naVé\\u20ac\na."), ['a\nA', 'é€']],
    [
      'small and large whole numbers',
      pickleOf(']', '(', 'K', 200, 'M', [1, 2], 'J', [254, 255, 255, 255], 0x8a, [2, 0, 128], 'e.'),
      [200, 513, -2, -32768],
    ],
    ['the number that no float64 holds', pickleOf(0x8a, [9, 1, 0, 0, 0, 0, 0, 0, 0, 1], '.'), (1n << 64n) + 1n],
    ['a floating-point number, big-endian', pickleOf('G', [0x40, 4, 0, 0, 0, 0, 0, 0], '.'), 2.5],
    [
      'a dict by marks',
      pickleOf('}', '(', text('a'), 'K', 1, text('b'), 'N', 'u.'),
      new Map<string, number | null>([
        ['a', 1],
        ['b', null],
      ]),
    ],
  ])('%s', (_, bytes, value) => {
    expect(read(bytes).value).toEqual(value);
  });

  test('a list that holds itself', () => {
    const { value } = read(pickleOf(']', 'q', 0, 'h', 0, 'a.'));
    expect((value as unknown[])[0]).toBe(value);
  });
});

describe('what would run code is an error that names it', () => {
  const attacks: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['os.system', pickleOf(0x80, 2, named('os', 'system'), text('touch /tmp/x'), 0x85, 'R.'), /os\.system/],
    ['posix.system in protocol 0', pickleOf("cposix\nsystem\n(S'id'\ntR."), /posix\.system/],
    ['INST', pickleOf('(', text('id'), 'ios\nsystem\n.'), /os\.system/],
    ['OBJ', pickleOf('(', named('subprocess', 'Popen'), text('id'), 'o.'), /subprocess\.Popen/],
    ['NEWOBJ', pickleOf(named('subprocess', 'Popen'), ')', 0x81, '.'), /subprocess\.Popen/],
    ['STACK_GLOBAL', pickleOf(text('builtins'), text('eval'), 0x93, text('1'), 0x85, 'R.'), /builtins\.eval/],
    [
      'getattr',
      pickleOf(named('builtins', 'getattr'), named('os', 'system'), text('x'), 0x86, 'R.'),
      /builtins\.getattr/,
    ],
    ['a name that is inherited', pickleOf(named('', 'constructor'), ')', 'R.'), /\.constructor/],
    ['a path of attributes', pickleOf(named('collections', 'OrderedDict.__init__'), ')', 'R.'), /__init__/],
    [
      'a call of what a call returned',
      pickleOf(named('collections', 'OrderedDict'), ')', 'R', ')', 'R.'),
      /only a function/,
    ],
    [
      'an unpickler within',
      pickleOf(named('torch.storage', '_load_from_bytes'), 'C', [1, 46], 0x85, 'R.'),
      /_load_from_bytes/,
    ],
    ['extension registry', pickleOf(0x82, 1, '.'), /known instructions/],
  ];

  test.each(attacks)('%s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(FoveaError);
    expect(() => read(bytes)).toThrow(message);
  });

  test('a name alone runs nothing and is nothing but a name', () => {
    expect(read(pickleOf(named('os', 'system'), '.')).value).toEqual({ module: 'os', name: 'system' });
  });
});

describe('damage is an error, at once', () => {
  const eight = (n: number): number[] => [n, 0, 0, 0, 0, 0, 0, 0];
  test.each([
    ['nothing', pickleOf()],
    ['no end', pickleOf('N')],
    ['an empty stack', pickleOf('.')],
    ['a mark that is missing', pickleOf('t.')],
    ['a value below a mark', pickleOf('N(.')],
    ['a text longer than the file', pickleOf('X', [255, 255, 255, 255], 'a.')],
    ['a text of 2⁶⁴ bytes', pickleOf(0x8d, new Array<number>(8).fill(255), '.')],
    ['bytes longer than the file', pickleOf(0x8e, eight(200), '.')],
    ['a whole number of 4 GB', pickleOf(0x8b, [255, 255, 255, 255], '.')],
    ['a memo entry that is missing', pickleOf('j', [255, 255, 255, 255], '.')],
    ['a line without end', pickleOf(`c${'a'.repeat(5000)}`)],
    ['an odd number of values for a dict', pickleOf('}(Nu.')],
    ['an append to a dict', pickleOf('}Na.')],
    ['a storage that is none', pickleOf('NQ.')],
    ['a tensor without storage', pickleOf(named('torch._utils', '_rebuild_tensor_v2'), ')', 'R.')],
    ['a later protocol', pickleOf(0x80, 9, 'N.')],
  ])('%s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(FoveaError);
  });

  test.each([
    ['20 million dicts', new Uint8Array(20_000_000).fill(0x7d)],
    ['20 million marks', new Uint8Array(20_000_000).fill(0x28)],
    ['20 million copies', new Uint8Array(20_000_000).fill(0x32).fill(0x4e, 0, 1)],
  ])('%s are refused within bounded memory', (_, bytes) => {
    expect(() => read(bytes)).toThrow(/at most 24 MiB/);
  });
});

test('a legacy file is known by its magic number', () => {
  const magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  expect(isLegacyPytorch(pickleOf(0x80, 2, 0x8a, 10, magic, '.'))).toBe(true);
  expect(isLegacyPytorch(pickleOf(0x80, 2, 'N.'))).toBe(false);
});
