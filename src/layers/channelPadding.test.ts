import { expect, test } from 'vitest';
import { tensor } from '../tensor/tensor.js';
import { modelOf, run } from '../testing/runModel.js';
import { channelPadding } from './channelPadding.js';

test('zeros before and after the channels of each pixel', async () => {
  const net = modelOf(channelPadding({ before: 1, after: 2 }), [[1, 2, 2]]);
  const [y] = await run(net, [
    tensor([
      [
        [
          [5, 6],
          [7, 8],
        ],
      ],
    ]),
  ]);
  expect(y?.shape).toEqual([1, 1, 2, 5]);
  expect([...(y?.data ?? [])]).toEqual([0, 5, 6, 0, 0, 0, 7, 8, 0, 0]);
});
