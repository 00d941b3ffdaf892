import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { biasSpecs, finish } from './bias.js';
import { ConfiguredLayer } from './configured.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, whole } from './options.js';
import { type KernelOptions, kernelEntries } from './parameters.js';
import { onlyInput } from './shapes.js';

export interface DenseOptions extends KernelOptions, LayerOptions {
  /** Number of outputs. */
  readonly units: number;
}

const entries = { ...kernelEntries, units: whole() } satisfies EntriesOf<DenseOptions, keyof LayerOptions>;

export class Dense extends ConfiguredLayer<typeof entries> {
  constructor(options: DenseOptions) {
    super('dense', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    if (shape.length === 0) {
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'the input must have at least 1 axis besides the batch',
        received: formatShape(shape),
      });
    }
    return [...shape.slice(0, -1), this.options.units];
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { units, kernelInitializer, kernelRegularizer, kernelConstraint } = this.options;
    return [
      {
        name: 'kernel',
        shape: [onlyInput(this, inputShapes).at(-1) as number, units],
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      },
      ...biasSpecs(this.options, units),
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const { graph, shape } = x;
    const { units, activation, useBias } = this.options;
    const inputs = shape.at(-1) as number;
    const rows = [sizeOf(shape) / inputs, inputs];
    const flat = shape.length === 2 ? x : graph.emit('reshape', [x], { shape: rows })[0];
    const attributes = { transposeA: false, transposeB: false, activation: 'linear' as const };
    const [product] = graph.emit('matMul', [flat, this.weight(context, 'kernel')], attributes);
    const y = finish(product, useBias ? this.weight(context, 'bias') : undefined, activation);
    return shape.length === 2 ? y : graph.emit('reshape', [y], { shape: [...shape.slice(0, -1), units] })[0];
  }
}

/**
 * Fully connected layer: x · kernel + bias, then the activation; more than one axis: along the last. Keras's Dense.
 *
 * Shapes: [n, ..., c] → [n, ..., units]. Weights: `kernel` [c, units], `bias` [units].
 */
export function dense(options: DenseOptions): Dense {
  return new Dense(options);
}
