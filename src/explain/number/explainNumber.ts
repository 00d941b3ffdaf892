import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model } from '../../model/model.js';
import { Graph, type Node, type Value } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, sameShape, sizeOf, stridesOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { layerModel } from '../layerModel.js';
import { type CellRule, cellRule, type Operand, type Part } from './cellRules.js';

/** One of the numbers that a step is made of. */
export interface NumberTerm {
  /** Where it comes from: `input`, `input 2`, `kernel`, `bias`, or the op of the same layer that made it. */
  readonly from: string;
  /** Its place there, without the batch axis. */
  readonly at: readonly number[];
  readonly x: number;
  /** What it is multiplied by; 1 where it is only added. */
  readonly weight: number;
  /** x · weight: what it adds. */
  readonly product: number;
}

/** What one op of the layer did to arrive at its number. */
export interface NumberStep {
  readonly op: string;
  /**
   * 'sum': the products of the terms add up to the value. 'product': the x of the terms are multiplied. 'maximum': the
   * largest x. 'copy': the x of the only term. 'constant': no terms. 'function': the op's formula on all x.
   */
  readonly kind: CellRule['kind'] | 'batchNormalization';
  readonly terms: readonly NumberTerm[];
  /** Places of the window that lie outside the picture and count nothing. */
  readonly padding: number;
  /** What an op knows besides: γ, β, mean, variance and ε of batch normalization. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly value: number;
}

/** Why a layer's output is this number, from the layer's own inputs and weights. */
export interface NumberExplanation {
  readonly layer: string;
  readonly type: string;
  /** Without the batch axis. */
  readonly at: readonly number[];
  /** In the order in which the layer computes: a convolution, the bias, the activation. */
  readonly steps: readonly NumberStep[];
  readonly value: number;
}

/**
 * The values behind one output of a layer: products, bias, batch normalization, sum. Of any layer that is made of ops of the
 * library, computed in float64 from the inputs that the layer had.
 *
 * @param inputs what the layer was given for one example, each without the batch axis.
 * @param at the place in the output: [y, x, c], or [k] behind a dense layer.
 * @throws FoveaError `shape` where an input does not fit, `option` where the place is not in the output.
 */
export async function explainNumber(
  model: Model,
  layer: string | number,
  inputs: readonly Tensor[],
  at: readonly number[],
): Promise<NumberExplanation> {
  const node = model.layerOutput(layer);
  checkPlace(node, inputs, at);
  const net = layerModel(node);
  const graph = new Graph(opTable);
  const values = inputs.map((x, i) => graph.input(`x${i}`, [1, ...x.shape]));
  const output = net.trace(graph, values, { training: false }).outputs[0] as Value;
  const known = new Map<Value, Known>();
  inputs.forEach((x, i) => {
    known.set(values[i] as Value, {
      data: x.data,
      name: inputs.length === 1 ? 'input' : `input ${i + 1}`,
      batch: true,
    });
  });
  for (const [variable, value] of graph.variables) {
    const name = net.weights.find(({ weight }) => weight.variable === variable)?.weight.name ?? variable.name;
    known.set(value, { data: await variable.read(), name, batch: false });
  }
  const cells = new Cells(known);
  const steps = cells.steps(output, [0, ...at]);
  return {
    layer: node.layer.name,
    type: node.layer.type,
    at,
    steps,
    value: cells.at({ value: output, at: [0, ...at] }),
  };
}

interface Known {
  readonly data: ArrayLike<number>;
  readonly name: string;
  readonly batch: boolean;
}

/** Single numbers of a graph, each worked out when it is asked for. */
class Cells {
  readonly #known: ReadonlyMap<Value, Known>;

  constructor(known: ReadonlyMap<Value, Known>) {
    this.#known = known;
  }

  at({ value, at }: Operand): number {
    const known = this.#known.get(value);
    if (known !== undefined) {
      return known.data[stridesOf(value.shape).reduce((sum, s, axis) => sum + s * (at[axis] as number), 0)] as number;
    }
    return this.#apply(nodeOf(value), at).value;
  }

