import { expect, test } from 'vitest';
import { capture } from '../testing/captured.js';

test('vgg16, without its weights in memory', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const { code, out } = await capture(['summary', 'vgg16']);
  expect([code, out]).toEqual([0, expect.stringMatching(/Total params: 138,357,544/)]);
  expect(out).toContain('block5_conv3');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
});

test('as Keras 1 printed it', async () => {
  const { code, out } = await capture(['summary', 'VGG16', '--style', 'keras1']);
  expect(code).toBe(0);
  const [rule = '', head = ''] = out.split('\n');
  expect(rule).toBe('_'.repeat(100));
  expect(head).toBe(
    'Layer (type)                     Output Shape          Param #     Connected to                     ',
  );
  expect(out).toContain('Total params: 138,357,544\nTrainable params: 138,357,544\nNon-trainable params: 0\n');
});

test('plan and facts of a network of the zoo', async () => {
  const { code, out } = await capture(['summary', 'squeezenet1.1', '--plan', '--cost', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ name: 'squeezenet1_1' });
});

test.each([
  ['vgg61', [], /there is no network of this name, and no file.*Did you mean "vgg16"/],
  ['vgg16', ['--style', 'keras2'], /keras1/],
  ['vgg16', ['--style', 'keras1', '--json'], /cannot go with '--json'/],
])('%s %j', async (word, options, message) => {
  const { code, err } = await capture(['summary', word, ...options]);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});
