import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { sequential } from '../../model/sequential.js';
import { FoveaError } from '../../tensor/errors.js';
import { openHdf5 } from '../hdf5/hdf5File.js';
import { zipPieces } from '../writeZip.js';
import { readZip } from '../zip.js';
import { modelFromKeras } from './modelFromKeras.js';
import { counted, libraryHdf5 } from './testing/kerasFiles.js';
import { writeKeras } from './writeKeras.js';

const MB = 2 ** 20;
let keras: Uint8Array;
let weights: Uint8Array;

beforeAll(async () => {
  const net = sequential([
    input([6, 6, 1]),
    conv2d({ filters: 2, kernelSize: 3 }),
    batchNormalization(),
    flatten(),
    dense({ units: 3 }),
  ]);
  keras = await writeKeras(net);
  weights = new Uint8Array(await (readZip(keras, 'f').get('model.weights.h5')?.read() as Promise<Uint8Array>));
}, 60_000);

test('cut off at every byte', async () => {
  for (let n = 0; n < weights.length; n += 13) {
    await expect(modelFromKeras(weights.subarray(0, n))).rejects.toBeInstanceOf(FoveaError);
  }
});

/** Reads, and tells how long it took and how much memory grew. */
async function cost(read: () => Promise<unknown>): Promise<{ error: unknown; time: number; memory: number }> {
  const before = process.memoryUsage();
  const start = performance.now();
  const error = await read().catch((reason: unknown) => reason);
  const after = process.memoryUsage();
  const memory = after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed;
  return { error, time: performance.now() - start, memory };
}

describe('archives that grow', () => {
  /** A .keras file whose config.json holds zeros, deflated, and says that it has so many bytes. */
  const bomb = (size: number, promised: number): Uint8Array => {
    const packed = deflateRawSync(new Uint8Array(size), { level: 9 });
    const name = new TextEncoder().encode('config.json');
    const record = (signature: number, at: readonly [number, number, number], length: number, rest: Uint8Array[]) => {
      const bytes = new Uint8Array(length);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, signature, true);
      view.setUint16(at[0], 8, true);
      view.setUint32(at[1], packed.length, true);
      view.setUint32(at[1] + 4, promised, true);
      view.setUint16(at[2], name.length, true);
      return Buffer.concat([bytes, name, ...rest]);
    };
    const local = record(0x04034b50, [8, 18, 26], 30, [packed]);
    const other = Buffer.from(keras.subarray(0, 0));
    const directory = record(0x02014b50, [10, 20, 28], 46, []);
    const end = new Uint8Array(22);
    const view = new DataView(end.buffer);
    view.setUint32(0, 0x06054b50, true);
    view.setUint16(10, 1, true);
    view.setUint32(16, local.length, true);
    return Uint8Array.from(Buffer.concat([local, other, directory, end]));
  };

  test.each<[string, number, number, RegExp]>([
    ['as large as it says', 60 * MB, 60 * MB, /at most 16 MiB larger than the archive/],
    ['larger than it says', 60 * MB, 1000, /more than the promised 1000 bytes/],
    ['smaller than it says', 1000, 10 * MB, /1000 bytes instead of the promised/],
    ['as large as it says, with another checksum', 10 * MB, 10 * MB, /must agree with its checksum/],
  ])('%s', async (_, size, promised, message) => {
    const bytes = bomb(size, promised);
    const { error, time, memory } = await cost(async () => readZip(bytes, 'f').get('config.json')?.read());
    expect(String(error)).toMatch(message);
    expect(time).toBeLessThan(1000);
    expect(memory).toBeLessThan(2 * bytes.length + 64 * MB);
  });

  test.each(['[', '[],', '{"class_name":'])('a description of nothing but %s', async (piece) => {
    const files = new Map([
      [
        'config.json',
        [
          new TextEncoder().encode(
            `{"class_name":"Functional","config":{"layers":[],"input_layers":${piece.repeat(2e5)}`,
          ),
        ],
      ],
      ['model.weights.h5', [weights]],
    ]);
    const bytes = Uint8Array.from(Buffer.concat(zipPieces(files)));
    const { error, time } = await cost(() => modelFromKeras(bytes));
    expect(error).toMatchObject({ code: 'format' });
    expect(time).toBeLessThan(1000);
  });

  test('lists within lists without end', async () => {
    const deep = `${'['.repeat(2e5)}${']'.repeat(2e5)}`;
    const json = `{"class_name":"Functional","config":{"layers":[],"input_layers":${deep},"output_layers":${deep}}}`;
    const files = new Map([
      ['config.json', [new TextEncoder().encode(json)]],
      ['model.weights.h5', [weights]],
    ]);
    const { error, time } = await cost(() => modelFromKeras(Uint8Array.from(Buffer.concat(zipPieces(files)))));
    expect(error).toMatchObject({ code: 'format' });
    expect(time).toBeLessThan(1000);
  });

  test('a description of 32 MB is not unpacked', async () => {
    const { error, memory } = await cost(() => modelFromKeras(bomb(32 * MB, 32 * MB)));
    expect(error).toBeInstanceOf(FoveaError);
    expect(memory).toBeLessThan(64 * MB);
  });
});

describe('HDF5 with hostile sizes', () => {
  /** The file with one 8-byte number in place of another, wherever it stands. */
  const replaced = (bytes: Uint8Array, from: number, to: bigint, skip = 0): Uint8Array => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    let left = skip;
    for (let at = 0; at + 8 <= copy.length; at++) {
      if (view.getBigUint64(at, true) === BigInt(from) && left-- === 0) {
        view.setBigUint64(at, to, true);
        return copy;
      }
    }
    throw new Error('no such number');
  };

  test.each([
    ['a size of 2^40', 2n ** 40n],
    ['a size beyond all numbers', 2n ** 64n - 2n],
    ['a size that is a little too large', 4321n],
  ])('%s', async (_, size) => {
    const file = await libraryHdf5({ '@layer_names': ['d'], 'd@weight_names': ['k'] }, { 'd/k': counted([1234, 3]) });
    const { error, time, memory } = await cost(() => modelFromKeras(replaced(file, 1234, size)));
    expect(error).toBeInstanceOf(FoveaError);
    expect((error as FoveaError).code).toBe('format');
    expect(time).toBeLessThan(1000);
    expect(memory).toBeLessThan(2 * file.length + 64 * MB);
  });

  test('a group that contains itself', async () => {
    const file = await libraryHdf5({}, { 'a/b/c': counted([2]) });
    const address = (path: string): number => {
      // The only way in from outside: the entry of the name stands where its address does.
      const view = new DataView(file.buffer, file.byteOffset, file.length);
      const found: number[] = [];
      for (let at = 0; at + 4 <= file.length; at++) if (view.getUint32(at, true) === 0x444f4e53) found.push(at);
      return found[path.split('/').length - 1] as number;
    };
    const copy = file.slice();
    const view = new DataView(copy.buffer);
    const root = Number(view.getBigUint64(64, true));
    view.setBigUint64(address('a/b') + 8 + 8, BigInt(root), true);
    expect(() => {
      let group = openHdf5(copy, 'f').group('');
      for (let depth = 0; depth < 100 && group !== undefined; depth++) {
        const next: string | undefined = group.names[0];
        group = next === undefined ? undefined : group.group(next);
      }
    }).toThrow(/no group or tree may contain itself/);
  });
});
