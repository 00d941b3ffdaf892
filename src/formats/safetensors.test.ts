import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { sharedData } from '../testing/sharedData.js';
import { readSafetensors, safetensorsPieces, writeSafetensors } from './safetensors.js';

const F32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** A file with any header and data, its length field as it should be. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function entry(dtype: string, shape: string, start: number | string, end: number | string): string {
  return `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${start},${end}]}`;
}

function one(dtype: string, data: Uint8Array, shape?: string) {
  const bytesOf: Record<string, number> = { F64: 8, I64: 8, F16: 2, BF16: 2, I16: 2, U16: 2, U8: 1, I8: 1, BOOL: 1 };
  const length = data.length / (bytesOf[dtype] ?? 4);
  return readSafetensors(file(`{"a":${entry(dtype, shape ?? String(length), 0, data.length)}}`, data), 'f').tensors.get(
    'a',
  );
}

function errorOf(read: () => unknown): FoveaError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FoveaError);
    return error as FoveaError;
  }
  throw new Error('nothing was thrown');
}

describe('reading', () => {
  test('two tensors, a scalar and metadata, laid out by hand', () => {
    const header = `{"__metadata__":{"k":"v"},"b":${entry('F32', '2,1', 0, 8)},"s":${entry('I32', '', 8, 12)}}   `;
    const bytes = file(header, Uint8Array.of(0, 0, 128, 63, 0, 0, 32, 192, 255, 255, 255, 255));
    const { tensors, metadata } = readSafetensors(bytes, 'f');
    expect([...tensors]).toEqual([
      ['b', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, -2.5) }],
      ['s', { dtype: 'I32', shape: [], data: Int32Array.of(-1) }],
    ]);
    expect(metadata).toEqual({ k: 'v' });
  });

  test.each<[string, number[], Float32Array | Int32Array]>([
    ['F16', [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b], Float32Array.of(1, -2, 2 ** -24, 65504)],
    ['F16', [0x00, 0x7c, 0x00, 0xfc, 0x00, 0x80], Float32Array.of(Infinity, -Infinity, -0)],
    ['F16', [0x01, 0x7e], Float32Array.of(Number.NaN)],
    ['BF16', [0x80, 0x3f, 0x20, 0xc0, 0x80, 0x7f], Float32Array.of(1, -2.5, Infinity)],
    ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], Float32Array.of(1.5)],
    ['I64', [254, 255, 255, 255, 255, 255, 255, 255], Int32Array.of(-2)],
    ['U32', [7, 0, 0, 0], Int32Array.of(7)],
    ['I16', [255, 255], Int32Array.of(-1)],
    ['U16', [255, 255], Int32Array.of(65535)],
    ['I8', [255, 1], Int32Array.of(-1, 1)],
    ['U8', [255, 1], Int32Array.of(255, 1)],
    ['BOOL', [0, 1], Int32Array.of(0, 1)],
  ])('%s %j', (dtype, bytes, expected) => {
    expect(one(dtype, Uint8Array.from(bytes))?.data).toEqual(expected);
  });

  test('data that does not begin at a multiple of 4', () => {
    expect(readSafetensors(file(`{"a":${entry('F32', '1', 0, 4)}} `, F32(3)), 'f').tensors.get('a')?.data[0]).toBe(3);
    expect(readSafetensors(file(`{"a":${entry('F32', '1', 0, 4)}}  `, F32(3)), 'f').tensors.get('a')?.data[0]).toBe(3);
  });

  test('no tensors, and tensors without elements', () => {
    expect(readSafetensors(file('{}'), 'f').tensors.size).toBe(0);
    expect(one('F32', new Uint8Array(0), '0,4')?.data.length).toBe(0);
  });

  test('names that are special in JavaScript are names like any other', () => {
    const { tensors, metadata } = readSafetensors(
      file(`{"constructor":${entry('F32', '1', 0, 4)},"__metadata__":{"toString":"x"}}`, F32(1)),
      'f',
    );
    expect([...tensors.keys()]).toEqual(['constructor']);
    expect(Object.entries(metadata)).toEqual([['toString', 'x']]);
  });
});

