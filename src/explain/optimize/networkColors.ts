import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Inspector } from '../inspector.js';

/** How colors reach a network: the part of a preprocessing that is no matter of size. */
export type ColorRule = Pick<Preprocessing, 'channelOrder' | 'range' | 'mean' | 'standardDeviation'>;

/** Height and width of the pictures that a model takes. @throws FoveaError `shape` for one that does not take color pictures. */
export function colorShape(inspector: Inspector): readonly [height: number, width: number] {
  const shape = inspector.shapeAt('input');
  const [height, width, channels] = shape;
  if (height !== undefined && width !== undefined && channels === 3) return [height, width];
  throw new FoveaError('shape', {
    where: `model "${inspector.model.name}"`,
    rule: 'pictures can be made for networks that take color pictures [h, w, 3]',
    received: formatShape(shape),
  });
}

/** RGB 0 to 1 as a network takes it, and gradients back. */
export class NetworkColors {
  readonly #from: readonly number[];
  readonly #factor: readonly number[];
  readonly #offset: readonly number[];

  constructor({ channelOrder, range: [black, white], mean, standardDeviation }: ColorRule) {
    this.#from = channelOrder === 'bgr' ? [2, 1, 0] : [0, 1, 2];
    this.#factor = standardDeviation.map((deviation) => (white - black) / deviation);
    this.#offset = standardDeviation.map((deviation, c) => (black - (mean[c] as number)) / deviation);
  }

  toNetwork(image: ArrayLike<number>): Float32Array {
    return Float32Array.from({ length: image.length }, (_, i) => {
      const c = i % 3;
      return (
        (image[i - c + (this.#from[c] as number)] as number) * (this.#factor[c] as number) + (this.#offset[c] as number)
      );
    });
  }

  gradient(byInput: ArrayLike<number>): Float64Array {
    const gradient = new Float64Array(byInput.length);
    for (let i = 0; i < byInput.length; i++) {
      const c = i % 3;
      gradient[i - c + (this.#from[c] as number)] = (byInput[i] as number) * (this.#factor[c] as number);
    }
    return gradient;
  }
}
