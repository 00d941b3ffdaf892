import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { capture, events } from '../testing/captured.js';

test('fovea lesson: a page and sentences with the same numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-lesson-'));
  const out = join(folder, 'lesson.html');
  const sizes = ['--train-size', '600', '--test-size', '200'];
  const { code, out: text } = await capture(['lesson', ...sizes, '--out', out]);
  expect(code).toBe(0);
  expect(text).toContain('takes 7,385,280 numbers with a dense layer, 120 with filters');
  expect(text).toContain('picture 28 × 28 × 1, with zeros around 30 × 30 × 1, after twelve 3 × 3 filters 28 × 28 × 12');
  const again = await capture(['lesson', ...sizes, '--out', out]);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
  const [facts] = events(await capture(['lesson', ...sizes, '--out', out, '--force', '--json'])) as [
    { results: { digit: number; right: number; total: number }[]; movedDifference: number },
  ];
  expect(facts.movedDifference).toBe(0);
  const page = await readFile(out, 'utf8');
  for (const { digit, right, total } of facts.results) {
    // Far better than chance, on digits that no template was made from.
    expect(right / total).toBeGreaterThan(0.65);
    expect(text).toContain(`of ${total} other ${digit}s, ${right} were called ${digit}`);
    expect(page).toContain(`<td class="number">${right}</td>`);
  }
  expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
  await rm(folder, { recursive: true });
});
