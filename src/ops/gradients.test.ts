import { describe, expect, test } from 'vitest';
import { differentiate } from '../compile/differentiate.js';
import { interpret } from '../engines/reference/interpret.js';
import { RandomStream } from '../tensor/random.js';
import { sizeOf } from '../tensor/shape.js';
import type { Value } from './graph.js';
import { type OpName, opTable } from './table.js';
import { opCases } from './testing/cases.js';
import { caseGraph, type OpCase } from './testing/opCase.js';

const STEP = 1e-5;
const CASES = 18;
/** Elements of one input that are moved; a seeded choice where there are more. */
const ELEMENTS = 12;
/** Largest error relative to 1 + the gradient's size. */
const TOLERANCE = 2e-7;

const names = Object.keys(opTable) as OpName[];
const differentiated = names.filter((op) => opTable[op].gradient !== 'none');

/** Gradients by the op's rule, evaluated in float64, of Σ weights · (first output); undefined where there is none. */
function gradientsByRule<K extends OpName>(example: OpCase<K>, weights: Float64Array) {
  const { graph, inputs, outputs, feeds } = caseGraph(example);
  const seed = graph.input('weights', (outputs[0] as Value).shape);
  const wrt = inputs.filter((_, i) => example.inputs[i]?.differentiable);
  const gradients = differentiate(graph, outputs[0] as Value, wrt, { seed });
  const values = interpret(graph, { inputs: { ...feeds, weights } });
  return new Map(wrt.map((value, i) => [inputs.indexOf(value), values.get(gradients[i] as Value)]));
}

/** Σ weights · (first output) in float64. */
function lossOf<K extends OpName>(example: OpCase<K>, weights: Float64Array): (inputs: Float64Array[]) => number {
  const { graph, inputs, outputs } = caseGraph(example);
  return (data) => {
    const feeds = Object.fromEntries(inputs.map((_, i) => [`x${i}`, data[i] as Float64Array]));
    const y = interpret(graph, { inputs: feeds }).get(outputs[0] as Value) as Float64Array;
    return y.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
  };
}

function check<K extends OpName>(example: OpCase<K>): void {
  const random = new RandomStream(7, example.label);
  const y = caseGraph(example).outputs[0] as Value;
  const weights = new Float64Array(sizeOf(y.shape)).map(() => random.normal());
  const loss = lossOf(example, weights);
  for (const [input, gradient] of gradientsByRule(example, weights)) {
    const name = `${example.label}, input ${input}`;
    expect(gradient?.length, name).toBe(example.inputs[input]?.data.length);
    const size = gradient?.length ?? 0;
    const elements = random.shuffle(Uint32Array.from({ length: size }, (_, i) => i)).subarray(0, ELEMENTS);
    for (const element of elements) {
      const data = example.inputs.map((array) => Float64Array.from(array.data));
      const moved = data[input] as Float64Array;
      const x = moved[element] as number;
      moved[element] = x + STEP;
      const above = loss(data);
      moved[element] = x - STEP;
      const quotient = (above - loss(data)) / (2 * STEP);
      const error = Math.abs((gradient?.[element] as number) - quotient) / (1 + Math.abs(quotient));
      const found = `${name}, element ${element}: rule ${gradient?.[element]}, difference quotient ${quotient}`;
      expect(error, found).toBeLessThan(TOLERANCE);
    }
  }
}

describe('gradient rules against central differences in float64', () => {
  test.each(differentiated)('%s', (op) => {
    const examples = opCases(op, { count: CASES });
    expect(examples.some(({ inputs }) => inputs.some(({ differentiable }) => differentiable))).toBe(true);
    for (const example of examples) check(example);
  });

  test.each(names.filter((op) => opTable[op].gradient === 'none' && op !== 'fill'))('%s has none and says so', (op) => {
    const { graph, inputs, outputs } = caseGraph(opCases(op, { count: 1 })[0] as OpCase);
    const y = outputs[0] as Value;
    const seed = graph.input('weights', y.shape);
    expect(() => differentiate(graph, y, inputs.slice(0, 1), { seed })).toThrow(`${op}: this op has no gradient`);
  });
});
