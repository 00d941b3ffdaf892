import { FoveaError } from '../tensor/errors.js';
import { checkShape, formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { checkedPicture, copiedPixels, inTurn } from './changedPicture.js';
import type { Dataset } from './dataset.js';
import { checkIndices } from './indices.js';
import { checkLabels } from './labels.js';
import type { PictureChange } from './picture.js';

export interface PixelDatasetOptions {
  /** `[n, h, w, c]` row-major, 0..255. */
  readonly pixels: Uint8Array;
  readonly shape: Shape;
  /** One class index for each picture. */
  readonly labels: Int32Array | Uint8Array;
  readonly classNames?: readonly string[];
  readonly numClasses?: number;
}

/** Pictures kept as bytes and turned into float32 0..1 batch by batch: a quarter of the memory. */
export function pixelDataset(options: PixelDatasetOptions): Dataset {
  const where = 'pixelDataset';
  const { pixels, shape, classNames } = options;
  checkShape(where, shape);
  const size = shape[0] as number;
  if (shape.length !== 4 || pixels.length !== sizeOf(shape) || options.labels.length !== size) {
    throw new FoveaError('shape', {
      where,
      rule: 'pictures are [n, h, w, c] with one byte an element and one label a picture',
      received: `shape ${formatShape(shape)}, ${pixels.length} bytes, ${options.labels.length} labels`,
      data: { shape, bytes: pixels.length, labels: options.labels.length },
    });
  }
  checkLabels(where, options.labels, options);
  const labels = Int32Array.from(options.labels);
  const inputShape = shape.slice(1);
  const pictureSize = sizeOf(inputShape);
  const [height, width, channels] = inputShape as [number, number, number];
  const withChange = (change: PictureChange | undefined): Dataset => ({
    size,
    inputShape,
    labels,
    ...(classNames === undefined ? {} : { classNames }),
    withPictures: (next) => withChange(inTurn(change, next)),
    batch(indices, epoch) {
      checkIndices(where, indices, size);
      const x = new Float32Array(indices.length * pictureSize);
      for (const [i, index] of indices.entries()) {
        if (change === undefined) {
          scalePixels(pixels, index * pictureSize, x, i * pictureSize, pictureSize);
          continue;
        }
        const data = copiedPixels(pixels.subarray(index * pictureSize, (index + 1) * pictureSize));
        const changed = checkedPicture(where, change({ data, height, width, channels }, index, epoch), inputShape);
        if (changed.data instanceof Float32Array) x.set(changed.data, i * pictureSize);
        else scalePixels(changed.data, 0, x, i * pictureSize, pictureSize);
      }
      return {
        x: new Tensor<'float32'>(x, [indices.length, ...inputShape]),
        y: new Tensor<'int32'>(
          Int32Array.from(indices, (i) => labels[i] as number),
          [indices.length],
        ),
      };
    },
  });
  return withChange(undefined);
}

/** Copies `count` bytes as float32, 0..255 becoming 0..1. */
export function scalePixels(from: Uint8Array, fromAt: number, to: Float32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = (from[fromAt + i] as number) / 255;
}
