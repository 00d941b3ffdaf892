import type { Model } from '../../model/model.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';

/** Layers with learned weights, the topmost first: the order in which they are made random. */
export function layersFromTop(model: Model): string[] {
  const learned = model.layers.filter(({ weights }) =>
    weights.some((weight) => weight.learned && isKernel(weight.variable.shape)),
  );
  return learned.map(({ name }) => name).reverse();
}

/**
 * Puts the numbers of each kernel and bias of some layers into a random order: what was learned is gone, and their
 * distribution, on which activations depend to stay in range, is the same. Statistics of normalization stay.
 */
export async function shuffleWeights(model: Model, layers: readonly string[], seed: number): Promise<void> {
  for (const name of layers) {
    const layer = model.layer(name);
    const tensors = await layer.getWeights();
    const shuffled = tensors.map((tensor, i) => {
      const weight = layer.weights[i];
      if (weight === undefined || !weight.learned || !(isKernel(tensor.shape) || weight.name === 'bias')) return tensor;
      const random = new RandomStream(seed, `shuffle ${name}/${weight.name}`);
      const data = tensor.data.slice();
      for (let at = data.length - 1; at > 0; at--) {
        const other = random.below(at + 1);
        const kept = data[at] as number;
        data[at] = data[other] as number;
        data[other] = kept;
      }
      return new Tensor<'float32'>(data, tensor.shape);
    });
    await layer.setWeights(shuffled);
  }
}

function isKernel(shape: readonly number[]): boolean {
  return shape.length >= 2;
}
