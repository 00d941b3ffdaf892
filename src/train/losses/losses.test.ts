import { describe, expect, it } from 'vitest';
import { interpret } from '../../engines/reference/interpret.js';
import { Graph, type Value } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import type { TensorSpec } from '../../tensor/shape.js';
import { type NestedNumbers, Tensor, tensor } from '../../tensor/tensor.js';
import { binaryCrossentropy } from './binaryCrossentropy.js';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './categoricalCrossentropy.js';
import type { Loss } from './loss.js';
import { lossFrom } from './lossFrom.js';
import { meanSquaredError } from './meanSquaredError.js';
import { encodeTargets } from './targets.js';

type Last = 'softmax' | 'sigmoid' | 'none';

/** The loss of each example, for a model whose last op is applied to `x`. */
function losses(loss: Loss, x: NestedNumbers, y: Tensor, last: Last): number[] {
  const given = tensor(x);
  const graph = new Graph(opTable);
  const value = graph.input('x', given.shape);
  const output = last === 'none' ? value : (graph.emit(last, [value], {})[0] as Value);
  const spec: TensorSpec = loss.target({ shape: y.shape, dtype: y.dtype }, output.shape);
  const result = loss.emit(output, graph.input('y', spec.shape, spec.dtype));
  expect(result.shape).toEqual([given.shape[0]]);
  const inputs = { x: given.data, y: encodeTargets(y, spec, output.shape.at(-1) ?? 1) };
  return [...(interpret(graph, { inputs }, 'float64').get(result) ?? [])];
}

