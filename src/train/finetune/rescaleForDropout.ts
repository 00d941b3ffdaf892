import { BaseDropout } from '../../layers/baseDropout.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model, ModelWeight } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';

export interface RescaleForDropoutOptions {
  /** Rescales behind inverted dropout too, where that is wrong. @default false */
  readonly force?: boolean;
}

/** Layers that pass a factor on: f(a · x) = a · f(x) for a > 0. */
const homogeneous: ReadonlySet<string> = new Set([
  ...['flatten', 'reshape', 'relu', 'leakyRelu', 'maxPooling2d', 'averagePooling2d', 'globalAveragePooling2d'],
  ...['globalMaxPooling2d', 'zeroPadding2d', 'cropping2d', 'channelPadding', 'upSampling2d', 'dropout'],
  'spatialDropout2d',
]);

/**
 * Moves a network from one rate of classical dropout to another: the kernel of each layer that takes what a dropout gives is
 * multiplied by (1 − from) / (1 − to), and nothing else; biases stay, and so do layers without dropout before them. With
 * `to` = 0 at rate 0.5 kernels are halved. Rates of the layers are left to the caller.
 *
 * Inverted dropout, the usual kind, needs none of this: activations are scaled while training, and weights move untouched.
 *
 * @returns the paths of the weights that were changed.
 * @throws FoveaError `option` where a dropout is inverted, and where something else than a kernel follows a dropout; nothing
 * is changed then.
 */
export async function rescaleForDropout(
  model: Model,
  from: number,
  to: number,
  options: RescaleForDropoutOptions = {},
): Promise<string[]> {
  const where = `rescaleForDropout of model "${model.name}"`;
  for (const rate of [from, to]) {
    if (rate >= 0 && rate < 1) continue;
    const rule = 'rates must be at least 0 and less than 1';
    throw new FoveaError('option', { where, rule, received: `from ${from} to ${to}` });
  }
  const kernels = new Set<string>();
  for (const node of model.nodes) {
    if (!(node.layer instanceof BaseDropout)) continue;
    if (node.layer.options.kind !== 'classical' && options.force !== true) {
      throw new FoveaError('option', {
        where,
        rule: `${node.layer.where} is inverted dropout, whose weights hold for every rate: rescaling would make them wrong`,
        remedy: 'Leave the weights as they are and set the rate',
      });
    }
    for (const path of kernelsAfter(model, node, where)) kernels.add(path);
  }
  const factor = (1 - from) / (1 - to);
  for (const { path, weight } of model.weights) {
    if (!kernels.has(path)) continue;
    await weight.variable.write((await weight.variable.read()).map((value) => value * factor));
  }
  return [...kernels];
}

/** Kernels that the output of a node is multiplied with, past layers that only hand it on. */
function kernelsAfter(model: Model, from: LayerOutput, where: string): string[] {
  return model.nodes
    .filter((node) => node.inputs.includes(from))
    .flatMap((node) => {
      const kernel = kernelOf(model, node);
      if (kernel !== undefined) return [kernel.path];
      if (homogeneous.has(node.layer.type)) return kernelsAfter(model, node, where);
      throw new FoveaError('option', {
        where,
        rule: `after ${from.layer.where} comes ${node.layer.where}, which does not pass a factor on`,
        remedy: 'Use inverted dropout there',
      });
    });
}

function kernelOf(model: Model, { layer }: LayerOutput): ModelWeight | undefined {
  return model.weights.find(
    (one) => one.layer === layer && (one.weight.name === 'kernel' || one.weight.name === 'depthwiseKernel'),
  );
}
