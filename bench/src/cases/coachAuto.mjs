import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from '../tools/paths.mjs';
import { round } from '../tools/stats.mjs';

/** Photos of each class to learn from. */
const PHOTOS = 60;
const BUDGET = '4m';

/**
 * `fovea finetune --coach auto` on few cats and dogs: the first 60 of each class (by an order that is mixed, but always the same)
 * are learned from, the folder's 400 validation photos choose, and the other 880 photos, which no run has seen, measure.
 */
export async function coachAuto({ nodes: [node], threads }) {
  const title = `The coach takes its steps: cats and dogs, ${PHOTOS} photos of each to learn from, a budget of ${BUDGET}`;
  const shared = resolve(process.env.FOVEA_SHARED ?? join(root, '../shared/data'));
  const photos = join(shared, 'images/cats-vs-dogs');
  if (!existsSync(photos))
    return { title, notes: [`left out: there is no ${photos}; FOVEA_SHARED names another folder`] };
  const folder = await mkdtemp(join(tmpdir(), 'fovea-coach-'));
  try {
    const list = join(folder, 'photos.csv');
    await writeFile(list, await listOf(photos));
    const { runs, best, gain, failed, measuredOn } = await finetune(node.path, list, folder, shared, threads);
    const bounds = ({ low, high }, unit, digits) => `${round(unit * low, digits)} to ${round(unit * high, digits)}`;
    const measured = runs.map(({ run, ...one }) => ({ ...one, best: run === best }));
    return {
      title,
      rows: measured.map((one, i) => ({
        run: `${i + 1}${one.best ? ' (best)' : ''}`,
        change: one.change,
        finding: one.finding,
        'right of 880': `${round(100 * one.accuracy, 2)} % (${bounds(one.interval, 100, 2)})`,
        loss: `${round(one.loss, 4)}`,
        s: `${round(one.seconds, 0)}`,
      })),
      notes: [
        `From the first run to the best, on ${measuredOn} photos, paired, 95 % intervals: ${round(100 * gain.accuracy.value, 2)} points of accuracy (${bounds(gain.accuracy.interval, 100, 2)}), loss ${round(gain.loss.value, 4)} (${bounds(gain.loss.interval, 1, 4)}).`,
        ...failed.map((text) => `not done: ${text}`),
      ],
      measured: { node: node.version, runs: measured, gain, measuredOn, failed },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function listOf(photos) {
  const lines = ['path,label,split'];
  for (const label of ['cats', 'dogs']) {
    const names = (await readdir(join(photos, 'train', label))).sort();
    // A walk with a step that has no divisor in common with their number meets each once.
    const mixed = names.map((_, i) => names[(i * 179) % names.length]);
    if (new Set(mixed).size !== names.length) throw new Error(`${names.length} photos cannot be mixed in steps of 179`);
    mixed.forEach((name, i) => {
      lines.push(`${join(photos, 'train', label, name)},${label},${i < PHOTOS ? 'train' : 'test'}`);
    });
    for (const name of (await readdir(join(photos, 'valid', label))).sort()) {
      lines.push(`${join(photos, 'valid', label, name)},${label},valid`);
    }
  }
  return `${lines.join('\n')}\n`;
}

async function finetune(node, list, folder, shared, threads) {
  const args = ['finetune', list, '--run', join(folder, 'runs/run'), '--coach', 'auto', '--budget', BUDGET, '--json'];
  const env = { ...process.env, FOVEA_CACHE: join(folder, 'cache'), FOVEA_WEIGHTS: join(shared, 'weights') };
  const child = spawn(node, [join(root, 'dist/cli/main.js'), ...args, '--threads', `${threads}`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  const [code] = await once(child, 'exit');
  const last = output
    .split('\n')
    .filter((line) => line.includes('"event":"coachAuto"'))
    .at(-1);
  if (code !== 0 || last === undefined) throw new Error(`fovea finetune ended with ${code}: ${errors}`);
  return JSON.parse(last);
}
