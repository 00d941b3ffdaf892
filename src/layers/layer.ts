import type { Graph, Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Variable } from '../tensor/variable.js';
import { type Constraint, constrain } from './constraints.js';
import { type Initializer, initialize } from './initializers.js';
import type { JsonObject } from './json.js';
import { LayerOutput } from './layerOutput.js';
import { penalty, type Regularizer } from './regularizers.js';

/** Options that every layer takes. */
export interface LayerOptions {
  /** Unique within a model; made from the type where it is left out: `conv2d`, `conv2d_1`. */
  readonly name?: string;
  /** Whether the layer's weights learn. @default true */
  readonly trainable?: boolean;
  /** Shape of one example, without the batch axis; for the first layer of a sequential model. */
  readonly inputShape?: Shape;
}

/** Numbers that a layer owns. */
export interface Weight {
  /** Keras's name within the layer: `kernel`, `bias`, `gamma`, `movingMean` … */
  readonly name: string;
  readonly variable: Variable;
  /** Learned by gradient (true), or measured while training (false), as running means are. */
  readonly learned: boolean;
  /** Adds the penalty of this weight to the loss: [shape of the weight] → [1]. */
  readonly regularizer?: (w: Value) => Value;
  /** What the weight is put back to after each step. */
  readonly constraint?: (w: Value) => Value;
}

/** A weight before it is made. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** @default true */
  readonly learned?: boolean;
  readonly regularizer?: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
}

/** What a layer may use while it emits its ops. */
export interface CallContext {
  readonly graph: Graph;
  /** True while training: dropout drops, batch normalization uses the batch's statistics. */
  readonly training: boolean;
  /** Present values of a weight. */
  weight(variable: Variable): Value;
  /** A number [1] that is read anew before every run, so that a change takes effect at the next step. */
  scalar(name: string, read: () => number): Value;
  /** The key of this step's random draws, int32 [3]: seed (low, high) and step. */
  random(): Value;
  /** Gives a weight a new value at the end of a training step; `value` is called in the update phase. */
  update(variable: Variable, value: () => Value): void;
  /** Adds a number [1] to the loss. */
  addLoss(value: Value): void;
}

/**
 * One piece of a network: an immutable description (its configuration is JSON) plus named weights. Shapes leave the
 * batch axis out, except in `call`, where every value has it.
 */
export abstract class Layer {
  /** The kind of layer, Keras's name in camelCase: `conv2d`. */
  readonly type: string;
  /** Read at every step: a change takes effect on the next one. */
  trainable: boolean;
  /** The `inputShape` option, as it was given. */
  readonly givenInputShape: Shape | undefined;
  #name: string | undefined;
  #weights: readonly Weight[] | undefined;
  #inputShapes: readonly Shape[] | undefined;

  constructor(type: string, options: LayerOptions) {
    this.type = type;
    this.#name = options.name;
    this.trainable = options.trainable ?? true;
    this.givenInputShape = options.inputShape;
  }

  /** Shape of the output for one example; throws where the inputs do not fit the layer. */
  abstract outputShape(inputShapes: readonly Shape[]): Shape;

  /** Emits the layer's ops. */
  abstract call(inputs: readonly Value[], context: CallContext): Value;

  /** The options that would build this layer again, without its weights. */
  abstract config(): JsonObject;

  /** The weights that the layer needs for inputs that it accepts, learned ones first. */
  protected weightSpecs(_inputShapes: readonly Shape[]): readonly WeightSpec[] {
    return [];
  }

  /** The given name, or the one that a model gave; the type before there is either. */
  get name(): string {
    return this.#name ?? this.type;
  }

  get named(): boolean {
    return this.#name !== undefined;
  }

  /** Names a layer that has no name yet; done by the first model that holds it. */
  giveName(name: string): void {
    this.#name ??= name;
  }

  /** How messages name the layer: `conv2d "block1_conv1"`. */
  get where(): string {
    return this.named ? `${this.type} "${this.name}"` : this.type;
  }

  /** Applies the layer to the output of another one, or of several. @throws FoveaError where shapes do not fit. */
  apply(input: LayerOutput | readonly LayerOutput[]): LayerOutput {
    const inputs: readonly LayerOutput[] = input instanceof LayerOutput ? [input] : [...input];
    return new LayerOutput(this, inputs, this.outputShape(inputs.map((one) => one.shape)));
  }

