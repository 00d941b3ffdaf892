import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { sharedData } from '../../testing/sharedData.js';
import { cacheFolder } from './cacheFolder.js';
import { type DownloadProgress, download, type PublishedFile } from './download.js';
import { downloadMnist, readMnist } from './mnist.js';

const published = sharedData('mnist');
const withMnist = describe.skipIf(!existsSync(published));
const names = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

let folder: string;
let server: Server;
let base: string;
/** What the server does with a request for this name; by default it has nothing. */
let answer: (name: string, response: ServerResponse) => void;
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-mnist-'));
  asked = [];
  answer = (_, response) => response.writeHead(404).end();
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(basename(request.url ?? ''), response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function refusal(action: Promise<unknown>): Promise<FoveaError> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FoveaError);
  return error as FoveaError;
}

describe('download', () => {
  const contents = Buffer.from('0123456789');
  const sha256 = createHash('sha256').update(contents).digest('hex');
  const file = (...urls: string[]): PublishedFile => {
    return { urls: urls.map((url) => base + url), path: join(folder, 'a', 'digits.gz'), bytes: 10, sha256 };
  };

  test('fetched once, with progress, and kept', async () => {
    answer = (_, response) => response.end(contents);
    const progress: DownloadProgress[] = [];
    await download(file('/x/digits.gz'), { onProgress: (event) => progress.push(event) });
    expect(await readFile(join(folder, 'a', 'digits.gz'))).toEqual(contents);
    expect(await readdir(join(folder, 'a'))).toEqual(['digits.gz']);
    expect(progress.at(-1)).toEqual({ file: 'digits.gz', bytes: 10, totalBytes: 10 });
    await download(file('/x/digits.gz'));
    expect(asked).toEqual(['/x/digits.gz']);
  });

  test('a damaged file in the cache is fetched anew', async () => {
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'digits.gz'), '012345678x');
    answer = (_, response) => response.end(contents);
    await download(file('/x'));
    expect(await readFile(join(folder, 'a', 'digits.gz'))).toEqual(contents);
  });

  test('the next address is tried', async () => {
    answer = (name, response) => (name === 'good' ? response.end(contents) : response.writeHead(503).end());
    await download(file('/bad', '/good', '/unused'));
    expect(asked).toEqual(['/bad', '/good']);
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['not found', (response) => response.writeHead(404).end(), /the server answered 404 Not Found/],
    ['too short', (response) => response.end('012'), /3 bytes where 10 are expected/],
    ['other contents', (response) => response.end('012345678x'), /SHA-256 [0-9a-f]{64} where 84d898/],
    ['endless', (response) => forever(response), /more than the expected 10 bytes/],
    [
      'cut off',
      (response) => response.writeHead(200, { 'content-length': 10 }).write('012', () => response.destroy()),
      /x: ./,
    ],
    ['silent', () => undefined, /nothing arrived for 0\.2 seconds/],
    ['silent after a while', (response) => response.write('012'), /nothing arrived for 0\.2 seconds/],
  ])('%s: nothing is kept', async (kind, respond, message) => {
    answer = (_, response) => respond(response);
    const error = await refusal(
      download(file('/x'), { timeoutSeconds: kind.startsWith('silent') ? 0.2 : 20, remedy: 'Put it there yourself' }),
    );
    expect(error.code).toBe('network');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^download of digits\.gz: the address did not give it\. .*Put it there yourself\.$/);
    expect(await readdir(folder)).toEqual([]);
  });

  function forever(response: ServerResponse): void {
    response.write('0123456789'.repeat(100));
    if (!response.destroyed) setTimeout(() => forever(response), 1);
  }

  test('nobody listens', async () => {
    const silent = { ...file(), urls: ['http://127.0.0.1:9/x', 'nonsense'] };
    const error = await refusal(download(silent));
    expect(error.message).toMatch(/none of 2 addresses gave it\. .*127\.0\.0\.1:9\/x: .+; nonsense: Invalid URL/);
    expect(error.message).toContain(`put the file at ${silent.path} yourself`);
  });

  test('stopped by the caller', async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    const error = await refusal(download(file('/x', '/y'), { signal: stop.signal }));
    expect(error.code).toBe('aborted');
    expect(asked).toEqual(['/x']);
    expect(await readdir(folder)).toEqual([]);
  });

  test('the folder cannot be made', async () => {
    await writeFile(join(folder, 'a'), 'a file in its place');
    answer = (_, response) => response.end(contents);
    expect((await refusal(download(file('/x')))).code).toBe('file');
  });
});

