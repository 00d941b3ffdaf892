import { arrayDataset } from '../../data/arrayDataset.js';
import type { Dataset } from '../../data/dataset.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';

/** Three clouds of points in four dimensions, class i around the unit vector i. */
export function clouds(size: number, seed = 1): Dataset {
  const random = new RandomStream(seed, 'clouds');
  const labels = Int32Array.from({ length: size }, (_, i) => i % 3);
  const x = new Float32Array(size * 4);
  for (let i = 0; i < x.length; i++) x[i] = 0.4 * random.normal() + (labels[i >> 2] === i % 4 ? 1 : 0);
  return arrayDataset(new Tensor(x, [size, 4]), new Tensor(labels, [size]));
}

/** Numbers of a batch's weights as bits, so that NaN and −0 count as well. */
export function bits(tensors: readonly Tensor<'float32'>[]): number[][] {
  return tensors.map(({ data }) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)]);
}