  /**
   * Makes the weights once the inputs' shapes are known. Building again for inputs that the weights fit does nothing.
   *
   * @throws FoveaError `shape` where the weights were made for other inputs.
   */
  build(inputShapes: readonly Shape[], seed: number): void {
    this.outputShape(inputShapes);
    const specs = this.weightSpecs(inputShapes);
    if (this.#weights !== undefined) {
      this.#checkFit(specs, inputShapes);
      return;
    }
    this.#inputShapes = inputShapes;
    this.#weights = specs.map((spec) => makeWeight(spec, this.name, seed));
  }

  get built(): boolean {
    return this.#weights !== undefined;
  }

  /** Shapes that the layer was built for. */
  get inputShapes(): readonly Shape[] | undefined {
    return this.#inputShapes;
  }

  /** All weights in Keras's order: learned ones first, then measured ones; empty before the layer is built. */
  get weights(): readonly Weight[] {
    return this.#weights ?? [];
  }

  /** Copies of the present values, in the order of {@link weights}. */
  async getWeights(): Promise<Tensor<'float32'>[]> {
    return Promise.all(this.weights.map(async ({ variable }) => new Tensor(await variable.read(), variable.shape)));
  }

  /** Replaces all weights; nothing changes where one of them does not fit. @throws FoveaError `shape`. */
  async setWeights(tensors: readonly Tensor[]): Promise<void> {
    checkWeights(this.where, this.weights, tensors);
    for (const [i, { variable }] of this.weights.entries()) {
      await variable.write((tensors[i] as Tensor<'float32'>).data);
    }
  }

  /** A layer of the same options, with weights of its own once it is built. */
  copy(): Layer {
    const Same = this.constructor as new (options: JsonObject) => Layer;
    return new Same({ ...this.config(), name: this.name });
  }

  /** The values of one of this layer's weights while it emits its ops. */
  protected weight(context: CallContext, name: string): Value {
    const weight = this.weights.find((one) => one.name === name);
    if (weight === undefined) {
      throw new FoveaError('name', {
        where: this.where,
        rule: `there is no weight "${name}"`,
        remedy: this.built
          ? suggestName(
              name,
              this.weights.map((one) => one.name),
            )
          : 'Put the layer into a model first',
      });
    }
    return context.weight(weight.variable);
  }

  #checkFit(specs: readonly WeightSpec[], inputShapes: readonly Shape[]): void {
    const fits = specs.every(({ shape }, i) => sameShape(shape, this.weights[i]?.variable.shape ?? []));
    if (fits && specs.length === this.weights.length) return;
    const before = this.#inputShapes?.[0] ?? [];
    const now = inputShapes[0] ?? [];
    const channels = before.length === 3 && now.length === 3;
    throw new FoveaError('shape', {
      where: this.where,
      rule: channels
        ? `the input has ${now[2]} channels, the filters expect ${before[2]}`
        : 'its weights were made for an input of another shape',
      received: `input ${formatShape(now)}, built for ${formatShape(before)}`,
      remedy: `${now[2] === 4 && before[2] === 3 ? 'Drop the alpha channel, or make' : 'Make'} a new layer for this input`,
      data: { inputShapes, builtFor: this.#inputShapes },
    });
  }
}

/** Throws unless there is one float32 tensor of the right shape for each weight. */
export function checkWeights(where: string, weights: readonly Weight[], tensors: readonly Tensor[]): void {
  if (tensors.length !== weights.length) {
    throw new FoveaError('shape', {
      where,
      rule: `has ${weights.length} weights`,
      received: `${tensors.length} tensors`,
      data: { expected: weights.length, received: tensors.length },
    });
  }
  for (const [i, { variable }] of weights.entries()) {
    const given = tensors[i] as Tensor;
    if (given.dtype !== 'float32') {
      throw new FoveaError('dtype', { where: variable.name, rule: 'a weight is float32', received: given.dtype });
    }
    if (!sameShape(given.shape, variable.shape)) {
      throw new FoveaError('shape', {
        where,
        rule: `weight number ${i}, "${variable.name}", has the shape ${formatShape(variable.shape)}`,
        received: formatShape(given.shape),
        data: { name: variable.name, expected: variable.shape, received: given.shape },
      });
    }
  }
}

function makeWeight(spec: WeightSpec, layer: string, seed: number): Weight {
  const { name, shape, initializer, learned = true, regularizer, constraint } = spec;
  const path = `${layer}/${name}`;
  return {
    name,
    variable: new Variable(path, shape, () => initialize(initializer, shape, seed, path)),
    learned,
    ...(regularizer === undefined ? {} : { regularizer: (w: Value) => penalty(w, regularizer) }),
    ...(constraint === undefined ? {} : { constraint: (w: Value) => constrain(w, constraint) }),
  };
}
