import { BaseActivation } from './baseActivation.js';
import type { LayerOptions } from './layer.js';

/** The activations that have no options of their own. */
type PlainActivation = 'relu6' | 'silu' | 'sigmoid' | 'tanh' | 'softplus';

abstract class Plain<T extends PlainActivation> extends BaseActivation<Record<never, never>> {
  readonly #type: T;

  constructor(type: T, options: LayerOptions) {
    super(type, {}, options);
    this.#type = type;
  }

  protected get activation() {
    return { type: this.#type };
  }
}

export class Relu6 extends Plain<'relu6'> {
  constructor(options: LayerOptions = {}) {
    super('relu6', options);
  }
}

/** min(6, max(0, x)). Any shape → the same. */
export function relu6(options: LayerOptions = {}): Relu6 {
  return new Relu6(options);
}

export class Silu extends Plain<'silu'> {
  constructor(options: LayerOptions = {}) {
    super('silu', options);
  }
}

/** x · sigmoid(x), also called swish. Any shape → the same. */
export function silu(options: LayerOptions = {}): Silu {
  return new Silu(options);
}

export class Sigmoid extends Plain<'sigmoid'> {
  constructor(options: LayerOptions = {}) {
    super('sigmoid', options);
  }
}

/** 1 / (1 + exp(−x)). Any shape → the same. */
export function sigmoid(options: LayerOptions = {}): Sigmoid {
  return new Sigmoid(options);
}

export class Tanh extends Plain<'tanh'> {
  constructor(options: LayerOptions = {}) {
    super('tanh', options);
  }
}

/** The hyperbolic tangent. Any shape → the same. */
export function tanh(options: LayerOptions = {}): Tanh {
  return new Tanh(options);
}

export class Softplus extends Plain<'softplus'> {
  constructor(options: LayerOptions = {}) {
    super('softplus', options);
  }
}

/** log(1 + exp(x)). Any shape → the same. */
export function softplus(options: LayerOptions = {}): Softplus {
  return new Softplus(options);
}
