import { FoveaError } from '../tensor/errors.js';
import { type DType, formatShape, type Shape, sameShape, type TensorSpec } from '../tensor/shape.js';
import type { Variable } from '../tensor/variable.js';
import type { OpDefinition } from './definition.js';
import type { AttributesOf, OpName, OpTable } from './table.js';

/** Where a value comes from. */
export type ValueSource =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'variable'; readonly variable: Variable }
  | { readonly kind: 'node'; readonly node: Node; readonly output: number };

/** An array in the graph: known shape, no numbers yet. */
export interface Value extends TensorSpec {
  readonly id: number;
  readonly graph: Graph;
  readonly source: ValueSource;
}

/** When a node runs: updates of variables come last and are left out where the guard finds the loss not finite. */
export type Phase = 'forward' | 'backward' | 'update';

/** One op with its inputs and outputs. */
export interface Node<K extends OpName = OpName> {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: AttributesOf<K>;
  /** Name of the layer that emitted it, for messages and the printed plan; '' outside a layer. */
  readonly scope: string;
  readonly phase: Phase;
}

/** A variable that takes a new value at the end of a run. */
export interface Assignment {
  readonly variable: Value;
  readonly value: Value;
}

/**
 * A directed acyclic graph of ops with static shapes, in the order in which they were emitted (which is an order in
 * which they can run). Everything is appended; passes that remove or merge build a new list of nodes.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Value>();
  readonly variables = new Map<Variable, Value>();
  readonly outputs = new Map<string, Value>();
  readonly assignments: Assignment[] = [];
  /** A single number; where it is NaN or infinite, the run stops before the update phase. */
  guard: Value | undefined;

  readonly table: OpTable;
  #nextValue = 0;
  #scope = '';
  #phase: Phase = 'forward';

  constructor(table: OpTable) {
    this.table = table;
  }

  /** An array that the caller gives at every run. The same name again returns the same value. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    const known = this.inputs.get(name);
    if (known !== undefined) {
      if (sameShape(known.shape, shape) && known.dtype === dtype) return known;
      throw new FoveaError('shape', {
        where: `input "${name}"`,
        rule: 'one graph uses this input with two shapes',
        received: `${formatShape(known.shape)} and ${formatShape(shape)}`,
      });
    }
    const value = this.#value(shape, dtype, { kind: 'input', name });
    this.inputs.set(name, value);
    return value;
  }

  /** The present values of a variable. */
  variable(variable: Variable): Value {
    let value = this.variables.get(variable);
    if (value === undefined) {
      value = this.#value(variable.shape, 'float32', { kind: 'variable', variable });
      this.variables.set(variable, value);
    }
    return value;
  }

  /** Appends an op after checking its inputs by the op's shape rule. */
  emit<K extends OpName>(op: K, inputs: readonly Value[], attributes: AttributesOf<K>): [Value, ...Value[]] {
    const definition = this.definition(op);
    const where = this.#scope === '' ? op : `${op} "${this.#scope}"`;
    for (const input of inputs) {
      if (input.graph !== this) {
        throw new FoveaError('shape', { where, rule: 'an input belongs to another graph' });
      }
    }
    const specs = definition.shape({ inputs, attributes, where });
    const outputs: Value[] = [];
    const node: Node<K> = {
      id: this.nodes.length,
      op,
      inputs: [...inputs],
      outputs,
      attributes,
      scope: this.#scope,
      phase: this.#phase,
    };
    specs.forEach((spec, output) => {
      outputs.push(this.#value(spec.shape, spec.dtype, { kind: 'node', node: node as Node, output }));
    });
    this.nodes.push(node as Node);
    return outputs as [Value, ...Value[]];
  }

  /** The definition of an op, typed by its name. */
  definition<K extends OpName>(op: K): OpDefinition<AttributesOf<K>> {
    return this.table[op] as unknown as OpDefinition<AttributesOf<K>>;
  }

  /** Makes a value readable after a run under a name. */
  output(name: string, value: Value): void {
    this.outputs.set(name, value);
  }

  /** Gives a variable a new value at the end of each run. */
  assign(variable: Variable, value: Value): void {
    const target = this.variable(variable);
    if (!sameShape(variable.shape, value.shape) || value.dtype !== 'float32') {
      throw new FoveaError('shape', {
        where: `variable "${variable.name}"`,
        rule: `its new value must have the shape ${formatShape(variable.shape)}`,
        received: formatShape(value.shape),
      });
    }
    this.assignments.push({ variable: target, value });
  }

  /** Runs `body` with everything it emits marked as belonging to a layer. */
  scope<T>(name: string, body: () => T): T {
    const outer = this.#scope;
    this.#scope = name;
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  /** Runs `body` with everything it emits marked as belonging to a phase. */
  phase<T>(phase: Phase, body: () => T): T {
    const outer = this.#phase;
    this.#phase = phase;
    try {
      return body();
    } finally {
      this.#phase = outer;
    }
  }

  #value(shape: Shape, dtype: DType, source: ValueSource): Value {
    return { id: this.#nextValue++, shape: [...shape], dtype, graph: this, source };
  }
}
