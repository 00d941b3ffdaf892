import type { Value } from '../ops/graph.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { onlyInput } from './shapes.js';

export class Flatten extends ConfiguredLayer<Record<never, never>> {
  constructor(options: LayerOptions = {}) {
    super('flatten', {}, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    return [sizeOf(onlyInput(this, inputShapes))];
  }

  call([x]: readonly [Value]): Value {
    const n = x.shape[0] as number;
    return x.graph.emit('reshape', [x], { shape: [n, sizeOf(x.shape) / n] })[0];
  }
}

/** All axes but the batch as one, rows of an image first, channels last. Shapes: [n, h, w, c] → [n, h · w · c]. */
export function flatten(options: LayerOptions = {}): Flatten {
  return new Flatten(options);
}
