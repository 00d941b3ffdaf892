import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { type Activation, activate, activationOption } from './activations.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { onlyInput } from './shapes.js';

export interface ActivationOptions extends LayerOptions {
  readonly activation: Activation;
}

const entries = { activation: activationOption() };

export class ActivationLayer extends ConfiguredLayer<typeof entries> {
  constructor(options: ActivationOptions) {
    super('activation', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    return onlyInput(this, inputShapes);
  }

  call([x]: readonly [Value]): Value {
    return activate(x, this.options.activation);
  }
}

/** An activation as a layer of its own, by name: `activation('relu')`. Any shape → the same. Keras's Activation. */
export function activation(activation: Activation | ActivationOptions, options: LayerOptions = {}): ActivationLayer {
  const isOptions = typeof activation === 'object' && 'activation' in activation;
  return new ActivationLayer(isOptions ? activation : { ...options, activation });
}
