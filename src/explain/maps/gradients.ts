import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import type { ReverseRule } from '../reverseRules.js';
import { type ResolvedTarget, rowsOf, type Target } from '../target.js';
import { type Attribution, type AttributionMethod, fixedTarget, type Parameters, rangeOf } from './attribution.js';
import { gaussLegendre } from './gaussLegendre.js';

/** What the methods that go down to the pixels share. */
export interface PixelOptions {
  /** @default the margin: the likeliest class rather than the next */
  readonly target?: Target | undefined;
  /** Copies that go through the network at once. @default 8 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface SmoothGradOptions extends PixelOptions {
  /** Noisy copies that are averaged. @default 25 */
  readonly samples?: number;
  /** Standard deviation of the noise as a share of the photo's range. @default 0.15 */
  readonly noise?: number;
  /** @default 0 */
  readonly seed?: number;
}

export interface IntegratedGradientsOptions extends PixelOptions {
  /** What the photo is compared with: the same shape as the photo, [1, h, w, c]. */
  readonly baseline: Tensor<'float32'>;
  /** What the baseline is, for the legend: `black`. */
  readonly baselineName: string;
  /** Points on the way from the baseline to the photo (Gauss and Legendre's). @default 50 */
  readonly steps?: number;
}

/** A map whose values add up to what the photo changes, compared with its baseline. */
export interface IntegratedGradients extends Attribution {
  /** Σ of the values. */
  readonly sum: number;
  /** The target's value for the photo less that for the baseline: what the sum would be with endless steps. */
  readonly difference: number;
  /** The part of the difference that the sum misses. */
  readonly residual: number;
}

/** What a signal makes of the pixels: one number for each channel, in the order and scale that the network sees. */
export interface Projection extends Attribution {
  readonly rule: ReverseRule;
  /** [height, width, channels] */
  readonly pixels: Float32Array;
  readonly channels: number;
}

/** The largest size of the gradient over the channels, at each pixel (Simonyan et al., 2013). x [n, h, w, c] → n maps. */
export async function saliency(
  inspector: Inspector,
  x: Tensor<'float32'>,
  { target = { kind: 'margin' } }: PixelOptions = {},
): Promise<Attribution[]> {
  const { signals, targets, values } = await inspector.backward(x, { target });
  return rowsOf(signals[0] as Tensor<'float32'>).map((row, i) =>
    pixelMap('saliency', largestSize(row, channelsOf(x)), x, targets[i] as ResolvedTarget, values[i] as number, {}),
  );
}

/**
 * The gradient at each pixel, the mean over copies of the photo with noise (Smilkov et al., 2017). x [1, h, w, c]; the target is
 * that of the photo itself.
 *
 * @throws FoveaError `aborted` where the signal is given.
 */
export async function smoothGrad(
  inspector: Inspector,
  x: Tensor<'float32'>,
  options: SmoothGradOptions = {},
): Promise<Attribution> {
  const { samples = 25, noise = 0.15, seed = 0, batchSize = 8, signal } = options;
  checkCount('smoothGrad', 'samples', samples);
  const first = await inspector.backward(x, { target: options.target ?? { kind: 'margin' } });
  const [resolved, value] = one('smoothGrad', x, first);
  const { min, max } = rangeOf(x.data);
  const random = new RandomStream(seed, 'smoothGrad');
  const sum = new Float64Array(x.size);
  for (let done = 0; done < samples; done += batchSize) {
    throwIfAborted('smoothGrad', signal);
    const copies = repeat(x, Math.min(batchSize, samples - done));
    for (let i = 0; i < copies.size; i++) {
      copies.data[i] = (copies.data[i] as number) + noise * (max - min) * random.normal();
    }
    const { signals } = await inspector.backward(copies, { target: fixedTarget(resolved) });
    addRows(sum, signals[0] as Tensor<'float32'>, () => 1 / samples);
  }
  const gradient = Float32Array.from(sum);
  const parameters = { samples, noise, seed };
  return pixelMap('smoothGrad', largestSize(gradient, channelsOf(x)), x, resolved, value, parameters);
}

/**
 * What each pixel adds to the target on the straight way from a baseline to the photo (Sundararajan et al., 2017), summed over
 * the channels. x [1, h, w, c].
 *
 * @throws FoveaError `shape` for a baseline of another shape, `aborted` where the signal is given.
 */