describe('hostile and damaged files', () => {
  const good = entry('F32', '1', 0, 4);
  const deep = '['.repeat(1e6);
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /8 bytes of length\. Received 0 bytes/],
    [
      'a length beyond the file',
      file('{}').fill(255, 0, 8),
      /at most 2 bytes here\. Received a header of 18446744073709551615/,
    ],
    ['a length cut off', file('{}').subarray(0, 9), /at most 1 bytes/],
    ['no JSON', file('PK!'), /character 0: the header: expected "\{"/],
    ['JSON that ends early', file(`{"a":{"dtype":"F32"`), /the end of the header/],
    ['a text that ends early', file('{"a'), /a name in quotes/],
    ['text after the end', file('{} x'), /nothing but spaces/],
    ['a byte order mark', file('\ufeff{}'), /expected "\{"/],
    ['deep JSON', file(`{"a":{"shape":${deep}`), /shape holds whole numbers/],
    ['deep JSON as tensor', file(`{"a":${deep}`), /tensor "a": expected "\{"/],
    ['deep JSON as metadata', file(`{"__metadata__":{"a":${deep}`), /a text as metadata/],
    ['a name twice', file(`{"a":${good},"a":${good}}`, F32(1)), /"a" a second time/],
    ['a name twice, written otherwise', file(`{"a":${good},"\\u0061":${good}}`, F32(1)), /"a" a second time/],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /a second time/],
    ['a metadata key twice', file('{"__metadata__":{"k":"1","k":"2"}}'), /"k" a second time/],
    ['metadata that is no text', file('{"__metadata__":{"k":1}}'), /a text as metadata/],
    ['a key twice', file('{"a":{"dtype":"F32","dtype":"F16"}}'), /each once\. Received "dtype"/],
    ['an unknown key', file('{"a":{"dtype":"F32","colour":"red"}}'), /each once\. Received "colour"/],
    ['a key left out', file('{"a":{"dtype":"F32","shape":[1]}}', F32(1)), /without one of them/],
    ['__proto__ as tensor', file(`{"__proto__":${good}}`, F32(1)), /"__proto__" cannot be a name/],
    ['__proto__ as metadata', file('{"__metadata__":{"__proto__":"x"}}'), /"__proto__" cannot be a name/],
    ['bytes that are no UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /must be UTF-8/],
    ['half a surrogate pair', file(`{"\\ud800":${good}}`, F32(1)), /a name in quotes, as JSON writes it/],
    ['a negative size', file(`{"a":${entry('F32', '-1', 0, 4)}}`, F32(1)), /whole numbers from 0 to 2\^53/],
    ['a fraction', file(`{"a":${entry('F32', '1.5', 0, 4)}}`, F32(1)), /expected "]"/],
    ['an exponent', file(`{"a":${entry('F32', '1e9', 0, 4)}}`, F32(1)), /expected "]"/],
    ['a leading zero', file(`{"a":${entry('F32', '01', 0, 4)}}`, F32(1)), /whole numbers/],
    ['a size beyond 2^53', file(`{"a":${entry('F32', '9007199254740993', 0, 4)}}`, F32(1)), /whole numbers/],
    ['a billion elements', file(`{"a":${entry('F32', '1000000000', 0, 4e9)}}`, F32(1)), /within the 4 bytes of data/],
    [
      'a billion elements in 4 bytes',
      file(`{"a":${entry('F32', '1000000000', 0, 4)}}`, F32(1)),
      /must fit the number of bytes/,
    ],
    [
      'sizes whose product overflows',
      file(`{"a":${entry('F32', Array(32).fill('4294967296').join(), 0, 4)}}`, F32(1)),
      /must fit/,
    ],
    [
      'overflow times zero',
      file(`{"a":${entry('F32', `${Array(31).fill('9007199254740991').join()},0`, 0, 0)}}`),
      /must fit/,
    ],
    ['33 axes', file(`{"a":${entry('F32', Array(33).fill('1').join(), 0, 4)}}`, F32(1)), /at most 32 numbers/],
    ['three offsets', file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, F32(1)), /at most 2 numbers/],
    [
      'offsets the wrong way round',
      file(`{"a":${entry('F32', '0', 0, 0)},"b":${entry('F32', '1', 4, 0)}}`, F32(1)),
      /without gap/,
    ],
    [
      'an end before the start',
      file(`{"a":${entry('F32', '1', 0, 4)},"b":${entry('F32', '1', 4, 0)}}`, F32(1)),
      /must lie within/,
    ],
    [
      'overlap',
      file(`{"a":${entry('F32', '2', 0, 8)},"b":${entry('F32', '1', 4, 8)}}`, F32(1, 2)),
      /expected its start at 8/,
    ],
    [
      'a hole',
      file(`{"a":${entry('F32', '1', 0, 4)},"b":${entry('F32', '1', 8, 12)}}`, F32(1, 2, 3)),
      /expected its start at 4/,
    ],
    ['a hole at the beginning', file(`{"a":${entry('F32', '1', 4, 8)}}`, F32(1, 2)), /expected its start at 0/],
    ['data after the last tensor', file(`{"a":${good}}`, F32(1, 2)), /describes 4 bytes of data\. Received 8 bytes/],
    ['data cut off', file(`{"a":${good}}`, F32(1).subarray(0, 3)), /within the 3 bytes/],
    ['an unknown kind', file(`{"a":${entry('F23', '1', 0, 4)}}`, F32(1)), /dtype "F23"\. Did you mean "F32"\?/],
    [
      'F64 that is not exact',
      file(`{"a":${entry('F64', '1', 0, 8)}}`, new Uint8Array(Float64Array.of(0.1).buffer)),
      /0\.1 at 0/,
    ],
    [
      'I64 beyond int32',
      file(`{"a":${entry('I64', '1', 0, 8)}}`, new Uint8Array(BigInt64Array.of(2n ** 31n).buffer)),
      /2147483648 at 0/,
    ],
    ['U32 beyond int32', file(`{"a":${entry('U32', '1', 0, 4)}}`, Uint8Array.of(0, 0, 0, 128)), /2147483648 at 0/],
    ['BOOL that is neither', file(`{"a":${entry('BOOL', '2', 0, 2)}}`, Uint8Array.of(1, 2)), /2 at 1/],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(() => readSafetensors(bytes, 'weights.safetensors'));
    expect(error.code).toBe('format');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^weights\.safetensors/);
    expect(error.message.length).toBeLessThan(1200);
  });
});

