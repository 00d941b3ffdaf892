import { describe, expect, test } from 'vitest';
import { counted, libraryHdf5, libraryRead } from '../keras/testing/kerasFiles.js';
import { lookup3 } from './checksum.js';
import { openHdf5 } from './hdf5File.js';
import { hdf5Pieces, type WritableGroup } from './writeHdf5.js';

test.each([
  ['', 0xdeadbeef],
  ['Four score and seven years ago', 0x17770551],
])('the checksum of "%s" is the one that its author publishes', (text, sum) => {
  expect(lookup3(new TextEncoder().encode(text))).toBe(sum);
});

describe('files of libhdf5', () => {
  test.each(['earliest', 'v110'] as const)('groups, texts and arrays, for readers of %s', async (version) => {
    const bytes = await libraryHdf5(
      { '@layer_names': ['b', 'änd', ''], 'b/c@one': 'text' },
      { 'b/x': counted([2, 3]), 'b/c/y': counted([]), z: counted([1], 7) },
      { version },
    );
    const root = openHdf5(bytes, 'f');
    expect(root.names.sort()).toEqual(['b', 'z']);
    expect(root.attributes.get('layer_names')).toEqual(['b', 'änd', '']);
    expect(root.group('b/c')?.attributes.get('one')).toBe('text');
    expect(await root.dataset('b/x').read()).toEqual({ dtype: 'F32', ...counted([2, 3]) });
    expect((await root.dataset('b/c/y').read()).shape).toEqual([]);
    expect(root.get('b/x/y')).toBeUndefined();
    expect(() => root.dataset('b/c')).toThrow(/must hold the numbers "b\/c". Received a group/);
  });

  test.each([
    ['two hundred members of a group', 200],
    ['one', 1],
  ])('%s', async (_, n) => {
    const arrays = Object.fromEntries(Array.from({ length: n }, (_, i) => [`g/array ${i}`, counted([1], i)]));
    const group = openHdf5(await libraryHdf5({}, arrays), 'f').group('g');
    expect(group?.names.length).toBe(n);
    expect((await group?.dataset(`array ${n - 1}`).read())?.data).toEqual(Float32Array.of(0));
  });

  test('what is not read says so', async () => {
    const arrays = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`g/${i}`, counted([1])]));
    const many = openHdf5(await libraryHdf5({}, arrays, { version: 'v110' }), 'f');
    expect(() => many.group('g')).toThrow(/links are kept in a fractal heap.*default settings of Keras/);
    const blocks = openHdf5(await libraryHdf5({}, { x: counted([9]) }, { version: 'v110', chunks: [3] }), 'f');
    await expect(blocks.dataset('x').read()).rejects.toThrow(/chunks in the form of libver "latest"/);
  });

  test.each([
    [[2, 3], 0],
    [[2, 3], 4],
    [[5, 7], 9],
    [[1, 1], 1],
  ])('an array [5, 7] in blocks of %j, compressed %i', async (chunks, compression) => {
    const bytes = await libraryHdf5({}, { x: counted([5, 7]) }, { chunks, compression });
    expect(await openHdf5(bytes, 'f').dataset('x').read()).toEqual({ dtype: 'F32', ...counted([5, 7]) });
  });

  test('bytes of Node that do not begin at a multiple of 4', async () => {
    const bytes = await libraryHdf5({}, { x: counted([3]) });
    const pool = Buffer.alloc(bytes.length + 8, 7);
    pool.set(bytes, 3);
    const root = openHdf5(pool.subarray(3, 3 + bytes.length), 'f');
    expect((await root.dataset('x').read()).data).toEqual(Float32Array.of(0, 1, 2));
  });
});

describe('written files', () => {
  const float = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const many = new Map<string, WritableGroup>(
    Array.from({ length: 1500 }, (_, i) => [`layer ${i}`, { attributes: { name: `näme ${i}` } }]),
  );
  const members = new Map<string, WritableGroup>([
    ['many', { members: many }],
    [
      'arrays',
      {
        members: new Map([
          ['matrix', { shape: [2, 3], kind: 'float32', bytes: float(1, 2, 3, 4, 5, 6) }],
          ['one', { shape: [], kind: 'float32', bytes: float(7) }],
          ['half', { shape: [2], kind: 'float16', bytes: Uint8Array.of(0, 0x3c, 0, 0xc0) }],
          ['none', { shape: [0, 4], kind: 'float32', bytes: new Uint8Array(0) }],
        ]),
      } as WritableGroup,
    ],
  ]);
  const bytes = Uint8Array.from(Buffer.concat(hdf5Pieces({ attributes: { title: 'a text' }, members })));

  test('are read by libhdf5', async () => {
    const { arrays, texts } = await libraryRead(bytes);
    expect(Object.fromEntries(arrays)).toEqual({
      '/arrays/half': [2],
      '/arrays/matrix': [
        [1, 2, 3],
        [4, 5, 6],
      ],
      '/arrays/none': [],
      '/arrays/one': 7,
    });
    expect(texts.size).toBe(1501);
    expect([texts.get('@title'), texts.get('/many/layer 1234@name')]).toEqual(['a text', 'näme 1234']);
  });

  test('are read here', async () => {
    const root = openHdf5(bytes, 'f');
    expect(root.group('many')?.names).toEqual([...many.keys()]);
    expect(root.group('many/layer 999')?.attributes.get('name')).toBe('näme 999');
    expect((await root.dataset('arrays/matrix').read()).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect((await root.dataset('arrays/half').read()).data).toEqual(Float32Array.of(1, -2));
    expect((await root.dataset('arrays/none').read()).shape).toEqual([0, 4]);
  });

  test('do not keep arrays twice', () => {
    const array = float(...new Array(1000).fill(1));
    const group: WritableGroup = { members: new Map([['x', { shape: [1000], kind: 'float32', bytes: array }]]) };
    expect(hdf5Pieces(group)).toContain(array);
  });
});