export async function integratedGradients(
  inspector: Inspector,
  x: Tensor<'float32'>,
  options: IntegratedGradientsOptions,
): Promise<IntegratedGradients> {
  const { baseline, baselineName, steps = 50, batchSize = 8, signal } = options;
  checkCount('integratedGradients', 'steps', steps);
  if (!sameShape(baseline.shape, x.shape)) {
    throw new FoveaError('shape', {
      where: 'integratedGradients',
      rule: `the baseline must have the shape of the photo, ${formatShape(x.shape)}`,
      received: formatShape(baseline.shape),
    });
  }
  const first = await inspector.backward(x, { target: options.target ?? { kind: 'margin' } });
  const [resolved, value] = one('integratedGradients', x, first);
  const target = fixedTarget(resolved);
  const { nodes, weights } = gaussLegendre(steps);
  const change = x.data.map((pixel, i) => pixel - (baseline.data[i] as number));
  const sum = new Float64Array(x.size);
  for (let done = 0; done < steps; done += batchSize) {
    throwIfAborted('integratedGradients', signal);
    const count = Math.min(batchSize, steps - done);
    const points = repeat(baseline, count);
    for (let i = 0; i < points.size; i++) {
      const at = nodes[done + Math.floor(i / x.size)] as number;
      points.data[i] = (points.data[i] as number) + at * (change[i % x.size] as number);
    }
    const { signals } = await inspector.backward(points, { target });
    addRows(sum, signals[0] as Tensor<'float32'>, (row) => weights[done + row] as number);
  }
  const atBaseline = (await inspector.backward(baseline, { target })).values[0] as number;
  const channels = channelsOf(x);
  const values = new Float32Array(x.size / channels);
  let total = 0;
  for (let i = 0; i < x.size; i++) {
    const part = (sum[i] as number) * (change[i] as number);
    const pixel = Math.floor(i / channels);
    values[pixel] = (values[pixel] as number) + part;
    total += part;
  }
  const difference = value - atBaseline;
  return {
    ...pixelMap('integratedGradients', values, x, resolved, value, { steps, baseline: baselineName }, true),
    ...{ sum: total, difference, residual: difference - total },
  };
}

/** What of this photo a unit or score picked up, under one of the rules. x [n, h, w, c] → n projections. */
export async function project(
  inspector: Inspector,
  x: Tensor<'float32'>,
  { target, rule }: { readonly target: Target; readonly rule: ReverseRule },
): Promise<Projection[]> {
  const { signals, targets, values } = await inspector.backward(x, { target, rule });
  const channels = channelsOf(x);
  const method = rule === 'gradient' ? 'saliency' : rule;
  return rowsOf(signals[0] as Tensor<'float32'>).map((pixels, i) => {
    const sizes = largestSize(pixels, channels);
    const map = pixelMap(method, sizes, x, targets[i] as ResolvedTarget, values[i] as number, {});
    return { ...map, rule, pixels, channels };
  });
}

function one(
  where: string,
  x: Tensor<'float32'>,
  { targets, values }: { readonly targets: readonly ResolvedTarget[]; readonly values: Float64Array },
): [ResolvedTarget, number] {
  if (targets.length === 1) return [targets[0] as ResolvedTarget, values[0] as number];
  throw new FoveaError('shape', { where, rule: 'it takes one photo, [1, h, w, c]', received: formatShape(x.shape) });
}

function pixelMap(
  method: AttributionMethod,
  values: Float32Array,
  x: Tensor,
  target: ResolvedTarget,
  targetValue: number,
  parameters: Parameters,
  signed = false,
): Attribution {
  const [, height = 1, width = 1] = x.shape.length === 4 ? x.shape : [1, 1, values.length];
  const range = rangeOf(values);
  return { method, height, width, values, signed, range, place: 'input', target, targetValue, parameters };
}

function channelsOf(x: Tensor): number {
  return x.shape.length === 4 ? (x.shape[3] as number) : 1;
}

function largestSize(pixels: Float32Array, channels: number): Float32Array {
  const sizes = new Float32Array(pixels.length / channels);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = Math.floor(i / channels);
    sizes[pixel] = Math.max(sizes[pixel] as number, Math.abs(pixels[i] as number));
  }
  return sizes;
}

function addRows(sum: Float64Array, rows: Tensor<'float32'>, factor: (row: number) => number): void {
  for (const [i, row] of rowsOf(rows).entries()) {
    const by = factor(i);
    for (let j = 0; j < row.length; j++) sum[j] = (sum[j] as number) + by * (row[j] as number);
  }
}

/** Copies of one example as a batch. */
function repeat(x: Tensor<'float32'>, n: number): Tensor<'float32'> {
  const data = new Float32Array(n * x.size);
  for (let i = 0; i < n; i++) data.set(x.data, i * x.size);
  return new Tensor(data, [n, ...x.shape.slice(1)]);
}

function checkCount(where: string, what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= 10_000) return;
  throw new FoveaError('option', {
    where,
    rule: `${what} must be a whole number from 1 to 10000`,
    received: `${count}`,
  });
}