describe('readMnist', () => {
  test('a file that is missing', async () => {
    await writeFile(join(folder, 'other'), '');
    const error = await refusal(readMnist(folder));
    expect(error.message).toMatch(/one of train-images-idx3-ubyte\.gz, .*must be there\. Received a folder with other/);
    expect((await refusal(readMnist(join(folder, 'nowhere')))).message).toMatch(/nowhere.*no such file or folder/);
  });

  const idx = (shape: number[], data: number[]) =>
    Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, 0, size]), ...data]);
  test.each(['-', '.'])('plain files with "%s" before idx', async (sign) => {
    for (const name of names) {
      const contents = name.includes('images') ? idx([1, 1, 1], [255]) : idx([1], [4]);
      await writeFile(join(folder, name.replace('-idx', `${sign}idx`)), contents);
    }
    const { train } = await readMnist(folder);
    expect((await train.batch(Uint32Array.of(0))).x.data[0]).toBe(1);
    expect([...(train.labels ?? [])]).toEqual([4]);
  });
});

describe('downloadMnist', () => {
  test('offline: says which files to put where', async () => {
    const error = await refusal(downloadMnist({ cache: folder, baseUrls: ['http://127.0.0.1:9/'] }));
    expect(error.code).toBe('network');
    for (const name of names) expect(error.message).toContain(`${name}.gz`);
    expect(error.message).toContain(`into ${join(folder, 'mnist')}`);
  });

  test('files that a person put there are taken as they are', async () => {
    await mkdir(join(folder, 'fashion-mnist'));
    for (const name of names) await writeFile(join(folder, 'fashion-mnist', name.replace('-idx', '.idx')), '');
    const options = { cache: folder, baseUrls: [base], variant: 'fashionMnist' } as const;
    expect(await downloadMnist(options)).toBe(join(folder, 'fashion-mnist'));
    expect(asked).toEqual([]);
  });

  test('a file of the right name with other contents is not kept', async () => {
    answer = (_, response) => response.end('an error page');
    const error = await refusal(downloadMnist({ cache: folder, baseUrls: [base, `${base}/mirror/`] }));
    expect(error.message).toMatch(/13 bytes where 9912422 are expected.*mirror.*13 bytes/);
    expect(asked).toEqual([`/${names[0]}.gz`, `/mirror/${names[0]}.gz`]);
  });
});

withMnist('the published files', () => {
  test('fetched from a server, then read: 60,000 and 10,000', async () => {
    answer = (name, response) => void readFile(join(published, name)).then((bytes) => response.end(bytes));
    const target = await downloadMnist({ cache: folder, baseUrls: [`${base}/mnist`] });
    const { train, test: held } = await readMnist(target);
    expect([train.size, held.size]).toEqual([60_000, 10_000]);
    expect([...(train.labels ?? []).slice(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    const { x } = await held.batch(Uint32Array.of(0));
    expect(x.shape).toEqual([1, 28, 28, 1]);
    expect(Math.max(...x.data)).toBe(1);
    await downloadMnist({ cache: folder, baseUrls: ['http://127.0.0.1:9/'] });
    expect(asked).toHaveLength(4);
  });

  test('unpacked', async () => {
    await cp(published, folder, { recursive: true });
    for (const name of names.slice(2)) {
      await writeFile(join(folder, name), gunzipSync(await readFile(join(published, `${name}.gz`))));
      await rm(join(folder, `${name}.gz`), { force: true });
    }
    expect((await readMnist(folder)).test.size).toBe(10_000);
  });
});

test.each<[NodeJS.Platform, Record<string, string>, string]>([
  ['linux', { FOVEA_CACHE: '/elsewhere' }, '/elsewhere'],
  ['linux', { XDG_CACHE_HOME: '/xdg' }, '/xdg/fovea'],
  ['linux', {}, '/home/me/.cache/fovea'],
  ['darwin', {}, '/home/me/Library/Caches/fovea'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/fovea/Cache'],
])('cacheFolder on %s with %j', (platform, env, expected) => {
  expect(cacheFolder(env, platform, '/home/me')).toBe(expected);
});
