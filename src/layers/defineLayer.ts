import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { JsonObject } from './json.js';
import type { CallContext, Layer, LayerOptions, WeightSpec } from './layer.js';
import type { Entries } from './options.js';

/** What a layer of one's own may use while it emits its ops: its weights go by name. */
export interface DefinedContext extends Omit<CallContext, 'weight'> {
  weight(name: string): Value;
}

/** A layer of one's own. */
export interface LayerDefinition<C extends JsonObject> {
  /** Names the kind of layer in files and messages: `squeezeExcite`. */
  readonly type: string;
  /** The layer's options with their defaults; plain JSON. */
  readonly config?: C;
  /** Shape of the output for one example, without the batch axis. @default that of the first input */
  readonly outputShape?: (inputShapes: readonly Shape[], config: C) => Shape;
  /** The weights for inputs of these shapes. @default none */
  readonly weights?: (inputShapes: readonly Shape[], config: C) => readonly WeightSpec[];
  /** Emits ops; values have the batch axis. The gradient comes from the ops by itself. */
  readonly call: (inputs: readonly Value[], context: DefinedContext, config: C) => Value;
}

/** Makes layers of one kind; pass it as `custom` where models that hold such layers are loaded. */
export interface DefinedLayerFactory<C extends JsonObject> {
  readonly type: string;
  (options?: Partial<C> & LayerOptions): Layer;
}

/**
 * Defines a kind of layer from ops: `const double = defineLayer({ type: 'double', call: ([x]) => add(x, x) })`. Gives a
 * factory that takes the options listed in `config` and those of every layer.
 */
export function defineLayer<C extends JsonObject = Record<string, never>>(
  definition: LayerDefinition<C>,
): DefinedLayerFactory<C> {
  const { type, config = {} as C } = definition;
  if (!/^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(type)) {
    throw new FoveaError('option', {
      where: 'defineLayer',
      rule: 'type must begin with a letter, followed by at most 99 letters, digits or _',
      received: JSON.stringify(type),
    });
  }
  const entries: Entries = Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, v.optional(sameKind(value), value)]),
  );

  class DefinedLayer extends ConfiguredLayer<Entries> {
    constructor(options: unknown) {
      super(type, entries, options);
    }

    outputShape(inputShapes: readonly Shape[]): Shape {
      if (definition.outputShape !== undefined) return definition.outputShape(inputShapes, this.options as C);
      return inputShapes[0] ?? [];
    }

    protected override weightSpecs(inputShapes: readonly Shape[]): readonly WeightSpec[] {
      return definition.weights?.(inputShapes, this.options as C) ?? [];
    }

    call(inputs: readonly Value[], context: CallContext): Value {
      const named: DefinedContext = { ...context, weight: (name) => this.weight(context, name) };
      return definition.call(inputs, named, this.options as C);
    }
  }

  const factory = (options: Partial<C> & LayerOptions = {}): Layer => new DefinedLayer(options);
  return Object.assign(factory, { type });
}

/** Accepts what is of the same kind as a default: a number for a number, a list for a list. */
function sameKind(value: unknown) {
  const kind = kindOf(value);
  return v.custom<unknown>((given) => kindOf(given) === kind, `must be a ${kind}`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return value === null ? 'null' : typeof value;
}
