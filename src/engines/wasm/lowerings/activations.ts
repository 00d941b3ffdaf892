import type { AttributesOf, OpName } from '../../../ops/table.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { chunks, floatBits, type KernelName, type Lowering, type LoweringTable } from '../lowering.js';

/** The kernel that an op takes with these attributes, and its parameters. */
type Choice<K extends OpName> = (attributes: AttributesOf<K>) => readonly [kernel: KernelName, ...parameters: number[]];

/** y[i] = f(x[i]) */
function activation<K extends OpName>(choose: Choice<K>): Lowering<K> {
  return {
    lower: ({ inputs, outputs, outputShapes, attributes }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      const [kernel, a = 0] = choose(attributes);
      const words = [inputs[0] as number, outputs[0] as number, size, floatBits(a)];
      return [{ kernel, items: chunks(size), words }];
    },
  };
}

/** dx[i] = f(saved[i], dy[i]) */
function gradient<K extends OpName>(choose: Choice<K>): Lowering<K> {
  return {
    lower: ({ inputs, outputs, outputShapes, attributes }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      const [kernel, a = 0, b = 0] = choose(attributes);
      const [saved, dy] = inputs as readonly [number, number];
      return [
        { kernel, items: chunks(size), words: [saved, dy, outputs[0] as number, size, floatBits(a), floatBits(b)] },
      ];
    },
  };
}

type Activation =
  | ('relu' | 'leakyRelu' | 'relu6' | 'elu' | 'gelu' | 'silu' | 'sigmoid' | 'tanh' | 'softplus')
  | ('reluGradient' | 'leakyReluGradient' | 'relu6Gradient' | 'eluGradient' | 'geluGradient' | 'siluGradient')
  | ('sigmoidGradient' | 'tanhGradient' | 'softplusGradient' | 'clipGradient');

/** Activations and their gradients, element by element. */
export const activationLowerings: Pick<LoweringTable, Activation> = {
  relu: activation(() => ['relu']),
  leakyRelu: activation<'leakyRelu'>(({ alpha }) => ['leakyRelu', alpha]),
  relu6: activation(() => ['relu6']),
  elu: activation<'elu'>(({ alpha }) => ['elu', alpha]),
  gelu: activation<'gelu'>(({ approximate }) => [approximate ? 'geluByTanh' : 'gelu']),
  silu: activation(() => ['silu']),
  sigmoid: activation(() => ['sigmoid']),
  tanh: activation(() => ['tanh']),
  softplus: activation(() => ['softplus']),
  reluGradient: gradient(() => ['reluGradient']),
  leakyReluGradient: gradient<'leakyReluGradient'>(({ alpha }) => ['leakyReluGradient', alpha]),
  relu6Gradient: gradient(() => ['relu6Gradient']),
  eluGradient: gradient<'eluGradient'>(({ alpha }) => ['eluGradient', alpha]),
  geluGradient: gradient<'geluGradient'>(({ approximate }) => [approximate ? 'geluByTanhGradient' : 'geluGradient']),
  siluGradient: gradient(() => ['siluGradient']),
  sigmoidGradient: gradient(() => ['sigmoidGradient']),
  tanhGradient: gradient(() => ['tanhGradient']),
  softplusGradient: gradient(() => ['softplusGradient']),
  clipGradient: gradient<'clipGradient'>(({ min, max }) => ['clipGradient', min, max]),
};
