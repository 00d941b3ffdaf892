import { describe, expect, test } from 'vitest';
import type { Layer } from '../layers/layer.js';
import { type CustomLayerFactory, layerFromConfig } from '../layers/registry.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { descend, modelOf, randomBatch, run } from './runModel.js';

/** What the contract of all layers is tested with. */
export interface LayerCase {
  /** Makes the layer; called several times. `extra` are more options, whose checks are tested. */
  readonly make: (extra?: object) => Layer;
  /** One or more shapes without the batch. */
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Shapes of the weights by name, in order. */
  readonly weights?: Readonly<Record<string, Shape>>;
  /** Names of weights that are measured, not learned. */
  readonly measured?: readonly string[];
  /** Whether training and inference differ. @default false */
  readonly differs?: boolean;
  /** For layers of the user's own. */
  readonly custom?: readonly CustomLayerFactory[];
}

/** The contract that every layer keeps; one call per kind of layer, or per interesting set of options. */
export function testLayer(
  name: string,
  { make, inputs, output, weights = {}, measured = [], differs = false, custom = [] }: LayerCase,
): void {
  describe(name, () => {
    const batch = (n: number): Tensor<'float32'>[] => inputs.map((shape, i) => randomBatch(shape, n, `x${i}`));
    const build = (seed = 1) => modelOf(make(), inputs, seed);

    test('promises the shape that it makes', async () => {
      const net = build();
      expect(net.outputShapes).toEqual([output]);
      for (const training of [false, true]) {
        const [y] = await run(net, batch(2), { training });
        expect(y?.shape).toEqual([2, ...output]);
        expect(y?.data.every(Number.isFinite)).toBe(true);
      }
    });

    test('has its weights', () => {
      const net = build();
      const found = net.weights.map(({ weight }) => [weight.name, weight.variable.shape]);
      expect(found).toEqual(Object.entries(weights));
      expect(net.weights.filter(({ weight }) => !weight.learned).map(({ weight }) => weight.name)).toEqual(measured);
      const learnedFirst = net.weights.map(({ weight }) => weight.learned);
      expect(learnedFirst).toEqual([...learnedFirst].sort().reverse());
    });

    test('is the same after its configuration went through JSON', async () => {
      const net = build();
      const layer = net.layers.at(-1) as Layer;
      const text = JSON.stringify({ type: layer.type, config: layer.config() });
      const again = layerFromConfig(JSON.parse(text), { custom });
      expect(again.constructor).toBe(layer.constructor);
      expect(again.config()).toEqual(layer.config());
      const [a] = await run(net, batch(2));
      const [b] = await run(modelOf(again, inputs), batch(2));
      expect(b).toEqual(a);
    });

    test('takes the weights of another of its kind', async () => {
      const net = build();
      const other = build(2);
      await other.setWeights(await net.getWeights());
      expect(await run(other, batch(2))).toEqual(await run(net, batch(2)));
    });

    test('is determined by the seed and the step', async () => {
      const options = { training: true, step: 3 };
      expect(await run(build(), batch(2), options)).toEqual(await run(build(), batch(2), options));
    });

    test(differs ? 'differs between training and inference' : 'is the same in training and inference', async () => {
      const net = build();
      const [a] = await run(net, batch(2), { training: true });
      const [b] = await run(net, batch(2));
      if (differs) expect(a?.data).not.toEqual(b?.data);
      else expect(a?.data).toEqual(b?.data);
    });

    if (Object.keys(weights).length > measured.length) {
      test('learns', async () => {
        const net = build();
        const target = randomBatch(output, 2, 'target');
        const first = await descend(net, batch(2), target, 0.01);
        let last = first;
        for (let step = 0; step < 5; step++) last = await descend(net, batch(2), target, 0.01);
        expect(last).toBeLessThan(first);
      });
    }

    test('refuses an option that it does not know', () => {
      expect(() => make({ nmae: 'x' })).toThrow(/there is no option "nmae".*Did you mean "name"\?/);
      expect(() => make({ trainable: 'yes' })).toThrow(FoveaError);
    });
  });
}
