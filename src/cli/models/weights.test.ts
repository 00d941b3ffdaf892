import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sharedData } from '../../testing/sharedData.js';
import { type ZooName, zoo } from '../../zoo/zoo.js';
import { capture, events } from '../testing/captured.js';

const shared = sharedData('weights');
const published = 'resnet20-cifar10.safetensors';

let folder: string;
let server: Server;
let asked: string[];
const cache = (name = ''): string => join(folder, 'weights', name);

/** Published addresses lead to a server of this machine, which gives every file the same contents. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-weights-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('weights');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) =>
    real(`http://127.0.0.1:${port}${new URL(url).pathname}`, init),
  );
  vi.stubEnv('FOVEA_CACHE', folder);
  vi.stubEnv('FOVEA_WEIGHTS', '');
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('list', () => {
  test('every source of every network', async () => {
    const { code, out } = await capture(['weights', 'list']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    const ids = (Object.keys(zoo) as ZooName[]).flatMap((name) => zoo[name].weights.map(({ id }) => id));
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(ids);
    expect(lines[0]).toMatch(/^weights +network +size +hash +where$/);
    expect(out).toMatch(/^vgg16-keras +vgg16 +553\.5 MB +MD5 +storage\.googleapis\.com$/m);
    expect(out).toMatch(/^resnet18-torchvision +resnet18 +– +SHA-256, 8 digits +download\.pytorch\.org$/m);
    expect(out).toMatch(/^googlenet-caffe .* bring the file: googlenet-imagenet\.safetensors$/m);
  });

  test('as JSON, with the place of files that are there', async () => {
    await mkdir(cache());
    await writeFile(cache(published), 'x');
    const found = events(await capture(['weights', 'list', '--json'])).filter(({ path }) => path !== undefined);
    expect(found).toEqual([expect.objectContaining({ network: 'resnet20_cifar10', path: cache(published) })]);
  });
});

describe('download', () => {
  test('by the name of a network', async () => {
    const { code, out, err } = await capture(['weights', 'download', 'mobilenet']);
    expect([code, err]).toEqual([0, 'Downloading mobilenet_1_0_224_tf.h5, once …\n']);
    expect(out).toBe(`mobilenet-keras: ${cache('mobilenet_1_0_224_tf.h5')}\nNo hash is known to check it by.\n`);
    expect(await readFile(cache('mobilenet_1_0_224_tf.h5'), 'utf8')).toBe('weights');
    expect(asked).toEqual([expect.stringMatching(/\/mobilenet_1_0_224_tf\.h5$/)]);
  });

  test('progress, on a terminal', async () => {
    const { err } = await capture(['weights', 'download', 'mobilenet-0.5-keras'], { isTerminal: true });
    expect(err).toMatch(/Downloading mobilenet_5_0_224_tf\.h5 .*━/);
  });

  test('contents with another hash are not kept', async () => {
    const { code, err } = await capture(['weights', 'download', 'resnet18']);
    expect([code, err]).toEqual([1, expect.stringMatching(/with the SHA-256 [0-9a-f]{64} where f37072fd is expected/)]);
    expect(await readdir(cache())).toEqual([]);
  });

  test('no network: which file to put where', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ENOTFOUND') })));
    const { code, err } = await capture(['weights', 'download', 'vgg16_bn-torchvision']);
    expect(code).toBe(1);
    expect(err).toContain('ENOTFOUND');
    expect(err).toContain(`Without a network: Put this file into ${join(folder, 'weights')}, or into a folder that`);
    expect(err).toContain('vgg16_bn-6c64b313.pth\n    https://download.pytorch.org/models/vgg16_bn-6c64b313.pth');
  });

  test('without an address: which file to bring', async () => {
    const { code, err } = await capture(['weights', 'download', 'googlenet']);
    expect([code, err]).toEqual([2, expect.stringMatching(/no address is known.*googlenet-imagenet\.safetensors/s)]);
  });

  test('unknown', async () => {
    const { code, err } = await capture(['weights', 'download', 'vgg16-kers']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "vgg16-keras"')]);
  });
});

describe('verify', () => {
  test('nothing there', async () => {
    expect(await capture(['weights', 'verify'])).toEqual({ code: 0, out: 'There are no weights yet.\n', err: '' });
    const { code, err } = await capture(['weights', 'verify', 'resnet18']);
    expect([code, err]).toEqual([2, expect.stringMatching(/they are not there.*resnet18-f37072fd\.pth/s)]);
  });

  test('damaged by its size, by its hash; one without a hash', async () => {
    await mkdir(cache());
    for (const file of [published, 'resnet18-f37072fd.pth', 'mobilenet_1_0_224_tf.h5'])
      await writeFile(cache(file), 'x');
    const { code, out } = await capture(['weights', 'verify']);
    expect(code).toBe(1);
    expect(out).toMatch(/^resnet20_cifar10 +damaged +\S+ +1 bytes where 1092832 are expected$/m);
    expect(out).toMatch(/^resnet18-torchvision +damaged +\S+ +contents with the SHA-256 \w+ where f37072fd/m);
    expect(out).toMatch(/^mobilenet-keras +no hash is known +\S+$/m);
    const one = await capture(['weights', 'verify', 'mobilenet-keras', '--json']);
    expect([one.code, events(one)]).toEqual([0, [expect.objectContaining({ state: 'no hash is known' })]]);
  });

  test.skipIf(!existsSync(join(shared, published)))(
    'as published, and with one bit changed (skipped without ../shared)',
    async () => {
      await mkdir(cache());
      await copyFile(join(shared, published), cache(published));
      const whole = await capture(['weights', 'verify', 'resnet20_cifar10']);
      expect([whole.code, whole.out]).toEqual([0, expect.stringMatching(/^resnet20_cifar10 +as published/)]);
      const bytes = await readFile(cache(published));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(cache(published), bytes);
      expect((await capture(['weights', 'verify'])).code).toBe(1);
    },
  );
});
