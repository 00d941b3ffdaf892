import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { capture, events } from '../testing/captured.js';
import { drawPhotoClasses, writeTinyBase } from '../testing/drawnPhotos.js';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-coached-'));
  vi.stubEnv('FOVEA_CACHE', at('cache'));
  for (const [part, n] of [
    ['train', 8],
    ['valid', 6],
    ['test', 6],
  ] as const)
    await drawPhotoClasses(join(at('photos'), part), n);
  await writeTinyBase(at('tiny.safetensors'));
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const words = (run: string): string[] => [
  ...['finetune', at('photos'), '--base', at('tiny.safetensors'), '--run', at(run), '--epochs', '2'],
  ...['--coach', 'auto', '--engine', 'reference', '--json'],
];

test('takes steps, keeps every run, and ends no worse than it began', async () => {
  const all = events(await capture([...words('auto/run'), '--budget', '5s']));
  const last = all.at(-1) as {
    readonly event: string;
    readonly measuredOn: string;
    readonly runs: readonly { readonly run: string; readonly validationLoss: number; readonly change: string }[];
    readonly best: string;
    readonly gain: { readonly loss: { readonly value: number; readonly interval: { low: number; high: number } } };
  };
  expect([last.event, last.measuredOn]).toEqual(['coachAuto', 'test']);
  expect(last.runs.length).toBeGreaterThan(1);
  const kept = (await readdir(at('auto'))).map((name) => join(at('auto'), name));
  for (const { run } of last.runs) expect(kept).toContain(run);
  const [first] = last.runs;
  const best = last.runs.find(({ run }) => run === last.best);
  expect(best?.validationLoss).toBeLessThanOrEqual(first?.validationLoss ?? 0);
  const { value, interval } = last.gain.loss;
  expect(interval.low).toBeLessThanOrEqual(value);
  expect(interval.high).toBeGreaterThanOrEqual(value);
}, 60_000);

test('Ctrl-C: what is finished is told, and stays', async () => {
  const controller = new AbortController();
  const onWrite = (text: string) => text.includes('"event":"result"') && controller.abort('SIGINT');
  const captured = await capture(words('stopped/run'), { signal: controller.signal, onWrite });
  expect(captured.code).toBe(130);
  expect(events(captured).at(-1)).toMatchObject({ event: 'coachAuto', runs: [{ change: 'as asked' }] });
}, 60_000);
