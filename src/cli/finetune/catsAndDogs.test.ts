import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sharedData } from '../../testing/sharedData.js';
import { capture, events } from '../testing/captured.js';

/** Photos and weights of ../shared, which the environment variable FOVEA_SHARED can place elsewhere. */
const shared = sharedData();
const photos = join(shared, 'images/cats-vs-dogs');
const present = existsSync(photos) && existsSync(join(shared, 'weights/mobilenet_v1_0.75_224-imagenet.safetensors'));

test.skipIf(!present)(
  present ? 'cats and dogs, from photos to result' : 'cats and dogs: skipped, no data in ../shared',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fovea-cats-'));
    vi.stubEnv('FOVEA_CACHE', join(folder, 'cache'));
    vi.stubEnv('FOVEA_WEIGHTS', join(shared, 'weights'));
    try {
      const captured = await capture(['finetune', photos, '--run', join(folder, 'run'), '--threads', '2', '--json']);
      expect([captured.code, captured.err]).toEqual([0, '']);
      const all = events(captured);
      const { measure, seconds, wholeNetworkDifference, train, valid } = all.at(-1) as {
        readonly measure: { readonly accuracy: number };
        readonly seconds: Readonly<Record<'features', number>>;
        readonly wholeNetworkDifference: number;
        readonly train: number;
        readonly valid: number;
      };
      expect([train, valid]).toEqual([1000, 400]);
      expect(measure.accuracy).toBeGreaterThanOrEqual(0.965);
      expect(wholeNetworkDifference).toBeLessThan(1e-4);
      // One pass of the training photos through the frozen layers is less than an epoch through the whole network.
      const epochs = all.filter(({ event }) => event === 'epoch').map((one) => one.seconds as number);
      const mean = epochs.reduce((sum, s) => sum + s, 0) / epochs.length;
      expect((seconds.features * train) / (train + valid) / mean).toBeGreaterThan(15);
    } finally {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);
