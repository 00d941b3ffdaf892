import { describe, expect, test } from 'vitest';
import { interpret } from '../../engines/reference/interpret.js';
import { type OpName, opTable } from '../table.js';
import { opCases } from './cases.js';
import { caseGraph } from './opCase.js';

const names = Object.keys(opTable) as OpName[];

describe('cases', () => {
  test.each(names)('%s: legal, finite, and its cost a positive number of bytes', (op) => {
    for (const large of [false, true]) {
      for (const example of opCases(op, { count: large ? 4 : 24, large })) {
        const { graph, outputs, feeds } = caseGraph(example);
        const values = interpret(graph, { inputs: feeds }, 'float32');
        for (const output of outputs) {
          expect(values.get(output)?.every(Number.isFinite), example.label).toBe(true);
        }
        const call = { inputs: example.inputs, attributes: example.attributes, where: op };
        const cost = graph.definition(op).cost(call, outputs);
        expect(Number.isSafeInteger(cost.flops) && cost.flops >= 0, `${example.label}: flops`).toBe(true);
        expect(cost.bytes > 0 || opTable[op].view === true, `${example.label}: bytes`).toBe(true);
      }
    }
  });

  test('the same number gives the same case', () => {
    expect(opCases('conv2d', { first: 5, count: 1 })).toEqual(opCases('conv2d', { count: 6 }).slice(5));
  });

  test('matMul: both transposes, a bias and a ReLU occur in every combination', () => {
    const forms = opCases('matMul', { count: 16 }).map(({ inputs, attributes }) => {
      return `${attributes.transposeA} ${attributes.transposeB} ${inputs.length} ${attributes.activation}`;
    });
    expect(new Set(forms).size).toBe(16);
  });

  test('conv2d: grouped and depthwise filters, strides, dilations, uneven padding, every fused form', () => {
    const cases = opCases('conv2d', { count: 30 });
    const occurs = (what: (example: (typeof cases)[number]) => boolean) => expect(cases.some(what)).toBe(true);
    occurs(({ attributes }) => attributes.groups > 1);
    occurs(({ attributes, inputs }) => attributes.groups > 1 && inputs[1]?.shape[2] === 1);
    occurs(({ attributes }) => attributes.strides[0] !== attributes.strides[1]);
    occurs(({ attributes }) => attributes.dilations[0] !== attributes.dilations[1]);
    occurs(({ attributes }) => attributes.padding[0] !== attributes.padding[1]);
    occurs(({ attributes, inputs }) => attributes.activation === 'relu' && inputs.length === 3);
    occurs(({ attributes, inputs }) => attributes.activation === 'relu' && inputs.length === 2);
    occurs(({ attributes, inputs }) => attributes.activation === 'relu6' && inputs.length === 3);
  });
});
