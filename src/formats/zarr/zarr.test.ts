import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { createZarr, openZarr, type ZarrDType } from './zarrArray.js';
import { memoryZarrStore, type ZarrStore } from './zarrStore.js';
import { zstdContentSize } from './zstdCodec.js';

async function refusal(action: Promise<unknown>): Promise<FoveaError> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FoveaError);
  return error as FoveaError;
}

const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
const counting = (dtype: ZarrDType, length: number) => new kinds[dtype](Array.from({ length }, (_, i) => i));

/** An array of 5 rows of 3 numbers in chunks of 2 rows, all written. */
async function written(dtype: ZarrDType = 'float32'): Promise<ZarrStore> {
  const store = memoryZarrStore();
  const array = await createZarr(store, { shape: [5, 3], dtype, chunkRows: 2, attributes: { key: 'a1' } });
  const all = counting(dtype, 15);
  for (let i = 0; i < 3; i++) await array.writeChunk(i, all.slice(6 * i, 6 * i + 6));
  return store;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** An array that another program wrote: its description and the bytes of its chunks. */
async function foreign(changes: object, chunks: Record<string, Uint8Array> = {}): Promise<ZarrStore> {
  const store = memoryZarrStore();
  const metadata = {
    zarr_format: 3,
    node_type: 'array',
    shape: [2, 3],
    data_type: 'float32',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [1, 2] } },
    chunk_key_encoding: { name: 'default' },
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    fill_value: 0,
    ...changes,
  };
  await store.set('zarr.json', text(metadata));
  for (const [key, bytes] of Object.entries(chunks)) await store.set(key, bytes);
  return store;
}

test('zarr.json is what the specification of version 3 asks for', async () => {
  const bytes = (await (await written()).get('zarr.json', 1e6)) as Uint8Array;
  expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({
    zarr_format: 3,
    node_type: 'array',
    shape: [5, 3],
    data_type: 'float32',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 3] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'gzip', configuration: { level: 6 } },
    ],
    fill_value: 0,
    attributes: { key: 'a1' },
  });
});

test.each<ZarrDType>(['float32', 'int32', 'uint8'])('%s: rows come back', async (dtype) => {
  const array = await openZarr(await written(dtype));
  expect([array.dtype, array.shape, array.chunkRows, array.chunkCount]).toEqual([dtype, [5, 3], 2, 3]);
  expect(array.attributes).toEqual({ key: 'a1' });
  expect(await array.rows()).toEqual({ shape: [5, 3], data: counting(dtype, 15) });
  expect([...(await array.rows(1, 3)).data]).toEqual([3, 4, 5, 6, 7, 8]);
  expect([...(await array.gather([4, 0, 4])).data]).toEqual([12, 13, 14, 0, 1, 2, 12, 13, 14]);
  expect((await array.rows(2, 2)).shape).toEqual([0, 3]);
});

test('any rows of any array, in chunks of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      fc.tuple(fc.nat(), fc.nat()),
      async (shape, chunkRows, [a, b]) => {
        const rowSize = shape.slice(1).reduce((product, size) => product * size, 1);
        const all = counting('int32', (shape[0] as number) * rowSize);
        const array = await createZarr(memoryZarrStore(), { shape, dtype: 'int32', chunkRows });
        const size = chunkRows * rowSize;
        for (let i = 0; i < array.chunkCount; i++) await array.writeChunk(i, all.slice(i * size, (i + 1) * size));
        const [start, stop] = [a, b].map((n) => n % ((shape[0] as number) + 1)).sort() as [number, number];
        expect([...(await array.rows(start, stop)).data]).toEqual([...all.slice(start * rowSize, stop * rowSize)]);
      },
    ),
    { numRuns: 60 },
  );
});

