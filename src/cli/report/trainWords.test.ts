import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import { sequential } from '../../model/sequential.js';
import { capture, events } from '../testing/captured.js';
import { readRunConfig } from '../train/runConfig.js';
import { trainWords } from './trainWords.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const reference = ['--engine', 'reference'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea words '));
  const own = sequential([flatten({ inputShape: [28, 28, 1] }), dense({ units: 10, activation: 'softmax' })]);
  await writeFile(at('own net.json'), JSON.stringify(own.toConfig()));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('the command that does a run again', () => {
  test.each<[string, () => string[]]>([
    ['what is usual', () => ['--model', 'linear']],
    [
      'sizes, seed and a network of one’s own',
      () => ['--model', at('own net.json'), '--validation', '7', '--seed', '3'],
    ],
    [
      'how it learns',
      () => [
        ...['--model', 'linear', '--optimizer', 'sgd', '--momentum', '0.5', '--schedule', 'step', '--batch-size', '9'],
        ...['--learning-rate', '0.02', '--clip-norm', '2', '--label-smoothing', '0.1', '--early-stopping', '4'],
      ],
    ],
    [
      'augmentation and weight decay',
      () => [
        ...['--model', 'linear', '--augment', 'digits', '--optimizer', 'adamw', '--weight-decay', '0.02'],
        ...['--schedule', 'one-cycle', '--validation', '0'],
      ],
    ],
    ['a constant learning rate', () => ['--model', 'linear', '--schedule', 'constant', '--optimizer', 'rmsprop']],
    ['one that falls', () => ['--model', 'linear', '--schedule', 'exponential', '--optimizer', 'adamw']],
  ])('%s', async (name, options) => {
    const small = ['--train-size', '40', '--test-size', '10', '--epochs', '1'];
    const train = (words: readonly string[], run: string) => capture([...words, ...reference, '--quiet', '--run', run]);
    const [first, again] = [at(`${name} 1`), at(`${name} 2`)];
    const { code, err } = await train(['train', 'digits', ...small, ...options()], first);
    expect([code, err]).toEqual([0, '']);
    await train(trainWords(await readRunConfig(first), 40), again);
    expect(await readFile(join(again, 'config.json'), 'utf8')).toBe(await readFile(join(first, 'config.json'), 'utf8'));
  });
});

test('against overfitting: more examples, then augmentation that suits digits, then a better network, each as a command', async () => {
  const words = ['train', 'digits', '--train-size', '240', '--test-size', '20', '--model', 'mlp'];
  await capture([...words, '--validation', '120', '--epochs', '8', '--learning-rate', '0.003', '--run', at('over')]);
  const [said] = events(await capture(['coach', at('over'), '--json', ...reference]));
  const { name, steps, next } = said as {
    name: string;
    steps: { action: string; settings: object }[];
    next: string[];
  };
  expect(name).toBe('overfitting');
  expect(steps.slice(0, 3)).toMatchObject([
    { action: 'moreExamples', settings: { trainSize: 480 } },
    { action: 'augment', settings: { augment: 'digits' } },
    { action: 'betterNetwork', settings: { model: 'cnn' } },
  ]);
  expect(next.join(' ')).toMatch(
    /^train digits --model mlp --train-size 480 .*--validation 120 .*--learning-rate 0\.003/,
  );
  // What it says can be done, and after it augmentation is not proposed again.
  const taken = await capture([...next, '--augment', 'digits', '--epochs', '1', '--run', at('taken'), '--json']);
  const advice = events(taken).find(({ event }) => event === 'coach') as typeof said;
  expect(taken.code).toBe(0);
  expect(JSON.stringify(advice)).not.toContain('"action":"augment"');
  expect(advice?.next).toEqual(expect.arrayContaining(['--augment']));
});
