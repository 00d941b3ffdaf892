import { Conv2d } from '../../layers/conv2d.js';
import { Conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { Dense } from '../../layers/dense.js';
import { DepthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import type { Layer, Weight } from '../../layers/layer.js';
import { SeparableConv2d } from '../../layers/separableConv2d.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';

/** The filters of one layer, each with its own numbers next to each other. */
export interface FilterBank {
  readonly layer: string;
  /** Name of the weight that they were taken from: `kernel`, `depthwiseKernel`, `pointwiseKernel`. */
  readonly weight: string;
  /** Number of filters: of the layer's output channels. */
  readonly filters: number;
  /** Input channels that one filter sees. */
  readonly channels: number;
  /** Filters of one group see the same input channels. */
  readonly groups: number;
  readonly height: number;
  readonly width: number;
  /** [filters, channels, height, width] */
  readonly data: Float32Array;
}

/** Layers whose weights are filters, in the order of the model: convolutions of every kind, and dense layers. */
export function filterLayers(model: Model): Layer[] {
  return model.layers.filter((layer) => kernelsOf(layer).length > 0);
}

/**
 * The filters of a layer: one bank, two of a separable convolution (depthwise, then pointwise). A dense layer has filters of
 * 1 × 1.
 *
 * @throws FoveaError `option` for a layer without filters, `name` for an unknown one.
 */
export async function filterBanks(model: Model, layer: string | number): Promise<FilterBank[]> {
  const found = model.layer(layer);
  const kernels = kernelsOf(found);
  if (kernels.length === 0) {
    throw new FoveaError('option', {
      where: found.where,
      rule: 'it has no filters',
      remedy: `Layers with filters: ${filterLayers(model)
        .map(({ name }) => name)
        .join(', ')
        .slice(0, 500)}`,
    });
  }
  return Promise.all(kernels.map((kernel) => bankOf(found, kernel)));
}

function kernelsOf(layer: Layer): readonly Weight[] {
  const filters = [Conv2d, Conv2dTranspose, DepthwiseConv2d, SeparableConv2d, Dense];
  if (!filters.some((type) => layer instanceof type)) return [];
  return layer.weights.filter(({ name }) => name !== 'bias');
}

async function bankOf(layer: Layer, { name, variable }: Weight): Promise<FilterBank> {
  const values = await variable.read();
  const shape = variable.shape.length === 2 ? [1, 1, ...variable.shape] : variable.shape;
  const [height, width, a, b] = shape as [number, number, number, number];
  const perChannel = name === 'depthwiseKernel' || layer instanceof DepthwiseConv2d;
  const transposed = layer instanceof Conv2dTranspose;
  const [filters, channels] = perChannel ? [a * b, 1] : transposed ? [a, b] : [b, a];
  const groups = perChannel ? a : layer instanceof Conv2d ? layer.options.groups : 1;
  const data = new Float32Array(values.length);
  for (let f = 0; f < filters; f++) {
    for (let c = 0; c < channels; c++) {
      // Where the filter's number lies behind the place [y, x] of the kernel.
      const inner = perChannel ? f : transposed ? f * b + c : c * b + f;
      for (let p = 0; p < height * width; p++) {
        data[(f * channels + c) * height * width + p] = values[p * a * b + inner] as number;
      }
    }
  }
  return { layer: layer.name, weight: name, filters, channels, groups, height, width, data };
}
