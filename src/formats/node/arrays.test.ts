import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { Tensor, tensor } from '../../tensor/tensor.js';
import { createZarr } from '../zarr/zarrArray.js';
import { loadArray, saveArray } from './arrays.js';
import { zarrFolder } from './zarrFolder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-arrays-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function refusal(action: Promise<unknown>): Promise<FoveaError> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FoveaError);
  return error as FoveaError;
}

const samples: [string, Tensor][] = [
  [
    'a table',
    tensor([
      [1.5, -2, 3],
      [4, Number.NaN, Number.POSITIVE_INFINITY],
    ]),
  ],
  ['whole numbers', new Tensor(Int32Array.of(1, -2, 2 ** 31 - 1), [3])],
  ['one number', new Tensor(Float32Array.of(7), [])],
  ['no rows', new Tensor(new Float32Array(0), [0, 4])],
  [
    'several chunks',
    new Tensor(
      Float32Array.from({ length: 600_000 }, (_, i) => i / 7),
      [600, 1000],
    ),
  ],
];

describe.each(['.npy', '.zarr'])('%s', (ending) => {
  test.each(samples)('%s comes back', async (_, saved) => {
    const path = join(folder, `array${ending}`);
    await saveArray(path, saved);
    const loaded = await loadArray(path);
    expect([loaded.shape, loaded.dtype]).toEqual([saved.shape, saved.dtype]);
    expect(Buffer.compare(bytes(loaded), bytes(saved))).toBe(0);
  });

  test('replaces an array', async () => {
    const path = join(folder, `array${ending}`);
    await saveArray(path, samples[4]?.[1] as Tensor);
    await saveArray(path, tensor([1, 2]));
    expect([...(await loadArray(path)).data]).toEqual([1, 2]);
  });

  test('nothing there', async () => expect((await refusal(loadArray(join(folder, `no${ending}`)))).code).toBe('file'));
});

const bytes = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

test('other endings are refused, and a folder of other things is left alone', async () => {
  expect((await refusal(saveArray(join(folder, 'a.txt'), tensor([1])))).code).toBe('option');
  expect((await refusal(loadArray('x'))).message).toMatch(/must end in \.npy or \.zarr/);
  const mine = join(folder, 'mine.zarr');
  await createZarr(zarrFolder(mine), { shape: [1], dtype: 'int32' });
  await rm(join(mine, 'zarr.json'));
  await writeFile(join(mine, 'letter.txt'), 'dear');
  await saveArray(mine, tensor([1]));
  expect(await readdir(mine)).toContain('letter.txt');
});

/** Reads an array by its description alone, with nothing but Python's own modules. */
const reader = `
import gzip, json, struct, sys
folder = sys.argv[1]
meta = json.load(open(folder + '/zarr.json'))
assert meta['zarr_format'] == 3 and meta['data_type'] in ('float32', 'int32')
rows, columns = meta['shape']
chunk_rows, chunk_columns = meta['chunk_grid']['configuration']['chunk_shape']
assert chunk_columns == columns
code = 'f' if meta['data_type'] == 'float32' else 'i'
numbers = []
for i in range((rows + chunk_rows - 1) // chunk_rows):
    raw = gzip.decompress(open('%s/c/%d/0' % (folder, i), 'rb').read())
    numbers += struct.unpack('<%d%s' % (chunk_rows * columns, code), raw)
print(json.dumps(numbers[:rows * columns]))
`;
const python = spawnSync('python3', ['--version']).status === 0;
test.skipIf(!python)('Python reads the chunks from their description', async () => {
  const path = join(folder, 'array.zarr');
  const array = await createZarr(zarrFolder(path), { shape: [5, 2], dtype: 'float32', chunkRows: 2 });
  const data = Float32Array.from({ length: 10 }, (_, i) => i / 4);
  for (let i = 0; i < 3; i++) await array.writeChunk(i, data.slice(4 * i, 4 * i + 4));
  const { stdout, stderr } = spawnSync('python3', ['-c', reader, path], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([...data]);
});
