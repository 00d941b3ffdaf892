import { expect, test } from 'vitest';
import type { Dataset } from '../data/dataset.js';
import { subset } from '../data/subset.js';
import { Tensor } from '../tensor/tensor.js';
import { datasetBatches } from './batches.js';

test('a data set is told of the three batches after the one that is asked for, also through a subset', async () => {
  const told: number[][] = [];
  const dataset: Dataset = {
    size: 20,
    inputShape: [1],
    batch: (indices) => ({
      x: new Tensor<'float32'>(Float32Array.from(indices), [indices.length, 1]),
      y: new Tensor<'int32'>(new Int32Array(indices.length), [indices.length]),
    }),
    expect: (indices) => void told.push([...indices]),
  };
  const even = subset(dataset, [0, 2, 4, 6, 8, 10, 12, 14, 16]);
  const batches = datasetBatches(even, Uint32Array.of(8, 7, 6, 5, 4, 3, 2, 1, 0), 2);
  const seen: number[][] = [];
  for (let batch = await batches.next(); batch !== undefined; batch = await batches.next())
    seen.push([...batch.x.data]);
  expect(seen).toEqual([[16, 14], [12, 10], [8, 6], [4, 2], [0]]);
  expect(told).toEqual([[12, 10, 8, 6, 4, 2], [8, 6, 4, 2, 0], [4, 2, 0], [0], []]);
});
