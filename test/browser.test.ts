import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WasmEngineOptions } from '../src/engines/wasm/index.js';
import { bundle, type Site, serve } from './browser/site.js';
import * as inNode from './browser/tasks.js';

/** The library in Chromium: the same results as in Node, with shared memory and without, and a page that stays awake. */

const executablePath = process.env.FOVEA_CHROMIUM ?? '/usr/bin/chromium';
const missing = !existsSync(executablePath);
const title = missing ? `in a browser: skipped, there is no ${executablePath}` : 'in headless Chromium';

declare global {
  var inPage: typeof inNode;
}

describe.skipIf(missing)(title, { timeout: 120_000 }, () => {
  let site: Site | undefined;
  let browser: Browser | undefined;
  let isolated: Page;
  let plain: Page;

  beforeAll(async () => {
    const serving = await serve(await bundle('test/browser/page.ts'));
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
    args.push('--disable-component-update', '--disable-sync');
    const running = await chromium.launch({ executablePath, args });
    [site, browser] = [serving, running];
    const open = async (url: string): Promise<Page> => {
      const page = await running.newPage();
      await page.goto(url);
      await page.waitForFunction('globalThis.inPage !== undefined');
      return page;
    };
    [isolated, plain] = await Promise.all([open(serving.isolated), open(serving.plain)]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const check = (page: Page, options: WasmEngineOptions) => page.evaluate((o) => globalThis.inPage.check(o), options);
  const train = (page: Page, options: WasmEngineOptions) => page.evaluate((o) => globalThis.inPage.train(o), options);
  const trainBeside = (page: Page, options: WasmEngineOptions) =>
    page.evaluate((o) => globalThis.inPage.trainBeside(o), options);

  test('one page shares memory with its workers, the other does not', async () => {
    expect(await isolated.evaluate('crossOriginIsolated')).toBe(true);
    expect(await plain.evaluate('crossOriginIsolated')).toBe(false);
    await expect(check(plain, { shared: true })).rejects.toThrow('cross-origin isolated');
  });

  describe.each(['relaxed', 'simd'] as const)('%s build', (build) => {
    test('every op is its definition, to the bits that Node gives', async () => {
      const node = await inNode.check({ build, threads: 2 });
      expect(node.flatMap(({ failures }) => failures)).toEqual([]);
      expect(await check(isolated, { build, threads: 2 })).toEqual(node);
      expect(await check(plain, { build })).toEqual(node);
    });

    test('training with 1, 2 and 3 threads, in one unshared worker and in Node comes to the same bits', async () => {
      const node = await inNode.train({ build, threads: 2 });
      expect(node.losses.every(Number.isFinite)).toBe(true);
      for (const threads of [1, 2, 3]) {
        expect(await inNode.train({ build, threads }), `Node, ${threads} threads`).toEqual(node);
        expect(await train(isolated, { build, threads }), `Chromium, ${threads} threads`).toEqual(node);
      }
      expect(await inNode.train({ build, shared: false }), 'Node, unshared').toEqual(node);
      expect(await train(plain, { build }), 'Chromium, unshared').toEqual(node);
    });
  });

  test('left to itself, the engine comes to the same bits in Node and in both pages', async () => {
    const node = await inNode.train({});
    expect(await train(isolated, {})).toEqual(node);
    expect(await train(plain, {})).toEqual(node);
  });

  // Other programs may hold this machine's cores, so the best of a few runs counts: what the library itself holds the
  // thread for is in every one. Two threads on two cores would leave the page itself none.
  test.each([
    { name: 'isolated page, 1 thread', run: () => trainBeside(isolated, { threads: 1 }) },
    { name: 'plain page', run: () => trainBeside(plain, {}) },
    { name: 'Node, 1 thread', run: () => inNode.trainBeside({ threads: 1 }) },
  ])('the main thread is never held for more than 50 ms while training: $name', async ({ run }) => {
    let longest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 6 && longest > 50; i++) {
      const pauses = await run();
      expect(pauses.training).toBeGreaterThan(200);
      longest = Math.min(longest, pauses.longest);
    }
    expect(longest).toBeLessThanOrEqual(50);
  });
});

test('the bundle for browsers with all kernels is under 150 kB gzipped', async () => {
  const entry = existsSync(new URL('../src/index.ts', import.meta.url)) ? 'src/index.ts' : 'test/browser/page.ts';
  expect(gzipSync(await bundle(entry), { level: 9 }).length).toBeLessThan(150_000);
});
