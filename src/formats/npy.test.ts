import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { readNpy, writeNpy } from './npy.js';

/** A file as NumPy lays it out: magic, version, length of the header, header, numbers. */
function npy(descr: string, shape: string, data: readonly number[], { fortran = 'False', version = 1 } = {}) {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const length =
    version === 1 ? [header.length & 255, header.length >> 8] : [header.length & 255, header.length >> 8, 0, 0];
  const text = (value: string): number[] => [...value].map((character) => character.charCodeAt(0));
  return Uint8Array.from([0x93, ...text('NUMPY'), version, 0, ...length, ...text(header), ...data]);
}

describe('kinds of numbers', () => {
  test.each([
    ['<f4', [0, 0, 0x20, 0x40], 'F32', 2.5],
    ['>f4', [0x40, 0x20, 0, 0], 'F32', 2.5],
    ['<f2', [0, 0x41], 'F16', 2.5],
    ['<f8', [0, 0, 0, 0, 0, 0, 4, 0x40], 'F64', 2.5],
    ['>f8', [0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], 'F64', Math.fround(0.1)],
    ['|u1', [200], 'U8', 200],
    ['|i1', [200], 'I8', -56],
    ['|b1', [1], 'BOOL', 1],
    ['>i2', [1, 2], 'I16', 258],
    ['<i8', [255, 255, 255, 255, 255, 255, 255, 255], 'I64', -1],
    ['<u4', [1, 0, 0, 0], 'U32', 1],
  ])('%s', (descr, data, dtype, value) => {
    const read = readNpy(npy(descr, '(1,)', data), 'file');
    expect({ ...read, data: [...read.data] }).toEqual({ dtype, shape: [1], data: [value] });
    // Wherever the numbers begin in a Buffer of Node's, whose slices are not copies.
    for (let before = 0; before < 8; before++) {
      const inBuffer = Buffer.concat([Buffer.alloc(before), npy(descr, '(1,)', data)]).subarray(before);
      expect(readNpy(inBuffer, 'file')).toEqual(read);
    }
  });
});

test.each([1, 2, 3])('version %i', (version) => {
  expect([...readNpy(npy('|u1', '(2, 2)', [1, 2, 3, 4], { version }), 'file').data]).toEqual([1, 2, 3, 4]);
});

test('first axis fastest becomes last axis fastest', () => {
  const { shape, data } = readNpy(npy('|u1', '(2, 3)', [1, 4, 2, 5, 3, 6], { fortran: 'True' }), 'file');
  expect(shape).toEqual([2, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a number without axes, and an array without numbers', () => {
  expect(readNpy(npy('|u1', '()', [7]), 'file')).toEqual({ dtype: 'U8', shape: [], data: Int32Array.of(7) });
  expect(readNpy(npy('<f4', '(0, 3)', []), 'file')).toEqual({ dtype: 'F32', shape: [0, 3], data: new Float32Array() });
});

test('what is written is read', () => {
  void fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 5 }), fc.boolean(), (shape, whole) => {
      const size = sizeOf(shape);
      const data = whole
        ? Int32Array.from({ length: size }, (_, i) => i - 3)
        : new Float32Array(size).map((_, i) => i / 3);
      const bytes = writeNpy({ shape, data });
      expect((bytes.length - data.byteLength) % 64).toBe(0);
      expect(readNpy(bytes, 'file')).toEqual({ dtype: whole ? 'I32' : 'F32', shape, data });
    }),
  );
});

describe('damage is an error', () => {
  test.each([
    ['no magic', Uint8Array.from([1, 2, 3]), /begins with/],
    ['a later version', npy('|u1', '()', [1], { version: 4 }), /versions 1 to 3/],
    ['too few numbers', npy('<f4', '(2,)', [0, 0, 0, 0]), /needs 8 bytes/],
    ['too many numbers', npy('<f4', '(1,)', [0, 0, 0, 0, 0]), /needs 4 bytes/],
    ['a size that lies', npy('<f4', '(99999999999, 99999999999)', [0]), /whole numbers/],
    ['a record', npy('V8', '(1,)', []), /kinds of numbers/],
    ['an object', npy('|O', '(1,)', []), /descr/],
    ['a shape that is none', npy('|u1', "('a',)", [1]), /shape/],
  ])('%s', (_, bytes, message) => {
    expect(() => readNpy(bytes, 'file')).toThrow(FoveaError);
    expect(() => readNpy(bytes, 'file')).toThrow(message);
  });
});

function python(script: string, stdin?: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(
      execFileSync('/usr/bin/python3', ['-c', script], { stdio: 'pipe', ...(stdin ? { input: stdin } : {}) }),
    );
  } catch {
    return undefined;
  }
}

const written = python('import numpy, sys; numpy.save(sys.stdout.buffer, numpy.arange(6.).reshape(2, 3).T)');
const title = written === undefined ? 'with NumPy: skipped, there is no /usr/bin/python3 with it' : 'with NumPy';
test.skipIf(written === undefined)(title, () => {
  const { shape, data } = readNpy(written as Uint8Array, 'file');
  expect([shape, [...data]]).toEqual([
    [3, 2],
    [0, 3, 1, 4, 2, 5],
  ]);
  const script = 'import io, numpy, sys; print(numpy.load(io.BytesIO(sys.stdin.buffer.read())).tolist())';
  const back = python(script, writeNpy({ shape: [2, 2], data: Float32Array.of(1, 2.5, -3, 4) }));
  expect(new TextDecoder().decode(back).trim()).toBe('[[1.0, 2.5], [-3.0, 4.0]]');
});
