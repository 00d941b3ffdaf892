import { RandomStream } from '../../tensor/random.js';
import type { NetworkDescription, NetworkStep } from './networkDescription.js';

/** Numbers of the example: two filters, two filters over both of their maps, and a weight for every pooled value. */
export interface ExampleNumbers {
  /** Two filters [3, 3]. */
  readonly first: readonly (readonly (readonly number[])[])[];
  /** Two filters, each [2, 3, 3]: one part for each map. */
  readonly second: readonly (readonly (readonly (readonly number[])[])[])[];
  /** A weight for every pooled value: [2, 12, 12]. */
  readonly dense: readonly (readonly (readonly number[])[])[];
}

/**
 * The network of a lesson's spreadsheet for a digit of 28 × 28 pixels: two 3 × 3 filters, two more over both maps, 2 × 2
 * max-pooling, and one activation from all that is left. Without biases and ReLU.
 */
export function exampleNetwork({ first, second, dense }: ExampleNumbers): NetworkDescription {
  const convolution = (name: string, cIn: number, filters: ExampleNumbers['second']): NetworkStep => ({
    kind: 'convolution',
    name,
    // [3, 3, cIn, 2]
    kernel: Array.from({ length: 9 * cIn * 2 }, (_, at) => {
      const [output, input, place] = [at % 2, Math.floor(at / 2) % cIn, Math.floor(at / 2 / cIn)];
      return filters[output]?.[input]?.[Math.floor(place / 3)]?.[place % 3] as number;
    }),
    kernelShape: [3, 3, cIn, 2],
    strides: [1, 1],
    activation: 'linear',
  });
  return {
    name: 'Two convolutions, max-pooling and one activation',
    inputShape: [28, 28, 1],
    steps: [
      convolution(
        'conv 1',
        1,
        first.map((filter) => [filter]),
      ),
      convolution('conv 2', 2, second),
      { kind: 'pooling', name: 'max-pooling', function: 'MAX', size: [2, 2], strides: [2, 2] },
      {
        kind: 'dense',
        name: 'dense',
        kernel: Array.from({ length: 288 }, (_, at) => {
          const place = Math.floor(at / 2);
          return dense[at % 2]?.[Math.floor(place / 12)]?.[place % 12] as number;
        }),
        units: 1,
        activation: 'linear',
      },
    ],
    softmax: false,
  };
}

/** Numbers from 0 to 1 drawn for a seed, as the filters of an untrained network are. */
export function randomExample(seed = 0): ExampleNumbers {
  const stream = new RandomStream(seed, 'workbook example');
  const list = <T>(n: number, one: () => T): T[] => Array.from({ length: n }, one);
  const filter = () => list(3, () => list(3, () => stream.uniform()));
  return {
    first: list(2, filter),
    second: list(2, () => list(2, filter)),
    dense: list(2, () => list(12, () => list(12, () => stream.uniform()))),
  };
}
