import { expect, test } from 'vitest';
import { parseClassNames } from './classNames.js';

test.each([
  ['Keras', '{"1": ["n01443537", "goldfish"], "0": ["n01440764", "tench"]}'],
  ['Caffe', 'n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\n'],
])('%s', (_, text) => {
  expect(parseClassNames(text, 'a file')).toEqual(['tench', 'goldfish']);
});

test.each(['', '{', '{}', '{"0": "tench"}', '{"1": ["n01440764", "tench"]}', 'tench', 'n01440764 tench\nnothing'])(
  'refuses %j',
  (text) => {
    expect(() => parseClassNames(text, 'a file')).toThrow(/^a file: the names of classes must be/);
  },
);
