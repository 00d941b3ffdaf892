import { expect, test } from 'vitest';
import { advise } from '../../report/coach/advise.js';
import type { Predictions } from '../../report/predictions.js';
import { suspectedLabels } from '../../report/suspectedLabels.js';
import { RandomStream } from '../../tensor/random.js';
import type { EpochRecord } from '../../train/history.js';
import { reportPage } from './reportPage.js';

const random = new RandomStream(1, 'page');
const classNames = ['<script>alert(1)</script>', 'b & c', 'plain'];
const labels = Int32Array.from({ length: 90 }, (_, i) => i % 3);
const predictions: Predictions = {
  ...{ classNames, labels, indices: Uint32Array.from(labels, (_, i) => i) },
  names: [...labels.keys()].map((i) => `"><img src=x>/photo ${i}.jpg`),
  probabilities: Float32Array.from(
    [...labels].flatMap((label) => {
      const row = [0, 1, 2].map((c) => Math.exp(random.normal() + (c === label ? 2 : 0)));
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map((p) => p / sum);
    }),
  ),
};
const epochs = [0.9, 0.6, 0.5].map(
  (loss, epoch): EpochRecord => ({
    ...{ epoch, step: epoch, seconds: 1, learningRate: 0.01 },
    logs: { loss, accuracy: 0.6, trainLoss: loss, trainAccuracy: 0.8, valLoss: loss, valAccuracy: 0.7 },
  }),
);
const setup = { epochs: 3, learningRate: 0.01, dropout: 0, weightDecay: 0, augmented: false } as const;
const advice = advise({
  ...{ history: epochs, training: predictions, validation: predictions, classCounts: [30, 30, 30] },
  setup: { ...setup, batchNormalization: false, learns: undefined },
});

const page = () =>
  reportPage({
    ...{ title: 'pets & more', predictions, examples: 'validation photos', advice, nextCommand: "fovea train 'a<b'" },
    stages: [{ epochs }],
    suspects: suspectedLabels(predictions),
    configuration: [['folder', '/tmp/<b>']],
    leftOut: [{ file: 'x<y.jpg', message: 'broken' }],
    picture: async () => ({ bytes: Uint8Array.of(1, 2, 3), type: 'image/jpeg', width: 10, height: 20 }),
    madeBy: 'Made by Fovea',
  });

test('one file that loads nothing, in which names stand for themselves', async () => {
  const text = await page();
  expect(text.replaceAll('http://www.w3.org/2000/svg', '').match(/<script|<img src=x|<b>|a<b|https?:/g)).toBeNull();
  expect(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;')).toBe(true);
  // Pictures lie in the page, and nothing else is named by address than places in it.
  expect([...text.matchAll(/(?:src|href)="([^"]*)"/g)].every(([, to]) => /^(data:image\/jpeg|#)/.test(to ?? ''))).toBe(
    true,
  );
});

test('cells of the matrix lead to pictures that are there', async () => {
  const text = await page();
  const targets = [...text.matchAll(/href="#(cell-[^"]*)"/g)].map(([, id]) => id);
  expect(targets.length).toBeGreaterThan(2);
  expect(targets.filter((id) => !text.includes(`id="${id}"`))).toEqual([]);
});

test('all that was asked for is there, and the same each time', async () => {
  const text = await page();
  for (const title of [
    'What the coach says',
    'Learning curves',
    'Each class',
    'What is taken for what',
    'Top losses',
  ]) {
    expect(text.includes(`>${title}</h2>`), title).toBe(true);
  }
  for (const id of [
    'wrong',
    'right',
    'surest-wrong',
    'surest-right',
    'least-certain',
    'calibration',
    'configuration',
  ]) {
    expect(text.includes(`<section id="${id}"`), id).toBe(true);
  }
  expect(text.slice(0, 9000)).toMatch(/One photo is 1\.1 points/);
  expect((await page()) === text).toBe(true);
});

test('without pictures, curves and advice it is a page too', async () => {
  const text = await reportPage({ title: 't', predictions, examples: 'examples', configuration: [], madeBy: 'x' });
  expect(text.includes('<img') || text.includes('Learning curves')).toBe(false);
});
