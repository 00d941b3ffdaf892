import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tools/paths.mjs';
import { round } from '../tools/stats.mjs';

/** Passes over the photos while memory is watched: the first takes what is taken once. */
const PASSES = 4;
/** Ways to fine-tune: features of the photos as they are, computed once; and photos changed anew in each of two epochs. */
const WAYS = {
  'as they are': [],
  '--augment photos': ['--augment', 'photos', '--epochs', '2'],
};

/**
 * Fine-tuning MobileNet to the cats and dogs of ../shared: how much of the time computing stood still because a photo was
 * not yet decoded, or not yet changed. And decoding them again and again: whether memory grows with the number of photos.
 */
export async function photoWaiting({ nodes }) {
  const title =
    'Waiting for photos while MobileNet is fine-tuned to cats and dogs, and memory while photos are decoded';
  const shared = process.env.FOVEA_SHARED ?? join(root, '../shared/data');
  const photos = join(shared, 'images/cats-vs-dogs');
  const cli = join(root, 'dist/cli/main.js');
  if (!existsSync(photos)) return { title, notes: [`left out: there is no ${photos}`] };
  if (!existsSync(cli)) return { title, notes: ['left out: Fovea is not built; run npm run build first'] };
  const measured = [];
  for (const { path: node, version } of nodes) {
    const folder = mkdtempSync(join(tmpdir(), 'fovea-bench-'));
    try {
      const env = { FOVEA_WEIGHTS: join(shared, 'weights'), FOVEA_CACHE: join(folder, 'cache') };
      const memory = (
        await lines(node, [join(import.meta.dirname, '../children/photoMemory.mjs'), photos, `${PASSES}`])
      ).at(-1);
      for (const [way, options] of Object.entries(WAYS)) {
        const run = ['--run', join(folder, `run-${measured.length}`), '--features', 'memory', '--json'];
        const { waiting, seconds, train, valid } = (
          await lines(node, [cli, 'finetune', photos, ...run, ...options], env)
        ).at(-1);
        const share = waiting.seconds / waiting.of;
        measured.push({ node: version, way, photos: train + valid, waiting, share, seconds, ...memory });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return {
    title,
    rows: measured.map(({ node, way, waiting, share, seconds, photosPerSecond, megabytes }) => ({
      '': `Node ${node}`,
      photos: way,
      'waited, s': round(waiting.seconds, 2),
      'of, s': round(waiting.of, 1),
      'share, %': round(100 * share, 2),
      'looking beforehand, s': round(seconds.photos, 1),
      'decoded per second': round(photosPerSecond, 0),
      'MB after each pass': megabytes.join(', '),
    })),
    measured,
    waitingShares: measured.map(({ node, way, share }) => ({ of: `Node ${node}, ${way}`, share })),
  };
}

/** The lines of JSON that a program of ours writes. */
async function lines(node, words, env = {}) {
  const child = spawn(node, words, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
