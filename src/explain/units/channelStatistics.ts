import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import type { Place } from '../place.js';
import type { ScoreTarget } from '../target.js';

/** What one channel of a layer does on one photo. */
export interface ChannelFacts {
  readonly channel: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Share of places where it is exactly 0, as behind a ReLU. */
  readonly zeros: number;
  /** Row and column of its maximum; the first of equal ones. */
  readonly y: number;
  readonly x: number;
  /** (mean − its mean over a data set) / its standard deviation there, where those are known. */
  readonly unusual?: number;
}

/** Every channel of one layer for one photo. */
export interface LayerActivations {
  readonly layer: string;
  /** Height, width and channels; 1 × 1 for a layer without places. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** [height, width, channels] */
  readonly values: Float32Array;
  readonly channels: readonly ChannelFacts[];
  /** The least and the largest value of the layer: its shared scale. */
  readonly min: number;
  readonly max: number;
}

/** The mean of each channel over a photo: what it is on average over a data set, and its standard deviation there. */
export interface UsualChannels {
  readonly mean: ArrayLike<number>;
  readonly standardDeviation: ArrayLike<number>;
}

/**
 * What layers make of one photo, channel by channel.
 *
 * @param x the photo, [1, ...inputShape], preprocessed.
 * @param usual what the channels do on a data set, by layer.
 */
export async function layerActivations(
  inspector: Inspector,
  x: Tensor<'float32'>,
  layers: readonly string[],
  usual?: ReadonlyMap<string, UsualChannels>,
): Promise<LayerActivations[]> {
  if (x.shape[0] !== 1) {
    throw new FoveaError('shape', {
      where: 'activations',
      rule: 'one photo at a time',
      received: formatShape(x.shape),
    });
  }
  const values = await inspector.forward(
    x,
    layers.map((layer) => ({ layer })),
  );
  return values.map((tensor, i) => describeChannels(layers[i] as string, tensor, usual?.get(layers[i] as string)));
}

function describeChannels(layer: string, { data, shape }: Tensor<'float32'>, usual?: UsualChannels): LayerActivations {
  const c = shape.at(-1) as number;
  const [h, w] = shape.length === 4 ? (shape.slice(1, 3) as [number, number]) : [1, data.length / c];
  const channels = Array.from({ length: c }, (_, channel): ChannelFacts => {
    let [min, max, sum, zeros, best] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
    for (let p = 0; p < h * w; p++) {
      const value = data[p * c + channel] as number;
      if (value > max) [max, best] = [value, p];
      if (value < min) min = value;
      if (value === 0) zeros++;
      sum += value;
    }
    const mean = sum / (h * w);
    const deviation = usual?.standardDeviation[channel] as number;
    return {
      ...{ channel, min, max, mean, zeros: zeros / (h * w), y: Math.floor(best / w), x: best % w },
      ...(usual === undefined || !(deviation > 0)
        ? {}
        : { unusual: (mean - (usual.mean[channel] as number)) / deviation }),
    };
  });
  return {
    ...{ layer, shape: [h, w, c] as const, values: data, channels },
    min: channels.reduce((least, one) => Math.min(least, one.min), Number.POSITIVE_INFINITY),
    max: channels.reduce((most, one) => Math.max(most, one.max), Number.NEGATIVE_INFINITY),
  };
}

/** What each channel of a layer adds to a score. */
export interface ChannelContributions {
  readonly layer: string;
  /** Σ over places of gradient · activation, for each channel. */
  readonly values: Float64Array;
  /** Their sum, and the score itself: equal where all that follows the layer is linear without a bias that differs. */
  readonly sum: number;
  readonly score: number;
  readonly class: number;
  readonly over?: number;
}

/**
 * How much each channel contributes to the margin of the winner over the runner-up, or to another score: gradient times
 * activation, summed over places (HiResCAM by channel). x [1, ...inputShape].
 */
export async function channelContributions(
  inspector: Inspector,
  x: Tensor<'float32'>,
  layer: string,
  target: ScoreTarget = { kind: 'margin' },
): Promise<ChannelContributions> {
  const place: Place = { layer };
  const { signals, activations, values, targets } = await inspector.backward(x, {
    target,
    to: [place],
    values: [place],
  });
  const [signal, activation] = [signals[0] as Tensor<'float32'>, activations[0] as Tensor<'float32'>];
  const c = signal.shape.at(-1) as number;
  const contributions = new Float64Array(c);
  for (let i = 0; i < signal.data.length; i++) {
    contributions[i % c] =
      (contributions[i % c] as number) + (signal.data[i] as number) * (activation.data[i] as number);
  }
  const [resolved] = targets;
  if (resolved === undefined || resolved.kind === 'unit') throw new RangeError('a score has classes');
  return {
    ...{ layer, values: contributions, score: values[0] as number, class: resolved.class },
    sum: contributions.reduce((sum, value) => sum + value, 0),
    ...(resolved.kind === 'margin' ? { over: resolved.over } : {}),
  };
}
