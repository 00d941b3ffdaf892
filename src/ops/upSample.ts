import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkRank, float32 } from './checks.js';
import { type NumberArray, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';
import { type Pair, pair, type Size2d } from './windows.js';

/** How pixels between the given ones are found. */
export type Interpolation = 'nearest' | 'bilinear';

export interface UpSampleAttributes {
  /** Whole factors by which height and width grow. */
  readonly size: Pair;
  readonly interpolation: Interpolation;
}

export interface UpSampleOptions {
  /** Whole factors by which height and width grow. */
  readonly size: Size2d;
  /** Repeat pixels, or blend the four nearest by distance. @default 'nearest' */
  readonly interpolation?: Interpolation;
}

/**
 * Enlarges images by whole factors. Bilinear takes pixel centres at half pixels and repeats the border, as Keras's
 * UpSampling2D and TensorFlow 2's resize.
 *
 * Shapes: x [n, h, w, c] → [n, h · size[0], w · size[1], c].
 * @throws FoveaError `option` where a factor is not a whole number of at least 1.
 */
export function upSample(x: Value, options: UpSampleOptions): Value {
  const size = pair('upSample', 'size', options.size);
  return x.graph.emit('upSample', [x], { size, interpolation: options.interpolation ?? 'nearest' })[0];
}

export const upSampleOp: OpDefinition<UpSampleAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkDType(where, 'input', x, 'float32');
    checkRank(where, 'input', x, 4, '[n, h, w, c]');
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const [fy, fx] = pair(where, 'size', attributes.size);
    return [float32([n, h * fy, w * fx, c])];
  },
  gradient: ({ graph, dy, attributes }) => [graph.emit('upSampleGradient', [dy[0] as Value], attributes)[0]],
  cost: ({ inputs, attributes }, outputs) => ({
    flops: tapFlops(attributes) * sizeOf((outputs[0] as TensorSpec).shape),
    bytes: trafficBytes(inputs, outputs),
  }),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const x = inputs[0] as NumberArray;
    const y = outputs[0] as NumberArray;
    eachTap(inputShapes[0] as Shape, attributes, (xi, yi, weight) => {
      y[yi] = (y[yi] as number) + weight * (x[xi] as number);
    });
  },
};

/** dy [n, oh, ow, c] → dx [n, oh / size[0], ow / size[1], c]. */
export const upSampleGradientOp: OpDefinition<UpSampleAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const dy = inputs[0] as TensorSpec;
    checkDType(where, 'output gradient', dy, 'float32');
    checkRank(where, 'output gradient', dy, 4, '[n, oh, ow, c]');
    const [n, oh, ow, c] = dy.shape as [number, number, number, number];
    const [fy, fx] = pair(where, 'size', attributes.size);
    if (oh % fy !== 0 || ow % fx !== 0) {
      throw new FoveaError('shape', {
        where,
        rule: `height and width must be multiples of the factors ${fy} and ${fx}`,
        received: `output gradient ${formatShape(dy.shape)}`,
        data: { shape: dy.shape, size: attributes.size },
      });
    }
    return [float32([n, oh / fy, ow / fx, c])];
  },
  gradient: ({ graph, dy, attributes }) => [graph.emit('upSample', [dy[0] as Value], attributes)[0]],
  cost: ({ inputs, attributes }, outputs) => ({
    flops: Math.max(1, tapFlops(attributes)) * sizeOf((inputs[0] as TensorSpec).shape),
    bytes: trafficBytes(inputs, outputs),
  }),
  define: ({ inputs, outputs, outputShapes, attributes }) => {
    const dy = inputs[0] as NumberArray;
    const dx = outputs[0] as NumberArray;
    eachTap(outputShapes[0] as Shape, attributes, (xi, yi, weight) => {
      dx[xi] = (dx[xi] as number) + weight * (dy[yi] as number);
    });
  },
};

/** A row or column of the small image and how much of it goes into one of the large image. */
interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** Calls `visit` with the flat index in the small image, that in the large one, and the weight between them. */
function eachTap(
  small: Shape,
  { size, interpolation }: UpSampleAttributes,
  visit: (x: number, y: number, weight: number) => void,
): void {
  const [n, h, w, c] = small as [number, number, number, number];
  const rows = tapsAlong(h, size[0], interpolation);
  const columns = tapsAlong(w, size[1], interpolation);
  for (let image = 0; image < n; image++) {
    rows.forEach((rowTaps, oy) => {
      columns.forEach((columnTaps, ox) => {
        for (const row of rowTaps) {
          for (const column of columnTaps) {
            const x = ((image * h + row.index) * w + column.index) * c;
            const y = ((image * rows.length + oy) * columns.length + ox) * c;
            for (let channel = 0; channel < c; channel++) visit(x + channel, y + channel, row.weight * column.weight);
          }
        }
      });
    });
  }
}

/** For each position along an axis that grows from n to n · factor, the one or two positions it is made of. */
function tapsAlong(n: number, factor: number, interpolation: Interpolation): Tap[][] {
  return Array.from({ length: n * factor }, (_, o) => {
    if (interpolation === 'nearest') return [{ index: Math.floor(o / factor), weight: 1 }];
    const centre = (o + 0.5) / factor - 0.5;
    const lower = Math.floor(centre);
    const share = centre - lower;
    return [
      { index: Math.max(0, lower), weight: 1 - share },
      { index: Math.min(n - 1, lower + 1), weight: share },
    ];
  });
}

function tapFlops({ interpolation }: UpSampleAttributes): number {
  return interpolation === 'nearest' ? 0 : 8;
}
