import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { sharedData } from '../testing/sharedData.js';
import { readIdx } from './idx.js';

function idx(sizes: readonly number[], data: Uint8Array, kind = 8, rank = sizes.length): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes[2] = kind;
  bytes[3] = rank;
  for (const [axis, size] of sizes.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(data, 4 + 4 * sizes.length);
  return bytes;
}

const small = idx([2, 1, 3], Uint8Array.of(1, 2, 3, 4, 5, 255));

test.each([
  ['plain', small],
  ['gzipped', new Uint8Array(gzipSync(small))],
  ['within a larger buffer', new Uint8Array([9, ...small, 9]).subarray(1, -1)],
])('a small array, %s', async (_, bytes) => {
  const { shape, data } = await readIdx(bytes, 'f');
  expect(shape).toEqual([2, 1, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
});

describe('hostile and damaged files', () => {
  const zipped = new Uint8Array(gzipSync(small));
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
  const longBomb = new Uint8Array(gzipSync(idx([10], new Uint8Array(50_000_000))));
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /two zero bytes, .*Received 0 bytes/],
    ['another format', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /Received the bytes 137 80 78 71/],
    ['signed bytes', idx([1], Uint8Array.of(1), 9), /unsigned bytes .*Received signed bytes/],
    ['an unknown kind', idx([1], Uint8Array.of(1), 7), /kind 0x07, which does not exist/],
    ['no axes', idx([], Uint8Array.of(1)), /1 to 8 axes\. Received 0 axes/],
    ['255 axes', idx([1], Uint8Array.of(1), 8, 255), /1 to 8 axes\. Received 255 axes/],
    ['a header cut off', small.subarray(0, 15), /3 axes has 16 bytes\. Received 15 bytes/],
    ['data cut off', small.subarray(0, -1), /promises 6 bytes of data, shape \[2, 1, 3\]\. Received 5 bytes/],
    ['data too long', new Uint8Array([...small, 0]), /promises 6 bytes.*Received 7 bytes/],
    ['sizes that lie', idx([60_000, 28, 28], Uint8Array.of(1)), /promises 47040000 bytes/],
    ['billions of elements', idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], Uint8Array.of(1)), /at most 1 GiB/],
    ['gzip cut off', zipped.subarray(0, -9), /one whole gzip stream/],
    ['gzip with its first two bytes alone', zipped.subarray(0, 2), /one whole gzip stream/],
    ['gzip with a wrong checksum', zipped.with(zipped.length - 6, 77), /one whole gzip stream/],
    ['gzip of nothing', new Uint8Array(gzipSync(new Uint8Array(0))), /two zero bytes/],
    ['50 MB of zeros in 50 kB', bomb, /unsigned bytes/],
    ['50 MB where the header says 10 bytes', longBomb, /decompressed data must have 18 bytes/],
    ['gzip whose header says billions', new Uint8Array(gzipSync(idx([2 ** 31, 9], small))), /at most 1 GiB/],
  ])('%s', async (_, bytes, message) => {
    const error = await readIdx(bytes, 'train-images').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FoveaError);
    expect((error as FoveaError).code).toBe('format');
    expect((error as FoveaError).message).toMatch(message);
    expect((error as FoveaError).message).toMatch(/^train-images: .* fetch (it|the file) anew\.$/i);
  });

  test.each([
    ['plain', small],
    ['gzipped', zipped],
  ])('any damage gives a FoveaError or a valid result: %s', async (_, whole) => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const changes = fc.array(change, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(whole.length), async (list, length) => {
        const bytes = whole.slice(0, length);
        for (const [at, value] of list) if (at < length) bytes[at] = value;
        const result = await readIdx(bytes, 'f').catch((caught: unknown) => caught);
        if (result instanceof Error) expect(result).toBeInstanceOf(FoveaError);
        else expect(result).toHaveProperty('data');
      }),
      { numRuns: 500 },
    );
  });
});

const mnist = sharedData('mnist');
test.skipIf(!existsSync(mnist))('the published test set: 10,000 pictures, the first labels 7 2 1 0 4', async () => {
  const read = (name: string) => readIdx(new Uint8Array(readFileSync(join(mnist, name))), name);
  const images = await read('t10k-images-idx3-ubyte.gz');
  expect(images.shape).toEqual([10_000, 28, 28]);
  expect(images.data.length).toBe(7_840_000);
  const labels = await read('t10k-labels-idx1-ubyte.gz');
  expect(labels.shape).toEqual([10_000]);
  expect([...labels.data.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
});
