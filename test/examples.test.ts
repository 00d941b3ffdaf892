import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** The programs in examples/ do what they say, and the README shows one of them. */

const folder = new URL('../examples/', import.meta.url);
const read = (path: string | URL) => readFileSync(path, 'utf8');
/** Programs: those that lie in the folder, and the one that gives each folder in it its name. */
const programs = readdirSync(folder, { withFileTypes: true }).map((entry) =>
  entry.isDirectory() ? `${entry.name}/ladder.mjs` : entry.name,
);

describe('examples', { timeout: 120_000 }, () => {
  const lines: unknown[][] = [];

  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => void lines.push(args));
  });

  afterEach(() => void vi.restoreAllMocks());

  const run = async (name: string): Promise<void> => void (await import(fileURLToPath(new URL(name, folder))));

  test('trainDigits.mjs', async () => {
    await run('trainDigits.mjs');
    const [[, losses], [, accuracy]] = lines as [[string, number[]], [string, number]];
    expect(losses).toHaveLength(5);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(lines[2]?.[0]).toMatch(/^the first test digit is a (\d); the model says \1$/);
  });

  test('ownLayer.mjs', async () => {
    await run('ownLayer.mjs');
    const [[, losses], [last]] = lines as [[string, number[]], [string]];
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
    expect(last).toBe('the loaded copy predicts the same');
  });

  test('resume.mjs', async () => {
    await run('resume.mjs');
    expect(lines.flat()).toEqual([
      'aborted after 50 steps',
      'resumed, and ended after 80 steps',
      'loaded "resumed once" with 25450 parameters',
      'the weights are the same, bit for bit',
    ]);
  });

  test('mnist-ladder/ladder.mjs, on a few drawn digits', async () => {
    const out = mkdtempSync(join(tmpdir(), 'fovea-ladder-'));
    const { argv } = process;
    const rungs = 'linear,cnn-both,ensemble';
    const size = [
      '--drawn',
      '--examples',
      '400',
      '--epochs',
      '2',
      '--members',
      '2',
      '--threads',
      '2',
      '--rungs',
      rungs,
    ];
    process.argv = [...argv.slice(0, 2), ...size, '--out', out];
    try {
      await run('mnist-ladder/ladder.mjs');
      const results = JSON.parse(read(join(out, 'results.json')));
      expect(results.rungs.map(({ name }: { name: string }) => name)).toEqual(rungs.split(','));
      expect(results.data).toEqual({ name: 'drawn digits', train: 360, valid: 40, test: 200 });
      const [linear, , together] = results.rungs;
      expect(linear.parameters).toBe(7850);
      expect(linear.testAccuracy).toBeGreaterThan(0.1);
      expect(together.members).toHaveLength(2);
      expect(readdirSync(out).sort()).toEqual([
        'cnn-both-0.safetensors',
        'cnn-both-1.safetensors',
        'linear-0.safetensors',
        'results.json',
      ]);
    } finally {
      process.argv = argv;
      rmSync(out, { recursive: true });
    }
  });

  test('handmadeFilters.mjs', async () => {
    await run('handmadeFilters.mjs');
    expect(lines).toHaveLength(10);
    for (const [line] of lines.slice(8)) {
      const [, right, total] = /(\d+) of (\d+) right/.exec(line as string) ?? [];
      expect(Number(right) / Number(total)).toBeGreaterThan(0.8);
    }
  });

  test('softmax.mjs', async () => {
    await run('softmax.mjs');
    const [softmax, proportion, , shifted] = lines.map(([, numbers]) => numbers as string);
    expect(softmax).toBe('  0.0136  0.0969  0.3858  0.0418  0.4619');
    expect(proportion).toContain('-');
    expect(shifted).toBe(softmax);
  });

  test('shapes.mjs', async () => {
    await run('shapes.mjs');
    expect(lines).toEqual([
      ['28 × 28 × 1 → 30 × 30 × 1 → 28 × 28 × 12', 120, 'numbers to learn'],
      ['28 × 28 × 1 → 784 → 9408 → 28 × 28 × 12', 7_385_280, 'numbers to learn'],
    ]);
  });

  test('every one of them is tested here', () => {
    const tested = [...read(fileURLToPath(import.meta.url)).matchAll(/run\('([\w./-]+)'\)/g)].map(([, name]) => name);
    expect(tested.sort()).toEqual([...programs].sort());
  });
});

test('what the README shows stands in an example', () => {
  const examples = programs.map((name) => read(new URL(name, folder)));
  const blocks = [...read(new URL('../README.md', import.meta.url)).matchAll(/```js\n([\s\S]*?)```/g)];
  expect(blocks.length).toBeGreaterThan(0);
  for (const [, code = ''] of blocks)
    expect(
      examples.some((example) => example.includes(code)),
      code,
    ).toBe(true);
});
