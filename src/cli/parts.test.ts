import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { tensor } from '../tensor/tensor.js';
import { exitCodeOf } from './exitCode.js';
import { clock, columns, duration, shellWord } from './format.js';
import { distance, sizeOrShare, wholeNumber } from './optionValues.js';
import { drawPictures, picturesPerLine } from './pictures.js';
import { barLine } from './progressBar.js';
import { checkRoom, usualRunFolder } from './train/runFolder.js';

test('times', () => {
  expect([7, 75.4, 3729].map(clock)).toEqual(['0:07', '1:15', '1:02:09']);
  expect([7, 125].map(duration)).toEqual(['7.0 s', '2 min 5 s']);
});

test('columns', () => {
  expect(
    columns(
      [
        ['a', '1'],
        ['bcd', '22'],
      ],
      new Set([1]),
    ),
  ).toEqual(['a     1', 'bcd  22']);
});

test.each([
  ['runs/a-b', 'runs/a-b'],
  ["it's here", "'it'\\''s here'"],
])('shellWord %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
});

describe('barLine', () => {
  test.each([
    [40, 'epoch 1 ━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ after'],
    [24, 'epoch 1 ━━━━━╌╌╌╌╌ after'],
    [14, 'epoch 1 after'],
    [9, 'epoch 1 a'],
  ])('%i columns', (width, line) => {
    expect(barLine('epoch 1', 0.5, 'after', width)).toBe(line);
  });
});

test('values of options', () => {
  expect(['1e3', '60_000', '60,000'].map(wholeNumber())).toEqual([1000, 60_000, 60_000]);
  expect(['0', '0.25', '5000'].map(sizeOrShare())).toEqual([0, 0.25, 5000]);
  expect(['30s', '2m', '500'].map(distance())).toEqual([
    { everySeconds: 30 },
    { everySeconds: 120 },
    { everySteps: 500 },
  ]);
  for (const text of ['', '1.5', '-1', 'x', '1e99']) expect(() => wholeNumber()(text)).toThrow(/whole number/);
  for (const text of ['0', '3h', 's', '1.5']) expect(() => distance()(text)).toThrow(/30s/);
});

describe('pictures', () => {
  // A diagonal: 4 × 4 pixels are 2 characters in one line.
  const x = tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [1, 4, 4, 1]);

  test('as dots', () => {
    // Dots 1 and 5 of the first sign, 3 and 8 of the second.
    expect(drawPictures({ color: false }, { x }, [['7', 'no']])).toEqual(['⠑⢄', '7', 'no']);
  });

  test('as shades', () => {
    expect(drawPictures({ color: true }, { x }, [])).toEqual([
      '\u001b[38;5;245;48;5;232m▀\u001b[38;5;232;48;5;245m▀\u001b[0m',
    ]);
  });

  test('how many fit', () => {
    expect([10, 80, 100].map((width) => picturesPerLine(28, width))).toEqual([1, 5, 6]);
  });
});

test('usualRunFolder', () => {
  expect(usualRunFolder(new Date(2026, 0, 31), 'Fashion-MNIST', 'cnn')).toBe('runs/2026-01-31-Fashion-MNIST-cnn');
  expect(usualRunFolder(new Date(2026, 0, 31), '../my data/', 'net')).toBe('runs/2026-01-31-my-data-net');
});

test('a disk without room is a failure, and no mistake of the person', async () => {
  await checkRoom('.', 1);
  const error: unknown = await checkRoom('.', 1e18).catch((caught: unknown) => caught);
  expect((error as FoveaError).message).toMatch(
    /need 1000000000000\.0 MB\. Received .* free on this disk\. Free some space/,
  );
  expect(exitCodeOf(error, { signal: new AbortController().signal })).toBe(1);
});

test.each<[ConstructorParameters<typeof FoveaError>[0], number]>([
  ['option', 2],
  ['data', 2],
  ['file', 2],
  ['numeric', 1],
  ['network', 1],
  ['aborted', 130],
])('exit code of %s', (code, exit) => {
  expect(exitCodeOf(new FoveaError(code, { where: 'x', rule: 'y' }), { signal: AbortSignal.abort('SIGINT') })).toBe(
    exit,
  );
});