const labels = (values: number[], shape = [values.length]) => new Tensor(Int32Array.from(values), shape);
const close = (received: readonly number[], expected: readonly number[], digits = 6) => {
  expect(received.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(received[i]).toBeCloseTo(value, digits);
};

const LOG2 = Math.log(2);
// softmax([ln 2, 0, 0]) = [1/2, 1/4, 1/4]
const LOGITS = [
  [LOG2, 0, 0],
  [0, 0, LOG2],
];
const PROBABILITIES = [
  [0.5, 0.25, 0.25],
  [0.25, 0.25, 0.5],
];

describe('crossentropy over classes', () => {
  const ways: readonly (readonly [string, NestedNumbers, Last, boolean])[] = [
    ['a final softmax is folded in', LOGITS, 'softmax', false],
    ['logits', LOGITS, 'none', true],
    ['probabilities', PROBABILITIES, 'none', false],
  ];
  it.each(ways)('%s', (_, x, last, fromLogits) => {
    const options = { fromLogits };
    close(
      losses(
        categoricalCrossentropy(options),
        x,
        tensor([
          [1, 0, 0],
          [0, 1, 0],
        ]),
        last,
      ),
      [LOG2, 2 * LOG2],
    );
    close(
      losses(
        categoricalCrossentropy(options),
        x,
        tensor([
          [0.5, 0.5, 0],
          [0, 0, 1],
        ]),
        last,
      ),
      [1.5 * LOG2, LOG2],
    );
    close(losses(categoricalCrossentropy(options), x, labels([0, 1]), last), [LOG2, 2 * LOG2]);
    close(losses(sparseCategoricalCrossentropy(options), x, labels([0, 1]), last), [LOG2, 2 * LOG2]);
  });

  // t·(1 − s) + s/c with s = 0.3: 0.8 for the class, 0.1 for each other.
  it('label smoothing', () => {
    const smoothed = [0.8 * LOG2 + 0.2 * 2 * LOG2, 0.1 * LOG2 + 0.9 * 2 * LOG2];
    const options = { labelSmoothing: 0.3 };
    close(
      losses(
        categoricalCrossentropy(options),
        LOGITS,
        tensor([
          [1, 0, 0],
          [0, 1, 0],
        ]),
        'softmax',
      ),
      smoothed,
    );
    close(losses(sparseCategoricalCrossentropy(options), LOGITS, labels([0, 1]), 'softmax'), smoothed);
  });

  it('folded in, a certain mistake costs what it should; as a probability it is cut at 1e-7', () => {
    close(losses(categoricalCrossentropy(), [[1000, 0]], labels([1]), 'softmax'), [1000]);
    close(losses(categoricalCrossentropy(), [[1, 0]], labels([1]), 'none'), [-Math.log(1e-7)]);
  });

  it('probabilities that do not sum to 1 are made to', () => {
    close(losses(categoricalCrossentropy(), [[0.2, 0.1, 0.1]], labels([0]), 'none'), [LOG2]);
  });

  it('several places for each example: their mean', () => {
    close(losses(sparseCategoricalCrossentropy(), [LOGITS], labels([0, 1], [1, 2]), 'softmax'), [1.5 * LOG2]);
  });

  it('what does not fit is said', () => {
    const loss = categoricalCrossentropy();
    expect(() =>
      losses(
        loss,
        LOGITS,
        tensor([
          [1, 0],
          [0, 1],
        ]),
        'softmax',
      ),
    ).toThrow(/float32 \[2, 2\]/);
    expect(() => losses(loss, LOGITS, labels([0, 3]), 'softmax')).toThrow(/between 0 and 2.*3 for example 1/);
    expect(() => losses(loss, LOGITS, labels([0, -1]), 'softmax')).toThrow(/-1 for example 1/);
    expect(() => losses(sparseCategoricalCrossentropy(), LOGITS, tensor(PROBABILITIES), 'softmax')).toThrow(
      /Use categoricalCrossentropy/,
    );
    expect(() => losses(loss, [[1], [2]], labels([0, 0]), 'none')).toThrow(/at least 2 classes.*binaryCrossentropy/);
    expect(() => losses(categoricalCrossentropy({ fromLogits: true }), LOGITS, labels([0, 1]), 'softmax')).toThrow(
      /ends with a softmax/,
    );
    expect(() =>
      losses(
        loss,
        LOGITS,
        tensor([
          [Number.NaN, 0, 0],
          [0, 1, 0],
        ]),
        'softmax',
      ),
    ).toThrow(/NaN in example 0/);
  });
});

describe('binary crossentropy', () => {
  // sigmoid(ln 3) = 3/4
  const x = [[Math.log(3)], [Math.log(3)]];
  const y = tensor([[1], [0]]);
  const expected = [-Math.log(0.75), -Math.log(0.25)];

  it('a folded sigmoid, logits and probabilities', () => {
    close(losses(binaryCrossentropy(), x, y, 'sigmoid'), expected);
    close(losses(binaryCrossentropy({ fromLogits: true }), x, y, 'none'), expected);
    close(losses(binaryCrossentropy(), [[0.75], [0.75]], y, 'none'), expected);
  });

  it('labels [n] suit one output', () => close(losses(binaryCrossentropy(), x, labels([1, 0]), 'sigmoid'), expected));

  // t·(1 − s) + s/2 with s = 0.2: 0.9 and 0.1.
  it('label smoothing', () => {
    const [a, b] = expected as [number, number];
    const smoothed = [0.9 * a + 0.1 * b, 0.1 * a + 0.9 * b];
    close(losses(binaryCrossentropy({ labelSmoothing: 0.2 }), x, y, 'sigmoid'), smoothed);
  });

  it('several outputs: their mean', () => {
    const [a, b] = expected as [number, number];
    close(losses(binaryCrossentropy(), [[0.75, 0.75]], tensor([[1, 0]]), 'none'), [(a + b) / 2]);
  });
});

describe('mean squared error', () => {
  it('the mean over outputs', () => close(losses(meanSquaredError(), [[1, 2]], tensor([[0, 4]]), 'none'), [2.5]));
  it('class indices get a hint', () => {
    expect(() => losses(meanSquaredError(), [[1, 2]], labels([0]), 'none')).toThrow(/Use categoricalCrossentropy/);
  });
});

describe('names', () => {
  it('a loss comes back from its JSON', () => {
    const { type, options } = categoricalCrossentropy({ labelSmoothing: 0.1 });
    expect(lossFrom(JSON.parse(JSON.stringify({ type, options }))).options).toEqual(options);
  });
  it('unknown', () => expect(() => lossFrom('crossentropy' as never)).toThrow(/there is no loss "crossentropy"/));
});