test('a writer that was killed goes on with the chunks that are missing', async () => {
  const spec = { shape: [5, 3], dtype: 'float32', chunkRows: 2, attributes: { a: 1, b: [2] } } as const;
  const store = memoryZarrStore();
  const first = await createZarr(store, spec);
  await first.writeChunk(1, counting('float32', 6));
  const again = await createZarr(store, { ...spec, attributes: { b: [2], a: 1 } });
  expect(await again.written()).toEqual([false, true, false]);
  expect([...(await again.rows(1, 3)).data]).toEqual([0, 0, 0, 0, 1, 2]);
  for (const other of [{ attributes: { a: 2, b: [2] } }, { dtype: 'int32' }, { chunkRows: 1 }, { shape: [6, 3] }]) {
    expect((await refusal(createZarr(store, { ...spec, ...other } as never))).code).toBe('data');
  }
});

describe('arrays of other programs', () => {
  const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

  test('chunks that cut through rows, a missing chunk, a fill value', async () => {
    const store = await foreign(
      { fill_value: 'NaN' },
      { 'c/0/0': floats(1, 2), 'c/0/1': floats(3, 9), 'c/1/0': floats(4, 5) },
    );
    expect([...(await (await openZarr(store)).rows()).data]).toEqual([1, 2, 3, 4, 5, Number.NaN]);
  });

  test('big-endian numbers, keys as in version 2', async () => {
    const changes = {
      chunk_key_encoding: { name: 'v2', configuration: { separator: '.' } },
      codecs: [{ name: 'bytes', configuration: { endian: 'big' } }, { name: 'gzip' }],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 3] } },
      data_type: 'int32',
    };
    const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((n) => [0, 0, 0, n]));
    const store = await foreign(changes, { '0.0': new Uint8Array(gzipSync(bytes)) });
    expect([...(await (await openZarr(store)).rows()).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('zstd', async () => {
    // A frame of one raw block: magic, single segment with a length of one byte, the block's header, 24 bytes.
    const data = floats(1, 2, 3, 4, 5, 6);
    const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 24, (24 << 3) | 1, 0, 0, ...data]);
    const changes = {
      codecs: [
        { name: 'bytes', configuration: { endian: 'little' } },
        { name: 'zstd', configuration: { level: 0 } },
      ],
      chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 3] } },
    };
    expect(zstdContentSize(frame)).toBe(24);
    expect([...(await (await openZarr(await foreign(changes, { 'c/0/0': frame }))).rows()).data]).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    frame[5] = 200;
    const array = await openZarr(await foreign(changes, { 'c/0/0': frame }));
    expect((await refusal(array.rows())).message).toMatch(/must have 24 bytes/);
  });

  test.each<[string, number[], number | undefined]>([
    ['no frame', [1, 2, 3, 4, 5, 6, 7], undefined],
    ['no length', [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58], undefined],
    ['two bytes', [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x01, 0x02], 0x201 + 256],
    ['four bytes after a window', [0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x58, 1, 0, 1, 0], 65_537],
    ['four bytes after a dictionary', [0x28, 0xb5, 0x2f, 0xfd, 0xa1, 7, 1, 0, 0, 1], 16_777_217],
    ['eight bytes', [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0], 2 ** 32],
  ])('zstd, a header with %s', (_, bytes, size) => expect(zstdContentSize(Uint8Array.from(bytes))).toBe(size));

  test('int64 and float64', async () => {
    const grid = { chunk_grid: { name: 'regular', configuration: { chunk_shape: [2, 3] } } };
    const wide = (...values: number[]) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const whole = await foreign({ ...grid, data_type: 'int64' }, { 'c/0/0': wide(1, -2, 3, 0, 0, 7) });
    expect(await (await openZarr(whole)).rows()).toEqual({ shape: [2, 3], data: Int32Array.of(1, -2, 3, 0, 0, 7) });
    const large = await foreign({ ...grid, data_type: 'int64' }, { 'c/0/0': wide(1, 2 ** 31, 3, 0, 0, 7) });
    expect((await refusal((await openZarr(large)).rows())).message).toMatch(/fit into 32 bits.*2147483648/);
    const double = await foreign(
      { ...grid, data_type: 'float64' },
      { 'c/0/0': new Uint8Array(Float64Array.of(0.1, 2, 3, 4, 5, 6).buffer) },
    );
    expect((await (await openZarr(double)).rows()).data[0]).toBe(Math.fround(0.1));
  });

  const gzip = { codecs: [{ name: 'bytes' }, { name: 'gzip', configuration: { level: 5 } }] };
  test.each<[string, object, Record<string, Uint8Array>, RegExp]>([
    ['too short a chunk', {}, { 'c/0/0': floats(1) }, /chunk 0\/0: .*1 numbers where 2 are expected/],
    ['too long a chunk', {}, { 'c/0/0': floats(1, 2, 3) }, /3 numbers where 2/],
    ['a chunk of broken numbers', {}, { 'c/0/0': new Uint8Array(7) }, /chunk 0\/0/],
    ['no gzip', gzip, { 'c/0/0': floats(1, 2) }, /one whole gzip stream/],
    ['too little in gzip', gzip, { 'c/0/0': new Uint8Array(gzipSync(floats(1))) }, /must have 8 bytes.*4/],
    ['a bomb', gzip, { 'c/0/0': new Uint8Array(gzipSync(new Uint8Array(1e8))) }, /must have 8 bytes.*at least/],
  ])('%s', async (_, changes, chunks, message) => {
    const array = await openZarr(await foreign(changes, chunks));
    const error = await refusal(array.rows());
    expect(error.code).toBe('format');
    expect(error.message).toMatch(message);
  });

  test.each<[string, object | string, RegExp]>([
    ['no JSON', '{"zarr', /must be JSON/],
    ['a list', '[]', /"zarr_format"/],
    ['version 2', { zarr_format: 2 }, /"zarr_format\\?" should be 3/],
    ['a group', { node_type: 'group' }, /node_type/],
    ['texts', { data_type: 'string' }, /data_type/],
    ['a negative size', { shape: [-1, 3] }, /shape\.0/],
    ['half a row', { shape: [1.5, 3] }, /shape\.0/],
    [
      'a chunk of nothing',
      { chunk_grid: { name: 'regular', configuration: { chunk_shape: [0, 2] } } },
      /chunk_shape\.0/,
    ],
    ['too few axes', { chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } } }, /as many axes/],
    [
      'huge chunks',
      { chunk_grid: { name: 'regular', configuration: { chunk_shape: [1e6, 1e6] } } },
      /at most 1073741824/,
    ],
    ['an impossible size', { shape: [2 ** 50, 2 ** 50] }, /possible size/],
    ['shards', { codecs: [{ name: 'sharding_indexed', configuration: {} }] }, /codecs that are read/],
    ['an unknown codec', { codecs: [{ name: 'bytes' }, { name: 'blosc' }] }, /codecs that are read/],
    ['no fill value', { fill_value: null }, /fill_value/],
  ])('zarr.json with %s', async (_, changes, message) => {
    const store = typeof changes === 'string' ? memoryZarrStore() : await foreign(changes);
    if (typeof changes === 'string') await store.set('zarr.json', new TextEncoder().encode(changes));
    const error = await refusal(openZarr(store));
    expect(error.code).toBe('format');
    expect(error.message).toMatch(message);
  });

  test('sizes that lie cost neither time nor memory', async () => {
    const many = await openZarr(await foreign({ shape: [1e9, 3] }));
    expect((await refusal(many.rows())).message).toMatch(/read at once/);
    expect((await refusal(many.written())).message).toMatch(/at most 65536 chunks/);
    expect((await refusal(many.rows(0, 1e6))).message).toMatch(/at most 65536 chunks/);
  });
});

test('there is no array', async () => {
  expect((await refusal(openZarr(memoryZarrStore()))).code).toBe('file');
});

test('rows and chunks that do not exist or do not fit', async () => {
  const array = await openZarr(await written());
  const attempts: [Promise<unknown>, string][] = [
    [array.rows(0, 6), 'data'],
    [array.rows(3, 2), 'data'],
    [array.gather([5]), 'data'],
    [array.writeChunk(3, new Float32Array(6)), 'data'],
    [array.writeChunk(0, new Float32Array(5)), 'shape'],
    [array.writeChunk(0, new Int32Array(6)), 'shape'],
  ];
  for (const [attempt, code] of attempts) expect((await refusal(attempt)).code).toBe(code);
  expect((await refusal(createZarr(memoryZarrStore(), { shape: [2], dtype: 'int32', chunkRows: 0 }))).code).toBe(
    'option',
  );
});
