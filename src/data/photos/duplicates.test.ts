import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { findDuplicates } from './duplicates.js';
import { type Hash, HashIndex, hammingDistance } from './hashIndex.js';
import type { Photo } from './photo.js';
import { FINGERPRINT_SIDE, fingerprintPhoto } from './photoFingerprint.js';
import { resizePhoto } from './resizePhoto.js';
import { mirror, similarity } from './similarity.js';
import { UnionFind } from './unionFind.js';

/** A photo of a few soft blobs of light. */
function scene(seed: number, side = 96): Photo {
  const random = new RandomStream(seed, 'scene');
  const coarse = { pixels: Uint8Array.from({ length: 300 }, () => random.below(256)), height: 10, width: 10 };
  return resizePhoto(coarse, side, side, 'bicubic');
}

const print = (photo: Photo) => fingerprintPhoto(resizePhoto(photo, FINGERPRINT_SIDE, FINGERPRINT_SIDE));
const entry = (photo: Photo, digest = String(Math.random())) => ({ digest, fingerprint: print(photo) });

const map = (photo: Photo, change: (value: number, i: number) => number): Photo => ({
  ...photo,
  pixels: photo.pixels.map((value, i) => Math.min(255, Math.max(0, Math.round(change(value, i))))),
});
const flopped = (photo: Photo): Photo =>
  map(photo, (_, i) => {
    const [at, c] = [Math.floor(i / 3), i % 3];
    return photo.pixels[(at - (at % photo.width) + photo.width - 1 - (at % photo.width)) * 3 + c] as number;
  });
const cropped = ({ pixels, height, width }: Photo, by: number): Photo => ({
  pixels: Uint8Array.from({ length: (height - by) * (width - by) * 3 }, (_, i) => {
    const [at, c] = [Math.floor(i / 3), i % 3];
    return pixels[(Math.floor(at / (width - by)) * width + (at % (width - by))) * 3 + c] as number;
  }),
  height: height - by,
  width: width - by,
});

test('a hash is the signs of the cosine transform by its definition', () => {
  const photo = scene(1, FINGERPRINT_SIDE);
  const light = (y: number, x: number): number => {
    const at = (y * FINGERPRINT_SIDE + x) * 3;
    const [r, g, b] = photo.pixels.subarray(at, at + 3) as unknown as [number, number, number];
    return 0.299 * r + 0.587 * g + 0.114 * b;
  };
  const wave = (v: number, u: number): number => {
    let sum = 0;
    for (let y = 0; y < 32; y++)
      for (let x = 0; x < 32; x++)
        sum += light(y, x) * Math.cos(((2 * y + 1) * v * Math.PI) / 64) * Math.cos(((2 * x + 1) * u * Math.PI) / 64);
    return sum;
  };
  const waves = Array.from({ length: 64 }, (_, i) => wave(i >> 3, i & 7));
  const median = waves.slice(1).sort((a, b) => a - b)[31] as number;
  const { hash } = print(photo);
  const set = waves.map((_, i) => ((hash[i >> 5] as number) >>> (i & 31)) & 1);
  expect(set).toEqual(waves.map((value, i) => Number(i > 0 && value > median)));
});

test('copies are found, by what was done to them', () => {
  const photo = scene(2);
  const copies = [
    resizePhoto(photo, 40, 70),
    map(photo, (value) => value + 30),
    map(photo, (value, i) => 0.8 * value + ((i * 7919) % 13)),
    cropped(photo, 2),
  ];
  const others = Array.from({ length: 30 }, (_, i) => entry(scene(100 + i)));
  const all = [entry(photo), ...others, ...copies.map((copy) => entry(copy))];
  expect(findDuplicates(all).sets).toEqual([{ members: [0, 31, 32, 33, 34], kind: 'near' }]);
  expect(findDuplicates([entry(photo), ...others, entry(flopped(photo))]).sets).toEqual([
    { members: [0, 31], kind: 'mirrored' },
  ]);
  expect(findDuplicates([entry(photo, 'a'), ...others, undefined, entry(photo, 'a')]).sets).toEqual([
    { members: [0, 32], kind: 'exact' },
  ]);
  expect(findDuplicates(others)).toEqual({ sets: [], alike: 0 });
});

