import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture } from './testing/captured.js';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-cli-'));
  run = join(folder, 'run');
  const tiny = [
    '--train-size',
    '400',
    '--test-size',
    '50',
    '--model',
    'linear',
    '--epochs',
    '3',
    '--engine',
    'reference',
  ];
  expect((await capture(['train', 'digits', ...tiny, '--run', run])).code).toBe(0);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const reference = ['--engine', 'reference'];

describe('help', () => {
  test.each([
    [[]],
    [['train']],
    [['evaluate']],
    [['predict']],
    [['summary']],
    [['finetune']],
    [['features']],
    [['convert']],
    [['weights']],
    [['coach']],
    [['filters']],
    [['workbook']],
    [['lesson']],
  ])('%j', async (command) => {
    const { code, out, err } = await capture([...command, '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(command.length === 0 ? /Begin with:/ : /Examples:/);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('version', async () => {
    expect(await capture(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
  });

  test('an unknown command', async () => {
    const { code, err } = await capture(['trian']);
    expect([code, err]).toEqual([2, expect.stringContaining('Did you mean train?')]);
  });
});

describe('evaluate', () => {
  test('text', async () => {
    const { code, out } = await capture(['evaluate', run, ...reference]);
    expect(code).toBe(0);
    expect(out).toMatch(/model\.safetensors on the test examples of digits\n\d+\.\d\d % of 50 right \(95 % interval/);
    expect(out).toMatch(/^class {2}examples {2}precision +\(95 %\) +recall +\(95 %\) +F1$/m);
    expect(out).toContain('Rows are true classes, columns what they were taken for:');
    expect(out).not.toContain('\u001b');
  });

  test('JSON: counts that agree with each other', async () => {
    const { out } = await capture(['evaluate', join(run, 'model.safetensors'), '--json', ...reference]);
    const result = JSON.parse(out) as {
      accuracy: number;
      correct: number;
      examples: number;
      confusion: number[][];
      interval: { low: number; high: number };
      wrong: unknown[];
    };
    const diagonal = result.confusion.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
    expect(result.examples).toBe(50);
    expect(result.confusion.flat().reduce((a, b) => a + b)).toBe(50);
    expect([result.correct, result.accuracy]).toEqual([diagonal, diagonal / 50]);
    expect(result.wrong).toHaveLength(50 - diagonal);
    expect(result.interval.low).toBeLessThan(result.accuracy);
    expect(result.interval.high).toBeGreaterThan(result.accuracy);
  });

  test('other examples of the same data', async () => {
    const { out } = await capture(['evaluate', run, '--test-size', '70', ...reference]);
    expect(out).toContain('of 70 right');
    const { out: training } = await capture(['evaluate', run, '--split', 'train', ...reference]);
    expect(training).toContain('on the training examples of digits\n');
    expect(training).toContain('of 400 right');
  });

  test.each<[string, string[], RegExp]>([
    ['no such file', ['nothing.safetensors'], /cannot be read: there is no such file/],
    ['a name', ['cnn'], /a network by its name has no weights yet/],
    ['no model', ['package.json'], /a configuration has no weights/],
  ])('%s', async (_, args, message) => {
    const { code, err } = await capture(['evaluate', ...args]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('predict', () => {
  /** Two pictures of 28×28 bytes. */
  const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28, ...new Uint8Array(2 * 784).fill(99));

  test('the data that it was trained on', async () => {
    const { code, out } = await capture(['predict', run, '--limit', '3', ...reference]);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(out).toMatch(/^digits\[0\] +\d +\d+\.\d %/);
  });

  test('an idx file as CSV', async () => {
    const path = join(folder, 'two.idx');
    await writeFile(path, idx);
    const { out } = await capture(['predict', run, path, '--format', 'csv', '--top', '2', ...reference]);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe('source,example,class,probability,class_2,probability_2');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/two\.idx,1,\d,0\.\d+,\d,0\.\d+$/);
  });

  test('JSON Lines', async () => {
    const { out } = await capture(['predict', run, '--limit', '2', '--json', ...reference]);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual(
      [0, 1].map((example) => ({
        source: 'digits',
        example,
        class: expect.stringMatching(/^\d$/),
        probability: expect.any(Number),
        truth: expect.stringMatching(/^\d$/),
      })),
    );
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'picture.png',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10),
      /only idx files can be read\. Received a PNG picture/,
    ],
    [
      'small.idx',
      Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7),
      /the model takes pictures \[28, 28, 1\]/,
    ],
    ['labels.idx', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7), /which look like labels/],
    ['text.idx', new TextEncoder().encode('hello'), /an idx file begins with two zero bytes/],
  ])('%s', async (name, bytes, message) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const { code, err } = await capture(['predict', run, path, ...reference]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('summary', () => {
  test.each([
    ['linear', '7,850'],
    ['mlp', '407,050'],
    ['cnn', '594,922'],
    ['cnn-bn', '601,578'],
  ])('%s', async (name, parameters) => {
    const { code, out } = await capture(['summary', name]);
    expect([code, out]).toEqual([0, expect.stringContaining(`Total params: ${parameters} (`)]);
  });

  test('costs, as data', async () => {
    const { out } = await capture(['summary', run, '--cost', '--batch-size', '2', '--json']);
    expect(JSON.parse(out)).toMatchObject({ parameters: { total: 7850 }, cost: { macs: 2 * 7840 }, batchSize: 2 });
  });

  test('--training without --plan', async () => {
    const { code, err } = await capture(['summary', 'cnn', '--training']);
    expect([code, err]).toEqual([2, expect.stringContaining("needs the option '--plan'")]);
  });
});