describe('writing', () => {
  test('bytes laid out by hand: names sorted, the header padded to 8 bytes', () => {
    const bytes = writeSafetensors(
      new Map([
        ['b', { shape: [1], data: Int32Array.of(-1) }],
        ['a', { shape: [], data: Float32Array.of(1) }],
      ]),
      { z: '1', y: '2' },
    );
    const header = `{"__metadata__":{"y":"2","z":"1"},"a":${orderly('F32', '', 0, 4)},"b":${orderly('I32', '1', 4, 8)}}`;
    const length = Math.ceil(header.length / 8) * 8;
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toBe(header.padEnd(length));
    expect([...bytes.subarray(0, 8)]).toEqual([length, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 255, 255, 255, 255]);
  });

  function orderly(dtype: string, shape: string, start: number, end: number): string {
    return `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${start},${end}]}`;
  }

  test('pieces share the memory of the tensors', () => {
    const data = Float32Array.of(1, 2);
    expect(safetensorsPieces(new Map([['a', { shape: [2], data }]]))[1]?.buffer).toBe(data.buffer);
  });

  test.each([
    ['a shape that does not fit', 'a', [3], 'shape'],
    ['the reserved name', '__metadata__', [2], 'shape'],
    ['__proto__', '__proto__', [2], 'name'],
    ['half a surrogate pair', '\ud800', [2], 'name'],
  ])('%s is refused', (_, name, shape, code) => {
    const tensors = new Map([[name, { shape, data: Float32Array.of(1, 2) }]]);
    expect(errorOf(() => writeSafetensors(tensors)).code).toBe(code);
  });

  test('what is written is read back, whatever the names, order and numbers', () => {
    const anyName = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((n) => n !== '__metadata__' && n !== '__proto__');
    const anyData = fc.oneof(fc.float32Array({ maxLength: 9 }), fc.int32Array({ maxLength: 9 }));
    const anyTensors = fc.uniqueArray(fc.tuple(anyName, anyData), { maxLength: 6, selector: ([name]) => name });
    fc.assert(
      fc.property(anyTensors, fc.dictionary(anyName, fc.string({ unit: 'grapheme' })), (list, metadata) => {
        const tensors = list.map(([name, data]) => [name, { shape: [data.length, 1], data }] as const);
        const bytes = writeSafetensors(new Map(tensors), metadata);
        expect(writeSafetensors(new Map(tensors.toReversed()), metadata)).toEqual(bytes);
        const read = readSafetensors(bytes, 'f');
        expect(new Map([...read.tensors].map(([name, { data }]) => [name, data]))).toEqual(new Map(list));
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });
});

describe('any damage gives a FoveaError or a valid result', () => {
  const whole = writeSafetensors(
    new Map([
      ['conv/kernel', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ['conv/bias', { shape: [2], data: Int32Array.of(7, 8) }],
    ]),
    { config: '{"x":1}' },
  );

  function survives(bytes: Uint8Array): void {
    try {
      for (const { shape, data } of readSafetensors(bytes, 'f').tensors.values()) {
        expect(data.length).toBe(shape.reduce((size, n) => size * n, 1));
        expect(data.length).toBeLessThanOrEqual(bytes.length);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(FoveaError);
    }
  }

  test('cut off anywhere', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(errorOf(() => readSafetensors(whole.subarray(0, length), 'f')).code).toBe('format');
    }
  });

  test('bytes changed', () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        survives(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test('parts of headers in any order', () => {
    const part = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"dtype"',
        '"F32"',
        '"shape"',
        '"data_offsets"',
        '0',
        '4',
        '1e9',
        ' ',
        '\\',
        '"',
      ],
      ...['"__metadata__"', '"__proto__"', 'null', '-1', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 24 }), (parts) => survives(file(parts.join(''), F32(1)))),
      { numRuns: 3000 },
    );
  });
});

const weights = sharedData('weights');
describe.skipIf(!existsSync(weights))('files that other programs wrote', () => {
  test.each<[string, number, number]>([
    ['squeezenet1_1-imagenet', 52, 1_235_496],
    ['mobilenet_v1_0.75_224-imagenet', 137, 2_601_976],
    ['vgg16-imagenet-block1-block3_conv2', 12, 1_145_408],
    ['format-fixtures/mnist_cnn', 4, 5010],
  ])('%s: %i tensors, %i numbers', (name, tensorCount, numbers) => {
    const path = join(weights, `${name}.safetensors`);
    const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(path)), path);
    expect(tensors.size).toBe(tensorCount);
    expect([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(numbers);
    const copy = readSafetensors(writeSafetensors(tensors, metadata), 'copy');
    expect(copy.metadata).toEqual(metadata);
    for (const [key, { data }] of tensors) {
      const again = copy.tensors.get(key)?.data;
      expect(
        again?.every((value, i) => value === data[i]),
        key,
      ).toBe(true);
    }
  });

  test('VGG16: the first number is the published 0.42947057', () => {
    const path = join(weights, 'vgg16-imagenet-block1-block3_conv2.safetensors');
    const kernel = readSafetensors(new Uint8Array(readFileSync(path)), path).tensors.get('block1_conv1/kernel');
    expect(kernel?.shape).toEqual([3, 3, 3, 64]);
    expect(kernel?.data[0]).toBe(Math.fround(0.42947057));
  });
});
