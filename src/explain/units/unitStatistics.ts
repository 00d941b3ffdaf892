import { ActivationLayer } from '../../layers/activation.js';
import type { ActivationSpec } from '../../layers/activations.js';
import { Conv2d } from '../../layers/conv2d.js';
import { Dense } from '../../layers/dense.js';
import { DepthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import type { Layer } from '../../layers/layer.js';
import { Relu } from '../../layers/relu.js';
import { SeparableConv2d } from '../../layers/separableConv2d.js';
import type { ForwardObserver, ObservedBatch } from '../../model/forwardObserver.js';
import type { Model } from '../../model/model.js';
import type { Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { UsualChannels } from './channelStatistics.js';
import { unitLayers } from './unitLayers.js';

/** What a layer's channels do over a data set. */
export interface LayerStatistics {
  readonly layer: string;
  readonly photos: number;
  /** For each channel: mean and standard deviation of all its values, and the largest. */
  readonly mean: Float64Array;
  readonly standardDeviation: Float64Array;
  readonly max: Float64Array;
  /** Share of its values above 0. */
  readonly active: Float64Array;
  /** Share of its values at the upper end of an activation that has one; undefined for others. */
  readonly atLimit?: Float64Array;
  /** Mean of each channel over each photo: [photos, channels]. */
  readonly photoMeans: Float32Array;
}

/** Units that do not do their part. */
export interface LayerHealth {
  readonly layer: string;
  readonly units: number;
  /** Above 0 on less than one value in a thousand; only behind an activation that is never negative. */
  readonly dead: readonly number[];
  /** At the upper end of their activation on more than 95 % of their values. */
  readonly saturated: readonly number[];
  /** Pairs whose means over the photos rise and fall together (|correlation| over 0.99). */
  readonly duplicates: readonly { readonly a: number; readonly b: number; readonly correlation: number }[];
}

interface Watched {
  readonly layer: Layer;
  readonly places: number;
  readonly channels: number;
  readonly limit: number | undefined;
  readonly neverNegative: boolean;
  readonly sums: {
    sum: Float64Array;
    squares: Float64Array;
    max: Float64Array;
    active: Float64Array;
    atLimit: Float64Array;
  };
  readonly rows: Map<number, Float32Array>;
}

const DEAD = 1e-3;
const SATURATED = 0.95;
const DUPLICATE = 0.99;
/** Photos that correlations are computed over. */
const COMPARED = 256;

/**
 * Measures what every unit does over a data set, while a model is evaluated: an observer for `evaluate` or `observeForward`, as
 * `TopPatches` is. All of it is computed inside the plan.
 */
export class UnitStatistics implements ForwardObserver {
  readonly layers: readonly string[];
  readonly #watched = new Map<string, Watched>();

  /** @param layers names of layers; by default those of `unitLayers`. @throws FoveaError `name` for an unknown one. */
  constructor(model: Model, layers?: readonly string[]) {
    const chosen = layers === undefined ? unitLayers(model) : layers.map((name) => model.layer(name));
    for (const layer of chosen) {
      const { shape } = model.layerOutput(layer.name);
      if (shape.length !== 3 && shape.length !== 1) continue;
      const channels = shape.at(-1) as number;
      const zeros = () => new Float64Array(channels);
      const { limit, neverNegative } = activationLimits(layer);
      const max = zeros().fill(Number.NEGATIVE_INFINITY);
      const sums = { sum: zeros(), squares: zeros(), max, active: zeros(), atLimit: zeros() };
      const places = sizeOf(shape) / channels;
      this.#watched.set(layer.name, { layer, places, channels, limit, neverNegative, sums, rows: new Map() });
    }
    this.layers = [...this.#watched.keys()];
  }

  onLayer(layer: Layer, value: Value, prefix: string): void {
    const watched = this.#watched.get(layer.name);
    if (watched === undefined) return;
    const { graph } = value;
    const axes = value.shape.length === 4 ? [1, 2] : [];
    graph.scope('unit statistics', () => {
      const mean = (x: Value): Value => (axes.length === 0 ? x : graph.emit('mean', [x], { axes, keepDims: false })[0]);
      const share = (least: number): Value => {
        const [bound] = graph.emit('fill', [], { shape: value.shape.map(() => 1), value: least });
        return mean(graph.emit('greaterEqual', [value, bound], {})[0]);
      };
      const name = `${prefix}${layer.name}/`;
      graph.output(`${name}mean`, mean(graph.emit('scale', [value], { factor: 1, offset: 0 })[0]));
      graph.output(`${name}squares`, mean(graph.emit('square', [value], {})[0]));
      graph.output(`${name}active`, share(1e-30));
      if (watched.limit !== undefined) graph.output(`${name}atLimit`, share(watched.limit));
      const [max] = axes.length === 0 ? [value] : graph.emit('max', [value], { axes, keepDims: false });
      graph.output(`${name}max`, max);
    });
  }

  update(
    { indices, sampleWeights }: ObservedBatch,
    outputs: Readonly<Record<string, TensorData>>,
    prefix: string,
  ): void {
    for (const { layer, channels, sums, rows } of this.#watched.values()) {
      const name = `${prefix}${layer.name}/`;
      const of = (kind: string): TensorData | undefined => outputs[name + kind];
      for (const [at, photo] of indices.entries()) {
        if (sampleWeights?.[at] === 0) continue;
        const row = new Float32Array(channels);
        for (let c = 0; c < channels; c++) {
          const i = at * channels + c;
          const mean = of('mean')?.[i] as number;
          row[c] = mean;
          sums.sum[c] = (sums.sum[c] as number) + mean;
          sums.squares[c] = (sums.squares[c] as number) + (of('squares')?.[i] as number);
          sums.active[c] = (sums.active[c] as number) + (of('active')?.[i] as number);
          sums.atLimit[c] = (sums.atLimit[c] as number) + (of('atLimit')?.[i] ?? 0);
          sums.max[c] = Math.max(sums.max[c] as number, of('max')?.[i] as number);
        }
        rows.set(photo, row);
      }
    }
  }

  /** @throws FoveaError `name` for a layer that is not watched, `data` where no photo was seen. */
  layer(name: string): LayerStatistics {
    const { rows, sums, channels, limit } = this.#get(name);
    const photos = rows.size;
    if (photos === 0) {
      throw new FoveaError('data', { where: `statistics of layer "${name}"`, rule: 'no photo was looked at yet' });
    }
    const mean = sums.sum.map((sum) => sum / photos);
    const photoMeans = new Float32Array(photos * channels);
    for (const [i, photo] of [...rows.keys()].sort((a, b) => a - b).entries()) {
      photoMeans.set(rows.get(photo) as Float32Array, i * channels);
    }
    return {
      ...{ layer: name, photos, mean, photoMeans, max: sums.max.slice() },
      standardDeviation: sums.squares.map((sum, c) => Math.sqrt(Math.max(0, sum / photos - (mean[c] as number) ** 2))),
      active: sums.active.map((sum) => sum / photos),
      ...(limit === undefined ? {} : { atLimit: sums.atLimit.map((sum) => sum / photos) }),
    };
  }

  /** What each channel's mean over a photo usually is, for `layerActivations`. @throws as {@link layer}. */
  usual(name: string): UsualChannels {
    const { photoMeans, photos, mean } = this.layer(name);
    const squares = new Float64Array(mean.length);
    for (const [i, value] of photoMeans.entries()) {
      const c = i % mean.length;
      squares[c] = (squares[c] as number) + (value - (mean[c] as number)) ** 2;
    }
    return { mean, standardDeviation: squares.map((sum) => Math.sqrt(sum / photos)) };
  }

  /** Dead, saturated and duplicate units. @throws as {@link layer}. */
  health(name: string): LayerHealth {
    const { neverNegative } = this.#get(name);
    const { active, atLimit, photoMeans, photos, standardDeviation } = this.layer(name);
    const units = active.length;
    const which = (test: (unit: number) => boolean): number[] => [...active.keys()].filter(test);
    const dead = neverNegative ? which((unit) => (active[unit] as number) < DEAD) : [];
    const live = which((unit) => !dead.includes(unit) && (standardDeviation[unit] as number) > 0);
    return {
      ...{ layer: name, units, dead },
      saturated: which((unit) => (atLimit?.[unit] ?? 0) > SATURATED),
      duplicates: correlated(photoMeans, Math.min(photos, COMPARED), units, live),
    };
  }

  #get(name: string): Watched {
    const watched = this.#watched.get(name);
    if (watched !== undefined) return watched;
    throw new FoveaError('name', {
      where: `layer "${name}"`,
      rule: 'it is not among the layers that were measured',
      remedy: `They are: ${this.layers.join(', ').slice(0, 500)}`,
    });
  }
}

/** The upper end of a layer's activation, and whether it is never below 0. */
function activationLimits(layer: Layer): { limit: number | undefined; neverNegative: boolean } {
  const activation = activationOf(layer);
  switch (activation.type) {
    case 'relu': {
      const slope = activation.negativeSlope ?? 0;
      return { limit: activation.maxValue, neverNegative: slope === 0 };
    }
    case 'relu6':
      return { limit: 6, neverNegative: true };
    case 'sigmoid':
    case 'tanh':
      return { limit: 0.99, neverNegative: false };
    default:
      return { limit: undefined, neverNegative: false };
  }
}

function activationOf(layer: Layer): ActivationSpec {
  const known =
    layer instanceof Conv2d ||
    layer instanceof DepthwiseConv2d ||
    layer instanceof SeparableConv2d ||
    layer instanceof Dense ||
    layer instanceof ActivationLayer;
  if (known) {
    const { activation } = layer.options;
    return typeof activation === 'string' ? { type: activation } : activation;
  }
  if (layer instanceof Relu) return { type: 'relu', ...layer.options };
  const plain = ['relu6', 'sigmoid', 'tanh'].find((type) => type === layer.type);
  return { type: (plain ?? 'linear') as 'relu6' | 'sigmoid' | 'tanh' | 'linear' };
}

function correlated(
  rows: Float32Array,
  photos: number,
  units: number,
  live: readonly number[],
): LayerHealth['duplicates'] {
  if (photos < 8) return [];
  const columns = live.map((unit) => {
    const column = Float64Array.from({ length: photos }, (_, i) => rows[i * units + unit] as number);
    const mean = column.reduce((sum, x) => sum + x, 0) / photos;
    const centered = column.map((x) => x - mean);
    const length = Math.sqrt(centered.reduce((sum, x) => sum + x * x, 0));
    return centered.map((x) => (length > 1e-12 ? x / length : 0));
  });
  const pairs: { a: number; b: number; correlation: number }[] = [];
  for (const [i, a] of columns.entries()) {
    for (let j = i + 1; j < columns.length; j++) {
      const b = columns[j] as Float64Array;
      let correlation = 0;
      for (let k = 0; k < photos; k++) correlation += (a[k] as number) * (b[k] as number);
      if (Math.abs(correlation) > DUPLICATE) pairs.push({ a: live[i] as number, b: live[j] as number, correlation });
    }
  }
  return pairs;
}
