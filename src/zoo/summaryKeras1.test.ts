import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { add } from '../layers/add.js';
import { dense } from '../layers/dense.js';
import { input } from '../layers/input.js';
import { model } from '../model/functional.js';
import { formatSummaryKeras1 } from '../model/summaryKeras1.js';
import { sharedData } from '../testing/sharedData.js';
import { vgg16 } from './vgg.js';

const notes = sharedData('../reference/lesson-3-notes.md');
const oneSpace = (text: string): string => text.replace(/\s+/g, ' ').trim();

// The notes' own table has lost its line breaks and its runs of spaces, and ends before the last rule.
test.skipIf(!existsSync(notes))("the lecture's table of VGG16, skipped without ../shared", () => {
  const text = readFileSync(notes, 'utf8');
  const start = text.indexOf('____');
  const end = text.indexOf('Non-trainable params: 0') + 'Non-trainable params: 0'.length;
  expect(start).toBeGreaterThan(0);
  const table = formatSummaryKeras1(vgg16()).split('\n').slice(0, -1).join('\n');
  expect(oneSpace(table)).toBe(oneSpace(text.slice(start, end)));
});

// Spaces as Keras 1.2.2 puts them: columns end at 33, 55, 67 and 100.
test('lines of VGG16 character for character', () => {
  const lines = formatSummaryKeras1(vgg16()).split('\n');
  const thin = '____________________________________________________________________________________________________';
  const thick = '====================================================================================================';
  expect(lines).toHaveLength(3 + 2 * 23 + 4);
  expect(lines.slice(0, 7)).toEqual([
    thin,
    'Layer (type)                     Output Shape          Param #     Connected to                     ',
    thick,
    'input_1 (InputLayer)             (None, 3, 224, 224)   0                                            ',
    thin,
    'block1_conv1 (Convolution2D)     (None, 64, 224, 224)  1792        input_1[0][0]                    ',
    thin,
  ]);
  expect(lines.slice(-11)).toEqual([
    thin,
    'fc1 (Dense)                      (None, 4096)          102764544   flatten[0][0]                    ',
    thin,
    'fc2 (Dense)                      (None, 4096)          16781312    fc1[0][0]                        ',
    thin,
    'predictions (Dense)              (None, 1000)          4097000     fc2[0][0]                        ',
    thick,
    'Total params: 138,357,544',
    'Trainable params: 138,357,544',
    'Non-trainable params: 0',
    thin,
  ]);
});

test('a long name is cut, further inputs and applications of a layer are shown', () => {
  const x = input([4], { name: 'x' });
  const shared = dense({ units: 4, name: 'a_layer_with_quite_a_long_name_indeed' });
  const once = shared.apply(x);
  const sum = add({ name: 'sum' }).apply([once, shared.apply(once)]);
  const lines = formatSummaryKeras1(model({ inputs: x, outputs: sum })).split('\n');
  expect(lines.filter((line) => !/^[_=]+$/.test(line)).slice(1, -3)).toEqual([
    'x (InputLayer)                   (None, 4)             0                                            ',
    'a_layer_with_quite_a_long_name_i (None, 4)             20          x[0][0]                          ',
    '                                                                   a_layer_with_quite_a_long_name_in',
    'sum (Merge)                      (None, 4)             0           a_layer_with_quite_a_long_name_in',
    '                                                                   a_layer_with_quite_a_long_name_in',
  ]);
});