  /** The step that made a number, after those that made the number it continues from. */
  steps(value: Value, at: readonly number[]): NumberStep[] {
    if (this.#known.has(value)) return [];
    const { step, main } = this.#apply(nodeOf(value), at);
    return [...(main === undefined ? [] : this.steps(main.value, main.at)), step];
  }

  #apply(node: Node, at: readonly number[]): { value: number; step: NumberStep; main: Operand | undefined } {
    if (node.op === 'batchNormalizationInference') return this.#normalized(node as unknown as Normalization, at);
    const rule = cellRule(node, at);
    if (rule === undefined) {
      throw new FoveaError('option', {
        where: node.scope === '' ? node.op : `${node.op} "${node.scope}"`,
        rule: 'there is no rule that explains a number of this op',
        remedy: 'Explain a number of a layer before or after it',
      });
    }
    const operands = operandsOf(rule);
    const terms = this.#terms(rule);
    const value = resultOf(rule, terms, node);
    const step = { op: node.op, kind: rule.kind, terms, padding: 'padding' in rule ? rule.padding : 0, value };
    const made = operands.filter((operand) => !this.#known.has(operand.value));
    return { value, step, main: made.length === 1 ? made[0] : undefined };
  }

  #terms(rule: CellRule): NumberTerm[] {
    if (rule.kind === 'sum') return rule.parts.map((part) => this.#part(part));
    return operandsOf(rule).map((operand) => {
      const x = this.at(operand);
      return { ...this.#place(operand), x, weight: 1, product: x };
    });
  }

  #part({ x, weight, name }: Part): NumberTerm {
    const factor = typeof weight === 'number' ? weight : this.at(weight);
    if (x !== undefined) {
      const number = this.at(x);
      return { ...this.#place(x), x: number, weight: factor, product: number * factor };
    }
    const place = typeof weight === 'number' ? { from: name ?? 'constant', at: [] } : this.#place(weight);
    return { ...place, x: factor, weight: 1, product: factor };
  }

  #place({ value, at }: Operand): { from: string; at: readonly number[] } {
    const known = this.#known.get(value);
    if (known !== undefined) return { from: known.name, at: known.batch ? at.slice(1) : at };
    return { from: nodeOf(value).op, at: value.shape.length > 1 ? at.slice(1) : at };
  }

  #normalized(node: Normalization, at: readonly number[]) {
    const [x, gamma, beta, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
    const channel = [at.at(-1) as number];
    const numbers = {
      gamma: this.at({ value: gamma, at: channel }),
      beta: this.at({ value: beta, at: channel }),
      mean: this.at({ value: mean, at: channel }),
      variance: this.at({ value: variance, at: channel }),
      epsilon: node.attributes.epsilon,
    };
    const factor = numbers.gamma / Math.sqrt(numbers.variance + numbers.epsilon);
    const number = this.at({ value: x, at });
    const terms: NumberTerm[] = [
      { ...this.#place({ value: x, at }), x: number, weight: factor, product: number * factor },
      { from: 'mean', at: channel, x: numbers.mean, weight: -factor, product: -numbers.mean * factor },
      { from: 'beta', at: channel, x: numbers.beta, weight: 1, product: numbers.beta },
    ];
    const value = terms.reduce((sum, { product }) => sum + product, 0);
    const kind = 'batchNormalization' as const;
    const step: NumberStep = { op: node.op, kind, terms, padding: 0, constants: numbers, value };
    return { value, step, main: this.#known.has(x) ? undefined : { value: x, at } };
  }
}

type Normalization = Node<'batchNormalizationInference'>;

function nodeOf(value: Value): Node {
  if (value.source.kind === 'node') return value.source.node;
  throw new RangeError('a number of the graph that nothing makes');
}

function operandsOf(rule: CellRule): readonly Operand[] {
  if (rule.kind === 'sum') return rule.parts.flatMap(({ x }) => (x === undefined ? [] : [x]));
  if (rule.kind === 'copy') return [rule.from];
  return rule.kind === 'constant' ? [] : rule.operands;
}

function resultOf(rule: CellRule, terms: readonly NumberTerm[], node: Node): number {
  switch (rule.kind) {
    case 'sum':
      return terms.reduce((sum, { product }) => sum + product, 0);
    case 'product':
      return terms.reduce((product, { x }) => product * x, 1);
    case 'maximum':
      return terms.reduce((most, { x }) => Math.max(most, x), Number.NEGATIVE_INFINITY);
    case 'copy':
      return (terms[0] as NumberTerm).x;
    case 'constant':
      return rule.value;
    case 'function':
      return define(rule, terms, node);
  }
}

/** Runs the op's definition on the terms alone: as many of them for each input as it has numbers. */
function define(rule: CellRule & { kind: 'function' }, terms: readonly NumberTerm[], node: Node): number {
  const size = sizeOf(rule.shape);
  const shapes = node.inputs.map((_, i) =>
    i === 0 ? rule.shape : rule.shape.slice(rule.shape.findIndex((n) => n !== 1)),
  );
  const inputs = node.inputs.map((_, i) => Float64Array.from(terms.slice(i * size, (i + 1) * size), ({ x }) => x));
  const outputs = node.outputs.map(() => new Float64Array(size));
  const definition = opTable[node.op] as { define: (arrays: unknown) => void };
  definition.define({
    ...{ inputs, outputs, inputShapes: size === 1 ? node.inputs.map(() => [1]) : shapes, outputShapes: [rule.shape] },
    attributes: node.attributes,
  });
  return outputs[0]?.[rule.pick] as number;
}

function checkPlace(
  { layer, inputs: nodes, shape }: LayerOutput,
  inputs: readonly Tensor[],
  at: readonly number[],
): void {
  if (inputs.length !== nodes.length || inputs.some((x, i) => !sameShape(x.shape, nodes[i]?.shape ?? []))) {
    throw new FoveaError('shape', {
      where: layer.where,
      rule: `it takes ${nodes.map((node) => formatShape(node.shape)).join(' and ') || 'no input'}`,
      received: inputs.map((x) => formatShape(x.shape)).join(' and ') || 'nothing',
    });
  }
  const fits = at.length === shape.length && at.every((p, i) => Number.isInteger(p) && p >= 0 && p < (shape[i] ?? 0));
  if (fits) return;
  throw new FoveaError('option', {
    where: layer.where,
    rule: `its output is ${formatShape(shape)}, places are counted from 0`,
    received: `[${at.join(', ')}]`,
  });
}
