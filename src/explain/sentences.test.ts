import { describe, expect, test } from 'vitest';
import type { Attribution, AttributionMethod } from './maps/attribution.js';
import { rangeOf } from './maps/attribution.js';
import { mapSentence, neighborSentence } from './sentences.js';

const names = (index: number): string => ['cat', 'dog'][index] ?? '';

function map(method: AttributionMethod, cells: readonly number[], signed = false): Attribution {
  const values = Float32Array.from(cells);
  const target = { kind: 'margin', class: 0, over: 1 } as const;
  const about = { method, height: 3, width: 3, values, signed, range: rangeOf(values), place: 'input' } as const;
  return { ...about, target, targetValue: 2, parameters: {} };
}

describe('what a map says', () => {
  test('class maps speak for a class and against it, each where it is strongest', () => {
    const said = mapSentence(map('integratedGradients', [0, 0, 3, 0, 0, 0, -1, 0, 0], true), names);
    expect(said).toBe(
      'Strongest for cat rather than dog at the upper right, 3.00; strongest against it at the lower left, −1.00; 25.0 % of all evidence is against.',
    );
    const other = mapSentence(map('integratedGradients', [0, 0, 0, 0, 3, 0, 0, 0, 0], true), names);
    expect(other).toBe('Strongest for cat rather than dog in the middle, 3.00.');
  });

  test('of evidence against alone, and of none, no place is named', () => {
    expect(mapSentence(map('hiResCam', [-1, -2, -1, -1, -1, -1, -1, -1, -1], true), names)).toBe(
      'Nothing in the photo speaks for cat rather than dog; all evidence is against it.',
    );
    expect(mapSentence(map('gradCam', new Array(9).fill(0)), names)).toBe(
      'Nothing in the photo speaks for cat rather than dog: the map is empty.',
    );
  });

  test.each(['deconvnet', 'guided'] as const)('%s speaks for no class', (method) => {
    expect(mapSentence(map(method, [0, 0, 0, 0, 0, 0, 0, 0.5, 0]), names)).toBe(
      'The signal is largest at the bottom, 0.50.',
    );
    expect(mapSentence(map(method, new Array(9).fill(0)), names)).toMatch(/No signal comes back.*empty/);
  });

  test.each(['saliency', 'smoothGrad'] as const)('%s says where a change would matter, not which way', (method) => {
    expect(mapSentence(map(method, [0.2, 0, 0, 0, 0, 0, 0, 0, 0]), names)).toBe(
      'The effect on cat rather than dog of a small change is largest at the upper left, 0.20.',
    );
  });
});

test('a photo that is among the training photos is named as such', () => {
  const found = [0.99999, 0.8].map((similarity) => ({ label: 'cat', similarity }));
  expect(neighborSentence(found, 'cat')).toMatch(/2 are cat; .*cosine 1\.00, the photo itself or a copy of it\.$/);
  expect(neighborSentence(found.slice(1), 'dog')).toMatch(/0 are dog; the nearest is cat, cosine 0\.80\.$/);
});
