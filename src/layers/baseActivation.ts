import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { type ActivationSpec, activate } from './activations.js';
import { ConfiguredLayer } from './configured.js';
import type { Entries } from './options.js';
import { onlyInput } from './shapes.js';

/** What the named activations share: one activation with the layer's options, any shape → the same. */
export abstract class BaseActivation<E extends Entries> extends ConfiguredLayer<E> {
  protected abstract readonly activation: ActivationSpec;

  outputShape(inputShapes: readonly Shape[]): Shape {
    return onlyInput(this, inputShapes);
  }

  call([x]: readonly [Value]): Value {
    return activate(x, this.activation);
  }
}
