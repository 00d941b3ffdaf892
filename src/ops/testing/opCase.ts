import { formatShape } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import { Graph, type Value } from '../graph.js';
import { type AttributesOf, type OpName, opTable } from '../table.js';
import type { CaseInput, Draw } from './draw.js';

/** One legal call of an op with numbers. */
export interface OpCase<K extends OpName = OpName> {
  readonly op: K;
  /** Shapes and attributes: what a failing test is called. */
  readonly label: string;
  readonly inputs: readonly CaseInput[];
  readonly attributes: AttributesOf<K>;
}

/** What a generator gives: the label and the op's name are added to it. */
export type CaseParts<K extends OpName> = Pick<OpCase<K>, 'inputs' | 'attributes'>;

/** Makes one random case of an op. */
export type CaseGenerator<K extends OpName> = (draw: Draw) => CaseParts<K>;

/** A graph that holds a case's op alone; the inputs are called x0, x1 …, the outputs y0, y1 …. */
export interface CaseGraph {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** The numbers for each input by name. */
  readonly feeds: Readonly<Record<string, TensorData>>;
}

export function caseGraph<K extends OpName>({ op, inputs, attributes }: OpCase<K>): CaseGraph {
  const graph = new Graph(opTable);
  const values = inputs.map(({ shape, dtype }, i) => graph.input(`x${i}`, shape, dtype));
  const outputs = graph.emit(op, values, attributes);
  for (const [i, output] of outputs.entries()) graph.output(`y${i}`, output);
  const feeds = Object.fromEntries(inputs.map(({ data }, i) => [`x${i}`, data]));
  return { graph, inputs: values, outputs, feeds };
}

export function labelOf<K extends OpName>(op: K, number: number, { inputs, attributes }: CaseParts<K>): string {
  const shapes = inputs.map(({ shape }) => formatShape(shape)).join(' ');
  const settings = JSON.stringify(attributes).replaceAll('"', '').slice(1, -1);
  return `${op} ${number}: ${shapes}${settings === '' ? '' : ` ${settings}`}`;
}