test('photos with nothing on them are copies of each other only as files', () => {
  const grey = (value: number) => map(scene(3), () => value);
  const all = [entry(grey(10), 'a'), entry(grey(200), 'b'), entry(grey(10), 'a')];
  expect(findDuplicates(all).sets).toEqual([{ members: [0, 2], kind: 'exact' }]);
});

test('many photos of one kind are no copies', () => {
  const photo = scene(4);
  const frames = Array.from({ length: 30 }, (_, i) =>
    entry(
      map(photo, (value) => value + i),
      `${Math.min(i, 28)}`,
    ),
  );
  expect(findDuplicates(frames)).toEqual({ sets: [{ members: [28, 29], kind: 'exact' }], alike: 30 });
});

test('drawings that look alike are no copies, but the same one brighter is', () => {
  const letter = (left: number, top: number): Photo => {
    const pixels = new Uint8Array(32 * 32 * 3).fill(250);
    for (let y = top; y < top + 20; y++)
      for (let x = left; x < left + 4; x++) pixels.fill(0, (y * 32 + x) * 3, (y * 32 + x) * 3 + 3);
    return { pixels, height: 32, width: 32 };
  };
  const distinct = [letter(12, 4), letter(14, 5), letter(13, 7), letter(16, 6)];
  expect(findDuplicates(distinct.map((one) => entry(one))).sets).toEqual([]);
  const brighter = map(letter(12, 4), (value) => 20 + 0.9 * value);
  expect(findDuplicates([...distinct, brighter].map((one) => entry(one))).sets).toEqual([
    { members: [0, 4], kind: 'near' },
  ]);
});

test('likeness does not mind light and contrast, and knows a mirror', () => {
  const { brightness } = print(scene(5));
  expect(
    similarity(
      brightness,
      brightness.map((value) => 20 + value / 2),
    ),
  ).toBeGreaterThan(0.999);
  expect(similarity(brightness, print(flopped(scene(5))).brightness)).toBeLessThan(0.9);
  expect(mirror(brightness)).toEqual(print(flopped(scene(5))).brightness);
  expect(similarity(brightness, new Uint8Array(256))).toBe(0);
});

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('an index finds what a comparison of all with all finds', () => {
  const near = fc.tuple(fc.nat(), fc.array(fc.nat(63), { maxLength: 18 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 8 }), fc.array(near), (roots, changes) => {
      const hashes = roots.map(([a, b]): Hash => [a, b]);
      for (const [root, flips] of changes) {
        const words = [...(roots[root % roots.length] as [number, number])];
        for (const bit of flips) words[bit >> 5] = ((words[bit >> 5] as number) ^ (1 << (bit & 31))) >>> 0;
        hashes.push(words as [number, number]);
      }
      const index = new HashIndex(hashes, 14);
      for (const [i, hash] of hashes.entries()) {
        const found: number[] = [];
        index.near(hash, i + 1, (other) => found.push(other));
        const all = hashes.flatMap((other, j) => (j > i && hammingDistance(hash, other) <= 14 ? [j] : []));
        expect(found.sort((a, b) => a - b)).toEqual(all);
      }
    }),
    { numRuns: 30 },
  );
  expect(hammingDistance([0xffffffff, 0], [0, 1])).toBe(33);
});

test('joined numbers are in one set', () => {
  const sets = new UnionFind(6);
  sets.join(4, 2);
  const before = sets.copy();
  sets.join(2, 5);
  sets.join(1, 0);
  expect([sets.sets(), before.sets()]).toEqual([
    [
      [0, 1],
      [2, 4, 5],
    ],
    [[2, 4]],
  ]);
});
