import { describe, expect, test } from 'vitest';
import { augmentationFromText, augmentationPresets } from './presets.js';
import { augmentationQuestions } from './questions.js';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const ask = (text: string, classNames: readonly string[]) =>
  augmentationQuestions(augmentationFromText(text), { classNames });

describe('unwise choices are questioned', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['flipHorizontal', digits, /no such signs/],
    ['course', ['a', 'b', 'c'], /b and d/],
    ['flipVertical', digits, /6 and 9/],
    ['rotation=180', digits, /a 6 is a 9/],
    ['rotation=40', ['1', '7'], /1 and 7/],
    ['photos', ['texting left', 'texting right', 'radio'], /"texting left" looks like "texting right"/],
    ['flipHorizontal', ['RightTurn', 'LeftTurn'], /"RightTurn" looks like "LeftTurn"/],
    ['flipVertical', ['dog', 'cat'], /ever show "dog" upside down/],
    ['rotation=90', ['dog', 'cat'], /ever turned by 90/],
    ['trivial', ['dog', 'cat'], /turned by 135/],
    ['hue=30', ['red apple', 'green apple'], /"red apple" is named by its color/],
  ])('%s for %j', (text, classes, message) => {
    expect(ask(text, classes)).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, readonly string[]]>([
    ['photos', ['dog', 'cat']],
    ['digits', digits],
    ['sided', ['texting left', 'texting right']],
    ['above', ['aerial forest', 'aerial town']],
    ['brightness=0.3', ['red apple', 'green apple']],
    ['flipHorizontal=0', digits],
  ])('%s for %j is fine', (text, classes) => {
    expect(ask(text, classes)).toEqual([]);
  });
});

describe('augmentationFromText', () => {
  test('names with strengths, presets and JSON', () => {
    const config = augmentationFromText('rotation=15, flipHorizontal,mixup=0.3, blur=2').config();
    expect(config).toEqual({
      type: 'transforms',
      transforms: [{ type: 'rotation', degrees: 15 }, { type: 'flipHorizontal' }, { type: 'blur', sigma: [0, 2] }],
      mixup: { alpha: 0.3 },
    });
    expect(augmentationFromText(JSON.stringify(config)).config()).toEqual(config);
    for (const { name, build } of augmentationPresets)
      expect(augmentationFromText(name).config()).toEqual(build().config());
  });

  test.each<[string, RegExp]>([
    ['rotatoin', /Did you mean "rotation"/],
    ['foto', /photos/],
    ['rotation=far', /rotation=15/],
    ['rotation=-5', /two ends/],
    ['trivialAugment=3', /no strength/],
    ['{"type":', /no JSON/],
    ['{"type":"x"}', /whose type is/],
    ['', /no such preset/],
  ])('%j is an error', (text, message) => {
    expect(() => augmentationFromText(text)).toThrow(message);
  });
});
