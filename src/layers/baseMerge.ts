import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { broadcastShapes, formatShape, type Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';

/** What add and multiply share: two or more inputs, combined element by element. */
export abstract class BaseMerge extends ConfiguredLayer<Record<never, never>> {
  readonly #op: 'add' | 'multiply';

  constructor(op: 'add' | 'multiply', options: LayerOptions) {
    super(op, {}, options);
    this.#op = op;
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    checkSeveral(this.where, inputShapes);
    return inputShapes.reduce((shape, next) => {
      const joined = shape.length === next.length ? broadcastShapes(shape, next) : undefined;
      if (joined !== undefined) return joined;
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'the inputs must have the same shape; a size of 1 is repeated',
        received: inputShapes.map(formatShape).join(' and '),
        data: { inputShapes },
      });
    });
  }

  call(inputs: readonly Value[]): Value {
    return inputs.reduce((sum, x) => x.graph.emit(this.#op, [sum, x], {})[0]);
  }
}

/** Throws unless there are at least two inputs. */
export function checkSeveral(where: string, inputShapes: readonly Shape[]): void {
  if (inputShapes.length >= 2) return;
  throw new FoveaError('shape', {
    where,
    rule: 'takes at least 2 inputs',
    received: `${inputShapes.length}`,
    remedy: 'Apply it to a list: layer.apply([a, b])',
  });
}
