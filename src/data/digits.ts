import { FoveaError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import type { Dataset } from './dataset.js';
import { DigitHand } from './digitHand.js';
import { DIGIT_SIDE } from './digitPen.js';
import { checkIndices } from './indices.js';
import { scalePixels } from './pixelDataset.js';

export interface DigitsOptions {
  /** Number of training examples. @default 60000 */
  readonly train?: number;
  /** Number of test examples, written by other hands. @default 10000 */
  readonly test?: number;
  /** Whole number of at least 0; another seed gives other digits. @default 0 */
  readonly seed?: number;
}

const PICTURE = DIGIT_SIDE * DIGIT_SIDE;

/**
 * Handwritten digits without a file: 28×28 grey-scale pictures `[28, 28, 1]`, 0 paper to 1 ink, of the classes 0 to 9, in the
 * manner of MNIST. An example is a function of (seed, split, index), so a smaller set is the beginning of a larger one.
 * Each is drawn when it is first asked for and kept as bytes.
 */
export function digits(options: DigitsOptions = {}): { train: Dataset; test: Dataset } {
  const seed = checkWhole('seed', options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER);
  return {
    train: digitSplit(new DigitHand(seed, 'train'), checkWhole('train', options.train ?? 60_000, 1, 10_000_000)),
    test: digitSplit(new DigitHand(seed, 'test'), checkWhole('test', options.test ?? 10_000, 1, 10_000_000)),
  };
}

function digitSplit(hand: DigitHand, size: number): Dataset {
  const pixels = new Uint8Array(size * PICTURE);
  const drawn = new Uint8Array(size);
  const labels = Int32Array.from({ length: size }, (_, index) => hand.label(index));
  return {
    size,
    inputShape: [DIGIT_SIDE, DIGIT_SIDE, 1],
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    labels,
    batch(indices) {
      checkIndices('digits', indices, size);
      const n = indices.length;
      const x = new Float32Array(n * PICTURE);
      for (const [i, index] of indices.entries()) {
        if (drawn[index] === 0) {
          hand.draw(index, pixels, index * PICTURE);
          drawn[index] = 1;
        }
        scalePixels(pixels, index * PICTURE, x, i * PICTURE, PICTURE);
      }
      return {
        x: new Tensor<'float32'>(x, [n, DIGIT_SIDE, DIGIT_SIDE, 1]),
        y: new Tensor<'int32'>(
          Int32Array.from(indices, (index) => labels[index] as number),
          [n],
        ),
      };
    },
  };
}

function checkWhole(option: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new FoveaError('option', {
    where: `digits, option "${option}"`,
    rule: `it must be a whole number from ${least} to ${most}`,
    received: String(value),
  });
}
