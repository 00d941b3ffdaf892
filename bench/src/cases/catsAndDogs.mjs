import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from '../tools/paths.mjs';
import { median, round } from '../tools/stats.mjs';

const WEIGHTS = 'mobilenet_v1_0.75_224-imagenet.safetensors';
/** What is asked for: accuracy on the validation photos, seconds from photos to result, and how much faster an epoch is on features. */
const TARGETS = { accuracy: 0.965, seconds: 180, ratio: 15 };

/** `fovea finetune` in a process of its own; what its report and its log say. */
async function finetune(node, photos, folder, name, threads, options) {
  const run = join(folder, name);
  const args = [
    join(root, 'dist/cli/main.js'),
    'finetune',
    photos,
    '--run',
    run,
    '--threads',
    `${threads}`,
    '--quiet',
    ...options,
  ];
  const env = { ...process.env, FOVEA_CACHE: join(folder, 'cache'), FOVEA_WEIGHTS: join(photos, '../../weights') };
  const start = performance.now();
  const child = spawn(node, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`fovea finetune ended with ${code}: ${errors}`);
  const seconds = (performance.now() - start) / 1000;
  const report = JSON.parse(await readFile(join(run, 'report.json'), 'utf8'));
  return { seconds, report, epochs: report.history.head.map((epoch) => epoch.seconds) };
}

/**
 * Cats and dogs from photos to result with MobileNet, in the folder `FOVEA_SHARED`: nothing is kept from before. Then epochs of
 * the same training through the whole network with the same layers frozen. All epochs measure on the training and the
 * validation photos too; that through the network which counts is the second, whose photos are decoded already.
 */
export async function catsAndDogs({ nodes, threads }) {
  const title = 'Cats and dogs: 1,000 photos to learn from, 400 to validate, MobileNet × 0.75, a new last layer';
  const photos = join(resolve(process.env.FOVEA_SHARED ?? join(root, '../shared/data')), 'images/cats-vs-dogs');
  for (const path of [photos, join(photos, '../../weights', WEIGHTS)]) {
    if (!existsSync(path))
      return { title, notes: [`left out: there is no ${path}; FOVEA_SHARED names another folder`] };
  }
  if (!existsSync(join(root, 'dist/cli/main.js'))) return { title, notes: ['left out: run npm run build first'] };
  const measured = [];
  for (const { path, version } of nodes) {
    const folder = await mkdtemp(join(tmpdir(), 'fovea-cats-'));
    try {
      const cached = await finetune(path, photos, folder, 'cached', threads, []);
      const whole = await finetune(path, photos, folder, 'whole', threads, ['--features', 'off', '--epochs', '2']);
      const { measure, wholeNetworkDifference, engine, seconds } = cached.report;
      const onFeatures = median(cached.epochs);
      const throughNetwork = whole.epochs[1];
      measured.push({
        ...{ node: version, engine, accuracy: measure.accuracy, interval: measure.interval, seconds: cached.seconds },
        ...{ parts: seconds, epochOnFeatures: onFeatures, epochThroughNetwork: throughNetwork },
        ...{ ratio: throughNetwork / onFeatures, wholeNetworkDifference },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const met = (one) => one.accuracy >= TARGETS.accuracy && one.seconds < TARGETS.seconds && one.ratio >= TARGETS.ratio;
  return {
    title,
    rows: measured.map((one) => ({
      Node: one.node,
      accuracy: `${round(100 * one.accuracy, 2)} % (≥ ${100 * TARGETS.accuracy})`,
      's, photos to result': `${round(one.seconds, 1)} (< ${TARGETS.seconds})`,
      's, epoch on features': round(one.epochOnFeatures, 3),
      's, through the network': round(one.epochThroughNetwork, 1),
      'times faster': `${round(one.ratio, 0)} (≥ ${TARGETS.ratio})`,
      met: met(one) ? 'yes' : 'no',
    })),
    measured,
  };
}
