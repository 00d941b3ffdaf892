import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { layerTypes } from '../src/layers/registry.js';
import { renewFeatures } from './features/sections.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(`${root}FEATURES.md`, 'utf8');

test('FEATURES.md is what `node scripts/features.mjs` makes of it', () => {
  expect(renewFeatures(text, root)).toBe(text);
});

test('FEATURES.md has a row for every layer', () => {
  const named = new Set([...text.matchAll(/^\| ((?:`\w+`(?:, )?)+)/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g)));
  expect(Object.keys(layerTypes).filter((type) => !named.has(type))).toEqual([]);
});
